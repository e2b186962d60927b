/*
 * Many requests at once from one thread, by libcurl's multi interface. A batch and its functions
 * belong to the thread that made it, but for twv_http_batch_wake().
 */
#include "twilio/http_client.h"

#include "twilio/http_transfer.h"

APR_RING_HEAD(transfer_ring_t, twv_http_transfer_t);

struct twv_http_batch_t {
    twv_http_client_t *client;
    CURLM *multi;
    int most;
    int active;
    struct transfer_ring_t transfers;
    int has_refused; /* some transfers wait only to be told that they failed */
};

static void take_out(twv_http_batch_t *batch, twv_http_transfer_t *transfer)
{
    if (!transfer->refusal) {
        curl_multi_remove_handle(batch->multi, transfer->easy);
    }
    APR_RING_REMOVE(transfer, link);
    batch->active--;
}

static void fail(twv_http_batch_t *batch, twv_http_transfer_t *transfer, const char *reason,
                 twv_http_response_t *response)
{
    take_out(batch, transfer);
    twv_http_transfer_fail(batch->client, transfer, reason, response);
}

/* Before the pools of transfers go; there is nobody left to tell. */
static apr_status_t destroy_batch(void *data)
{
    twv_http_batch_t *batch = data;

    while (!APR_RING_EMPTY(&batch->transfers, twv_http_transfer_t, link)) {
        twv_http_response_t ignored;

        fail(batch, APR_RING_FIRST(&batch->transfers), "stopped", &ignored);
    }
    curl_multi_cleanup(batch->multi);
    return APR_SUCCESS;
}

twv_http_batch_t *twv_http_batch_create(twv_http_client_t *client, apr_pool_t *p, int most)
{
    twv_http_batch_t *batch = apr_pcalloc(p, sizeof(*batch));

    batch->client = client;
    batch->multi = curl_multi_init();
    batch->most = most;
    APR_RING_INIT(&batch->transfers, twv_http_transfer_t, link);
    curl_multi_setopt(batch->multi, CURLMOPT_MAXCONNECTS, (long)most);
    apr_pool_pre_cleanup_register(p, batch, destroy_batch);
    return batch;
}

int twv_http_batch_room(const twv_http_batch_t *batch)
{
    return batch->active < batch->most ? batch->most - batch->active : 0;
}

int twv_http_batch_active(const twv_http_batch_t *batch)
{
    return batch->active;
}

void twv_http_batch_add(twv_http_batch_t *batch, apr_pool_t *p, const twv_http_request_t *request,
                        twv_http_done_fn *done, void *baton)
{
    twv_http_transfer_t *transfer = twv_http_transfer_create(batch->client, p, request);
    CURLMcode code;

    transfer->done = done;
    transfer->baton = baton;
    if (!transfer->refusal) {
        code = curl_multi_add_handle(batch->multi, transfer->easy);
        if (code != CURLM_OK) {
            transfer->refusal = curl_multi_strerror(code);
        }
    }
    /* Told in the next run: the caller need not expect its done function inside of this one. */
    batch->has_refused |= transfer->refusal != NULL;
    APR_RING_INSERT_TAIL(&batch->transfers, transfer, twv_http_transfer_t, link);
    batch->active++;
}

/* A done function may add requests, even refused ones; those wait for the next run. */
static int tell_refused(twv_http_batch_t *batch)
{
    int left = batch->active;
    int told = 0;

    if (!batch->has_refused) {
        return 0;
    }
    batch->has_refused = 0;
    while (left-- > 0 && batch->active > 0) {
        twv_http_transfer_t *transfer = APR_RING_FIRST(&batch->transfers);
        twv_http_response_t response;

        if (!transfer->refusal) {
            APR_RING_REMOVE(transfer, link);
            APR_RING_INSERT_TAIL(&batch->transfers, transfer, twv_http_transfer_t, link);
            continue;
        }
        fail(batch, transfer, transfer->refusal, &response);
        transfer->done(transfer->baton, &response);
        told++;
    }
    return told;
}

static int tell_finished(twv_http_batch_t *batch)
{
    CURLMsg *message;
    int remaining;
    int told = 0;

    curl_multi_perform(batch->multi, &remaining);
    while ((message = curl_multi_info_read(batch->multi, &remaining))) {
        twv_http_transfer_t *transfer = NULL;
        twv_http_response_t response;
        CURLcode code = message->data.result;

        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
        take_out(batch, transfer);
        twv_http_transfer_finish(batch->client, transfer, code, &response);
        transfer->done(transfer->baton, &response);
        told++;
    }
    return told;
}

void twv_http_batch_run(twv_http_batch_t *batch, int wait_ms)
{
    if (tell_refused(batch) + tell_finished(batch) > 0 || wait_ms <= 0) {
        return;
    }
    curl_multi_poll(batch->multi, NULL, 0, wait_ms, NULL);
    tell_finished(batch);
}

void twv_http_batch_wake(twv_http_batch_t *batch)
{
    curl_multi_wakeup(batch->multi);
}

void twv_http_batch_abort(twv_http_batch_t *batch)
{
    int left = batch->active;

    while (left-- > 0 && batch->active > 0) {
        twv_http_transfer_t *transfer = APR_RING_FIRST(&batch->transfers);
        twv_http_response_t response;

        fail(batch, transfer, "stopped", &response);
        transfer->done(transfer->baton, &response);
    }
}
