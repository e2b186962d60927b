/*
 * The lock over all writers of SQLite: a queue for the threads of this process, whose first one
 * competes with those of the other processes for a global mutex. The global mutex is made by the
 * parent; the queue belongs to the child's pool. Everything may be called from any thread.
 */
#include "http/write_lock.h"

#include "apr_global_mutex.h"
#include "apr_thread_cond.h"
#include "apr_thread_mutex.h"
#include "apr_time.h"

#include "http_log.h"
#include "util_mutex.h"

#include "config/log.h"

#define TYPE "twvoice-write"
/* Between two tries where the mechanism of the mutex knows no time limit. */
#define PAUSE apr_time_from_msec(1)

/* A thread in the queue; used again by others afterwards. */
typedef struct place_t {
    apr_thread_cond_t *turn;
    int has_turn;
    struct place_t *next;
} place_t;

static struct {
    apr_pool_t *pool;
    apr_thread_mutex_t *guard; /* of everything below */
    place_t *first, *last;     /* who waits */
    place_t *unused;
    int is_taken; /* by a thread of this process, or on its way to the next in the queue */
} queue;

static apr_global_mutex_t *global;

apr_status_t twv_write_lock_register(apr_pool_t *pconf)
{
    return ap_mutex_register(pconf, TYPE, NULL, APR_LOCK_DEFAULT, 0);
}

apr_status_t twv_write_lock_create(apr_pool_t *pconf, server_rec *s)
{
    return ap_global_mutex_create(&global, NULL, TYPE, NULL, s, pconf, 0);
}

void twv_write_lock_init_child(apr_pool_t *pchild, server_rec *s)
{
    apr_status_t rv =
        apr_global_mutex_child_init(&global, apr_global_mutex_lockfile(global), pchild);

    if (rv == APR_SUCCESS) {
        rv = apr_thread_mutex_create(&queue.guard, APR_THREAD_MUTEX_DEFAULT, pchild);
    }
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, s,
                     TWV_LOG("TWV0123") "the lock " TYPE " cannot be used in this process");
        queue.guard = NULL;
        return;
    }
    queue.pool = pchild;
    queue.first = queue.last = queue.unused = NULL;
    queue.is_taken = 0;
}

static place_t *join_queue(void)
{
    place_t *place = queue.unused;

    if (place) {
        queue.unused = place->next;
    } else {
        place = apr_pcalloc(queue.pool, sizeof(*place));
        if (apr_thread_cond_create(&place->turn, queue.pool) != APR_SUCCESS) {
            return NULL;
        }
    }
    place->has_turn = 0;
    place->next = NULL;
    if (queue.last) {
        queue.last->next = place;
    } else {
        queue.first = place;
    }
    queue.last = place;
    return place;
}

static void leave_queue(place_t *place)
{
    place_t *before = NULL, *at = queue.first;

    while (at != place) {
        before = at;
        at = at->next;
    }
    if (before) {
        before->next = place->next;
    } else {
        queue.first = place->next;
    }
    if (queue.last == place) {
        queue.last = before;
    }
}

/* Hand over to the longest waiting thread, so that nobody who came later can slip in. */
static void call_next(void)
{
    place_t *next = queue.first;

    if (!next) {
        queue.is_taken = 0;
        return;
    }
    leave_queue(next);
    next->has_turn = 1;
    apr_thread_cond_signal(next->turn);
}

static apr_status_t wait_for_turn(apr_time_t deadline)
{
    place_t *place;
    apr_status_t rv = APR_SUCCESS;

    if (!queue.is_taken) {
        queue.is_taken = 1;
        return APR_SUCCESS;
    }
    place = join_queue();
    if (!place) {
        return APR_ENOMEM;
    }
    while (!place->has_turn) {
        apr_interval_time_t left = deadline - apr_time_now();

        if (left <= 0) {
            leave_queue(place);
            rv = APR_TIMEUP;
            break;
        }
        apr_thread_cond_timedwait(place->turn, queue.guard, left);
    }
    place->next = queue.unused;
    queue.unused = place;
    return rv;
}

static apr_status_t take_global(apr_time_t deadline)
{
    apr_interval_time_t left = deadline - apr_time_now();
    apr_status_t rv = apr_global_mutex_timedlock(global, left > 0 ? left : 0);

    while (APR_STATUS_IS_ENOTIMPL(rv)) {
        rv = apr_global_mutex_trylock(global);
        if (!APR_STATUS_IS_EBUSY(rv)) {
            break;
        }
        if (apr_time_now() >= deadline) {
            return APR_TIMEUP;
        }
        apr_sleep(PAUSE);
        rv = APR_ENOTIMPL;
    }
    return rv;
}

apr_status_t twv_write_lock_take(apr_interval_time_t wait)
{
    apr_time_t deadline = apr_time_now() + wait;
    apr_status_t rv;

    if (!queue.guard) {
        return APR_ENOLOCK;
    }
    apr_thread_mutex_lock(queue.guard);
    rv = wait_for_turn(deadline);
    apr_thread_mutex_unlock(queue.guard);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = take_global(deadline);
    if (rv != APR_SUCCESS) {
        apr_thread_mutex_lock(queue.guard);
        call_next();
        apr_thread_mutex_unlock(queue.guard);
    }
    return rv;
}

void twv_write_lock_release(void)
{
    apr_global_mutex_unlock(global);
    apr_thread_mutex_lock(queue.guard);
    call_next();
    apr_thread_mutex_unlock(queue.guard);
}
