/*
 * The front door: the module record and the hooks of each floor, nothing else. Runs in the parent
 * while the server starts.
 */
#include <curl/curl.h>
#include <jansson.h>
#include <openssl/crypto.h>

#include "apr_version.h"
#include "apu_version.h"

#include "httpd.h"
#include "http_config.h"
#include "http_core.h"
#include "http_log.h"

#include "config/config.h"
#include "config/log.h"
#include "http/auth.h"
#include "http/database_link.h"
#include "http/proxy.h"
#include "http/reply.h"
#include "http/request.h"
#include "http/webhook.h"
#include "jobs/worker.h"

/* The server reads its configuration twice; only the second start is a real one. */
static int log_versions(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    (void)pconf;
    (void)plog;
    (void)ptemp;
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return OK;
    }
    ap_log_error(APLOG_MARK, APLOG_INFO, 0, s,
                 TWV_LOG("TWV0001") "mod_twvoice with APR %s, APR-util %s, jansson %s, %s, %s",
                 apr_version_string(), apu_version_string(), jansson_version_str(), curl_version(),
                 OpenSSL_version(OPENSSL_VERSION));
    return OK;
}

static void register_hooks(apr_pool_t *p)
{
    ap_hook_post_config(log_versions, NULL, NULL, APR_HOOK_MIDDLE);
    twv_config_register_hooks(p);
    twv_request_register_hooks(p);
    twv_signature_register_hooks(p);
    twv_basic_register_hooks(p);
    twv_reply_register_hooks(p);
    twv_database_register_hooks(p);
    twv_proxy_register_hooks(p);
    twv_webhook_register_hooks(p);
    twv_jobs_register_hooks(p);
}

/* The one name that the module exports; virtual hosts without a directive of ours still get a
 * configuration of their own, so that post_config can tell them apart. */
module AP_MODULE_DECLARE_DATA __attribute__((visibility("default"))) twvoice_module = {
    STANDARD20_MODULE_STUFF,  twv_config_create_directory, twv_config_merge_directories,
    twv_config_create_server, twv_config_merge_servers,    twv_config_commands,
    register_hooks,           AP_MODULE_FLAG_ALWAYS_MERGE,
};
