/*
 * `Require twilio-signature`: only what Twilio signed with this virtual host's auth token comes in,
 * whatever answers then. Also says in the log why a request was refused. The verdict is kept in the
 * record of the request; everything runs in its thread.
 */
#include "http/auth.h"

#include <string.h>

#include "apr_strings.h"

#include "ap_provider.h"
#include "http_core.h"
#include "http_protocol.h"
#include "http_request.h"
#include "mod_auth.h"

#include "config/config.h"
#include "config/log.h"
#include "http/public_url.h"
#include "http/request.h"
#include "http/request_body.h"
#include "twilio/signature.h"

#define SIGNATURE_HEADER "X-Twilio-Signature"

static int is_signed_for(const twv_request_t *request, const twv_policy_t *policy, const char *base)
{
    request_rec *initial = request->initial;
    /* A body that is not a form must be bound by its hash; an empty one only if the URL says so. */
    int has_content = !request->is_form &&
                      (request->length > 0 || strstr(twv_public_query(initial), "bodySHA256="));
    int is_fetch = initial->method_number == M_GET && request->length == 0;
    twv_signed_request_t signed_request = {
        .url = apr_pstrcat(initial->pool, base, twv_public_target(initial), NULL),
        .form = request->is_form ? request->form : NULL,
        .body = has_content && !is_fetch ? request->body : NULL,
        .body_length = request->length,
        .signature = apr_table_get(initial->headers_in, SIGNATURE_HEADER),
    };

    return twv_signature_verify(initial->pool, &signed_request, policy->auth_tokens,
                                policy->auth_token_count);
}

/* First element of a header that proxies add to, without blanks. */
static const char *first_forwarded(request_rec *r, const char *header)
{
    const char *value = apr_table_get(r->headers_in, header);

    return value ? apr_pstrmemdup(r->pool, value, strcspn(value, ", \t")) : NULL;
}

/* The base for which the signature would have been right, or NULL. What a header of the request
 * says is only shown when it was signed, too. */
static const char *find_signed_base(const twv_request_t *request, const twv_policy_t *policy)
{
    request_rec *initial = request->initial;
    const char *hosts[] = {twv_public_host(initial), first_forwarded(initial, "X-Forwarded-Host"),
                           ap_get_server_name(initial)};
    const char *schemes[] = {"https://", "http://"};
    size_t i, j;

    for (i = 0; i < sizeof(hosts) / sizeof(*hosts); i++) {
        for (j = 0; hosts[i] && j < sizeof(schemes) / sizeof(*schemes); j++) {
            const char *base = apr_pstrcat(initial->pool, schemes[j], hosts[i], NULL);

            if (is_signed_for(request, policy, base)) {
                return base;
            }
        }
    }
    return NULL;
}

/* Webhooks by GET carry telephone numbers in their query, so the log gets the URL without it. */
static const char *loggable_url(request_rec *initial, const char *base)
{
    const char *target = twv_public_target(initial);
    apr_size_t path = strcspn(target, "?");

    return apr_pstrcat(initial->pool, base, apr_pstrmemdup(initial->pool, target, path),
                       target[path] ? " (with its query)" : "", NULL);
}

static void explain_mismatch(request_rec *r, const twv_request_t *request,
                             const twv_policy_t *policy, const char *base)
{
    const char *url = loggable_url(request->initial, base);
    const char *account = request->form ? twv_form_get(request->form, "AccountSid") : NULL;
    const char *signed_base;

    if (!APLOG_R_IS_LEVEL(r, APLOG_INFO)) {
        return;
    }
    signed_base = find_signed_base(request, policy);
    if (signed_base) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      TWV_LOG("TWV0102") "refused: the signature was verified for %s, but Twilio "
                                         "signed it for %s; set \"TwVoicePublicURL %s\"",
                      url, signed_base, signed_base);
    } else if (account && policy->account_sid && strcmp(account, policy->account_sid) != 0) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      TWV_LOG("TWV0103") "refused: the signature for %s is wrong; the request is "
                                         "from account %s, and this virtual host belongs to "
                                         "TwVoiceAccountSid %s",
                      url, account, policy->account_sid);
    } else {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      TWV_LOG("TWV0104") "refused: the signature for %s is wrong; either the URL "
                                         "at Twilio begins otherwise (set TwVoicePublicURL to its "
                                         "scheme and host), or TwVoiceAuthToken is not the primary "
                                         "auth token of the account, or it is not from Twilio",
                      url);
    }
}

/* A query that our parser refuses is signed all the same: as part of the URL. */
static int is_unreadable(request_rec *r, const twv_request_t *request)
{
    return twv_request_body(r)->status != 0 || (request->is_form && !request->form);
}

static twv_verdict_t judge(request_rec *r, twv_request_t *request)
{
    const twv_policy_t *policy = twv_config_policy(r->server);
    const char *base;

    if (policy->auth_token_count == 0) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      TWV_LOG("TWV0106") "refused: no signature can be verified, because virtual "
                                         "host %s has no TwVoiceAccountSid and TwVoiceAuthToken",
                      r->server->server_hostname);
        return TWV_NOT_SIGNED;
    }
    if (!apr_table_get(request->initial->headers_in, SIGNATURE_HEADER)) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      TWV_LOG("TWV0101") "refused: the request has no " SIGNATURE_HEADER
                                         " header, so it is not from Twilio or a proxy in between "
                                         "removes the header");
        return TWV_NOT_SIGNED;
    }
    twv_request_read(r, twv_config_max_body(r));
    if (is_unreadable(r, request)) {
        if (request->status != AP_FILTER_ERROR) {
            ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                          TWV_LOG("TWV0107") "refused: no signature can be verified, because %s",
                          request->problem);
        }
        return TWV_NOT_SIGNED;
    }
    base = twv_request_public_base(r);
    if (!is_signed_for(request, policy, base)) {
        explain_mismatch(r, request, policy, base);
        return TWV_NOT_SIGNED;
    }
    return TWV_SIGNED;
}

twv_verdict_t twv_request_verify(request_rec *r)
{
    twv_request_t *request = twv_request_of(r);

    if (request->verdict == TWV_UNVERIFIED) {
        request->verdict = judge(r, request);
    }
    return request->verdict;
}

static authz_status check_signature(request_rec *r, const char *require_line, const void *parsed)
{
    (void)require_line;
    (void)parsed;
    return twv_request_verify(r) == TWV_SIGNED ? AUTHZ_GRANTED : AUTHZ_DENIED;
}

static const char *refuse_arguments(cmd_parms *cmd, const char *require_line, const void **parsed)
{
    (void)parsed;
    if (*require_line) {
        return apr_psprintf(
            cmd->pool, "Require twilio-signature takes no arguments, but got \"%s\"", require_line);
    }
    return NULL;
}

static const authz_provider signature_provider = {check_signature, refuse_arguments};

void twv_signature_register_hooks(apr_pool_t *p)
{
    ap_register_auth_provider(p, AUTHZ_PROVIDER_GROUP, "twilio-signature", AUTHZ_PROVIDER_VERSION,
                              &signature_provider, AP_AUTH_INTERNAL_PER_CONF);
}
