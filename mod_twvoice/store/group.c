/*
 * Group commit for SQLite. The first thread that comes becomes the leader: it takes the write lock,
 * then everything that has queued up by then, and commits it as one transaction. When one work of a
 * group is refused or fails, all is rolled back and each is done alone, so that none suffers from
 * another. The queue is shared by the threads of a process under its mutex; a unit lives on the
 * stack of the thread that waits for it.
 */
#include "store/group.h"

#include <pthread.h>

#include "store/connection.h"

/** Works of one transaction: enough to share its cost, few enough to stay short. */
#define MOST_UNITS 32

/** For so long a leader goes on with what queues up meanwhile: after another process has written,
 * SQLite reads every page again. Its own caller and the other processes wait that much longer. */
#define LEAD_TIME apr_time_from_msec(10)

typedef struct unit_t {
    apr_pool_t *p;
    twv_store_work_fn *work;
    void *baton;
    apr_status_t result;
    int is_done;
    pthread_cond_t turn; /* it is done, or its thread shall lead */
    struct unit_t *next;
} unit_t;

struct twv_group_t {
    pthread_mutex_t mutex;
    unit_t *first, *last; /* who waits for a leader */
    int has_leader;
};

twv_group_t *twv_group_create(apr_pool_t *p)
{
    twv_group_t *group = apr_pcalloc(p, sizeof(*group));

    pthread_mutex_init(&group->mutex, NULL);
    return group;
}

static void append(twv_group_t *group, unit_t *unit)
{
    if (group->last) {
        group->last->next = unit;
    } else {
        group->first = unit;
    }
    group->last = unit;
}

/** Take what has queued up, oldest first; the first time the leader's own unit is the first. */
static unit_t *take_units(twv_group_t *group)
{
    unit_t *taken = group->first, *last = taken;
    int count = 1;

    while (last->next && count < MOST_UNITS) {
        last = last->next;
        count++;
    }
    group->first = last->next;
    if (!group->first) {
        group->last = NULL;
    }
    last->next = NULL;
    return taken;
}

/** All of them in one transaction. @return whether that was possible; nothing was kept otherwise */
static int commit_together(const twv_store_t *leader, unit_t *units)
{
    twv_store_t store = *leader;
    unit_t *unit;

    if (twv_connection_begin(&store) != APR_SUCCESS) {
        return 0;
    }
    for (unit = units; unit; unit = unit->next) {
        store.pool = unit->p;
        unit->result = unit->work(&store, unit->p, unit->baton);
        if (unit->result != APR_SUCCESS || store.failed) {
            twv_connection_rollback(&store);
            return 0;
        }
    }
    if (twv_connection_run(&store, "cannot commit", "COMMIT") != APR_SUCCESS) {
        twv_connection_rollback(&store);
        return 0;
    }
    store.connection->in_transaction = 0;
    return 1;
}

static void commit_each(const twv_store_t *leader, unit_t *units)
{
    unit_t *unit;

    for (unit = units; unit; unit = unit->next) {
        twv_store_t store = *leader;

        store.pool = unit->p;
        unit->result = twv_unit_run(&store, unit->p, unit->work, unit->baton, 1);
    }
}

static void finish_units(unit_t *units, apr_status_t result_of_all)
{
    while (units) {
        unit_t *unit = units;

        /* Once it is done its thread may go on and its stack is gone: not touched after that. */
        units = unit->next;
        if (result_of_all != APR_SUCCESS) {
            unit->result = result_of_all;
        }
        unit->is_done = 1;
        pthread_cond_signal(&unit->turn);
    }
}

/**
 * Do what has queued up. Without the database nobody in the queue needs to try for himself.
 * @return whether somebody came meanwhile
 */
static int do_units(twv_group_t *group, const twv_store_t *store, apr_status_t rv)
{
    unit_t *units;
    int has_more;

    pthread_mutex_lock(&group->mutex);
    units = take_units(group);
    pthread_mutex_unlock(&group->mutex);
    if (rv == APR_SUCCESS && (!units->next || !commit_together(store, units))) {
        commit_each(store, units);
    }
    pthread_mutex_lock(&group->mutex);
    finish_units(units, rv);
    has_more = group->first != NULL;
    pthread_mutex_unlock(&group->mutex);
    return has_more;
}

/** Borrow the connection, for some time do what comes, and leave the rest to the next in line. */
static void lead(twv_database_t *database, apr_pool_t *p)
{
    twv_group_t *group = database->group;
    twv_store_t store;
    apr_status_t rv = twv_connection_start(&store, database, p, 1);
    apr_time_t end = apr_time_now() + LEAD_TIME;
    int has_more;

    do {
        has_more = do_units(group, &store, rv);
        /* After a failure the connection has to be looked at, which starting does. */
    } while (has_more && rv == APR_SUCCESS && apr_time_now() < end &&
             atomic_load(&database->schema_is_current));
    if (rv == APR_SUCCESS) {
        twv_connection_end(&store);
    }
    pthread_mutex_lock(&group->mutex);
    group->has_leader = 0;
    if (group->first) {
        pthread_cond_signal(&group->first->turn);
    }
    pthread_mutex_unlock(&group->mutex);
}

apr_status_t twv_group_write(twv_database_t *database, apr_pool_t *p, twv_store_work_fn *work,
                             void *baton)
{
    twv_group_t *group = database->group;
    unit_t unit = {.p = p, .work = work, .baton = baton, .turn = PTHREAD_COND_INITIALIZER};

    pthread_mutex_lock(&group->mutex);
    append(group, &unit);
    while (!unit.is_done && (group->has_leader || group->first != &unit)) {
        pthread_cond_wait(&unit.turn, &group->mutex);
    }
    if (unit.is_done) {
        pthread_mutex_unlock(&group->mutex);
        pthread_cond_destroy(&unit.turn);
        return unit.result;
    }
    group->has_leader = 1;
    pthread_mutex_unlock(&group->mutex);
    lead(database, p);
    pthread_cond_destroy(&unit.turn);
    return unit.result;
}
