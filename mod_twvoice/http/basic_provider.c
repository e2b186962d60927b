/*
 * `AuthBasicProvider twvoice`: AccountSid with an auth token, or an API key with its secret, as
 * Twilio's own REST API accepts them. Keeps nothing; any thread.
 */
#include "http/auth.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "ap_provider.h"
#include "http_request.h"
#include "mod_auth.h"

#include "config/config.h"

typedef struct {
    unsigned char bytes[SHA256_DIGEST_LENGTH];
} digest_t;

static digest_t digest(const char *text)
{
    digest_t result;

    SHA256((const unsigned char *)text, strlen(text), result.bytes);
    return result;
}

/* Digests have one length, so the time tells nothing about the length of a secret either. */
static unsigned int is_same(const digest_t *given, const char *secret)
{
    digest_t expected = digest(secret);

    return CRYPTO_memcmp(given->bytes, expected.bytes, sizeof(expected.bytes)) == 0;
}

/* Every credential is compared, whoever asks: an unknown user takes as long as a known one. A user
 * that is none of ours is left to the next provider; a wrong password of ours is final. */
static authn_status check_password(request_rec *r, const char *user, const char *password)
{
    const twv_policy_t *policy = twv_config_policy(r->server);
    digest_t given_user = digest(user);
    digest_t given_password = digest(password);
    unsigned int is_account = policy->account_sid ? is_same(&given_user, policy->account_sid) : 0;
    unsigned int is_known = is_account;
    unsigned int is_right = 0;
    int i;

    for (i = 0; i < policy->auth_token_count; i++) {
        is_right |= is_account & is_same(&given_password, policy->auth_tokens[i]);
    }
    for (i = 0; policy->api_keys && i < policy->api_keys->nelts; i++) {
        const twv_api_key_t *key = &APR_ARRAY_IDX(policy->api_keys, i, twv_api_key_t);
        unsigned int is_key = is_same(&given_user, key->sid);

        is_known |= is_key;
        is_right |= is_key & is_same(&given_password, key->secret);
    }
    if (is_right) {
        return AUTH_GRANTED;
    }
    return is_known ? AUTH_DENIED : AUTH_USER_NOT_FOUND;
}

/* No function for Digest: it would need the secrets in another form. */
static const authn_provider basic_provider = {check_password, NULL};

void twv_basic_register_hooks(apr_pool_t *p)
{
    ap_register_auth_provider(p, AUTHN_PROVIDER_GROUP, "twvoice", AUTHN_PROVIDER_VERSION,
                              &basic_provider, AP_AUTH_INTERNAL_PER_CONF);
}
