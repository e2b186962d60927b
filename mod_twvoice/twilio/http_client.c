/*
 * The pool of libcurl handles and requests that are waited for. The client lives in the pool of a
 * child process; handles are guarded by its mutex, so that any thread may ask.
 */
#include "twilio/http_client.h"

#include <apr_strings.h>
#include <apr_thread_mutex.h>

#include "twilio/http_transfer.h"

/* Idle handles beyond these are closed: each may keep a connection open. */
#define MOST_IDLE 16

struct twv_http_client_t {
    apr_thread_mutex_t *mutex;
    CURL *idle[MOST_IDLE];
    int idle_count;
    const char *ca_file;
};

static apr_status_t destroy_client(void *data)
{
    twv_http_client_t *client = data;

    while (client->idle_count > 0) {
        curl_easy_cleanup(client->idle[--client->idle_count]);
    }
    curl_global_cleanup();
    return APR_SUCCESS;
}

twv_http_client_t *twv_http_client_create(apr_pool_t *p, const char *ca_file)
{
    twv_http_client_t *client = apr_pcalloc(p, sizeof(*client));

    /* libcurl counts the calls: the first one of the process initialises, the last clean-up ends
     * it. Since 7.84 both may be called from any thread. */
    curl_global_init(CURL_GLOBAL_DEFAULT);
    client->ca_file = ca_file ? apr_pstrdup(p, ca_file) : NULL;
    /* Registered after the mutex, hence run before the mutex goes. */
    apr_thread_mutex_create(&client->mutex, APR_THREAD_MUTEX_DEFAULT, p);
    apr_pool_cleanup_register(p, client, destroy_client, apr_pool_cleanup_null);
    return client;
}

const char *twv_http_client_ca_file(const twv_http_client_t *client)
{
    return client->ca_file;
}

CURL *twv_http_client_acquire(twv_http_client_t *client)
{
    CURL *easy = NULL;

    apr_thread_mutex_lock(client->mutex);
    if (client->idle_count > 0) {
        easy = client->idle[--client->idle_count];
    }
    apr_thread_mutex_unlock(client->mutex);
    return easy ? easy : curl_easy_init();
}

void twv_http_client_release(twv_http_client_t *client, CURL *easy, int failed)
{
    if (!easy) {
        return;
    }
    /* Options point into a request that ends now; connections and sessions survive a reset. */
    curl_easy_reset(easy);
    if (!failed) {
        apr_thread_mutex_lock(client->mutex);
        if (client->idle_count < MOST_IDLE) {
            client->idle[client->idle_count++] = easy;
            easy = NULL;
        }
        apr_thread_mutex_unlock(client->mutex);
    }
    if (easy) {
        curl_easy_cleanup(easy);
    }
}

void twv_http_perform(twv_http_client_t *client, apr_pool_t *p, const twv_http_request_t *request,
                      twv_http_response_t *response)
{
    twv_http_transfer_t *transfer = twv_http_transfer_create(client, p, request);

    if (transfer->refusal) {
        twv_http_transfer_fail(client, transfer, transfer->refusal, response);
    } else {
        twv_http_transfer_finish(client, transfer, curl_easy_perform(transfer->easy), response);
    }
}
