/*
 * X-Twilio-Signature: HMAC-SHA1 over the URL and the sorted parameters, in Base64.
 * Every token and every spelling of the URL is always tried, so that the time taken tells nothing
 * about the tokens. Scratch memory comes from the caller's pool; any thread.
 */
#include "twilio/signature.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#define SHA1_BYTES 20
#define SHA256_BYTES 32
#define SIGNATURE_LENGTH 28 /* of SHA1_BYTES in Base64 */
#define MOST_SPELLINGS 2

/* A URL in three pieces, so that a port is put in or left out without copying. */
typedef struct {
    const char *head;
    apr_size_t head_length;
    const char *port; /* ":443" or "" */
    const char *tail;
} url_spelling_t;

typedef struct {
    const char *bytes;
    apr_size_t length;
} signed_parameters_t;

typedef struct {
    const char *name;
    const char *value;
} parameter_t;

static int compare_parameters(const void *left, const void *right)
{
    const parameter_t *a = left;
    const parameter_t *b = right;
    int order = strcmp(a->name, b->name);

    return order ? order : strcmp(a->value, b->value);
}

/* Names in byte order, each followed by its value; equal pairs count once. */
static signed_parameters_t sort_parameters(apr_pool_t *p, const twv_form_t *form)
{
    signed_parameters_t result = {"", 0};
    int count = form ? twv_form_count(form) : 0;
    parameter_t *sorted;
    char *to;
    int i;

    if (count == 0) {
        return result;
    }
    sorted = apr_palloc(p, (apr_size_t)count * sizeof(*sorted));
    for (i = 0; i < count; i++) {
        sorted[i].name = twv_form_name(form, i);
        sorted[i].value = twv_form_value(form, i);
        result.length += strlen(sorted[i].name) + strlen(sorted[i].value);
    }
    qsort(sorted, (apr_size_t)count, sizeof(*sorted), compare_parameters);
    /* stpcpy() ends each piece with a NUL, hence one byte more. */
    result.bytes = to = apr_palloc(p, result.length + 1);
    for (i = 0; i < count; i++) {
        if (i > 0 && compare_parameters(&sorted[i - 1], &sorted[i]) == 0) {
            continue;
        }
        to = stpcpy(stpcpy(to, sorted[i].name), sorted[i].value);
    }
    result.length = (apr_size_t)(to - result.bytes);
    return result;
}

static const char *default_port(const char *url, apr_size_t *scheme_length)
{
    if (strncasecmp(url, "https://", 8) == 0) {
        *scheme_length = 8;
        return ":443";
    }
    if (strncasecmp(url, "http://", 7) == 0) {
        *scheme_length = 7;
        return ":80";
    }
    return NULL;
}

/* Where ":port" begins in [host, end), or end. The host may be "[::1]". */
static const char *find_port(const char *host, const char *end)
{
    const char *bracket = *host == '[' ? memchr(host, ']', (apr_size_t)(end - host)) : NULL;
    const char *from = bracket ? bracket : host;
    const char *colon = memchr(from, ':', (apr_size_t)(end - from));

    return colon ? colon : end;
}

/*
 * The URL as given, and with the scheme's default port added or, when it has a port, without it:
 * Twilio has signed each of these over the years, and its own libraries accept them all.
 */
static int spell_url(const char *url, url_spelling_t spellings[MOST_SPELLINGS])
{
    apr_size_t scheme_length = 0;
    const char *port = default_port(url, &scheme_length);
    const char *authority = url + scheme_length;
    const char *end = authority + strcspn(authority, "/?#");
    const char *at_sign, *colon;

    spellings[0] = (url_spelling_t){url, strlen(url), "", ""};
    if (!port) {
        return 1;
    }
    at_sign = memrchr(authority, '@', (apr_size_t)(end - authority));
    colon = find_port(at_sign ? at_sign + 1 : authority, end);
    spellings[1] = (url_spelling_t){url, (apr_size_t)(colon - url), colon < end ? "" : port, end};
    return 2;
}

/* HMAC-SHA1 of one spelling; the context was initialised with the key. @a encoded takes the
 * terminator, too. */
static int sign(EVP_MAC_CTX *mac, const url_spelling_t *url, const signed_parameters_t *parameters,
                char encoded[SIGNATURE_LENGTH + 1])
{
    unsigned char digest[SHA1_BYTES];
    size_t length = 0;

    if (EVP_MAC_update(mac, (const unsigned char *)url->head, url->head_length) != 1 ||
        EVP_MAC_update(mac, (const unsigned char *)url->port, strlen(url->port)) != 1 ||
        EVP_MAC_update(mac, (const unsigned char *)url->tail, strlen(url->tail)) != 1 ||
        EVP_MAC_update(mac, (const unsigned char *)parameters->bytes, parameters->length) != 1 ||
        EVP_MAC_final(mac, digest, &length, sizeof(digest)) != 1 || length != SHA1_BYTES) {
        return 0;
    }
    EVP_EncodeBlock((unsigned char *)encoded, digest, SHA1_BYTES);
    return 1;
}

static EVP_MAC_CTX *create_mac(void)
{
    EVP_MAC *algorithm = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *mac = EVP_MAC_CTX_new(algorithm);

    EVP_MAC_free(algorithm);
    return mac;
}

/* @a token NULL: the same key again. */
static int begin(EVP_MAC_CTX *mac, const char *token)
{
    OSSL_PARAM sha1[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA1", 0),
        OSSL_PARAM_construct_end(),
    };

    if (!token) {
        return EVP_MAC_init(mac, NULL, 0, NULL);
    }
    return EVP_MAC_init(mac, (const unsigned char *)token, strlen(token), sha1);
}

static int matches_any_spelling(EVP_MAC_CTX *mac, const char *token,
                                const url_spelling_t *spellings, int count,
                                const signed_parameters_t *parameters, const char *signature)
{
    char expected[SIGNATURE_LENGTH + 1];
    int matches = 0;
    int i;

    for (i = 0; i < count; i++) {
        if (begin(mac, i == 0 ? token : NULL) == 1 &&
            sign(mac, &spellings[i], parameters, expected)) {
            matches |= CRYPTO_memcmp(expected, signature, SIGNATURE_LENGTH) == 0;
        }
    }
    return matches;
}

/* Value of bodySHA256 in the query, or NULL. */
static const char *find_body_hash(const char *url)
{
    static const char name[] = "bodySHA256=";
    const char *at = strchr(url, '?');

    while (at) {
        at++;
        if (strncmp(at, name, sizeof(name) - 1) == 0) {
            return at + sizeof(name) - 1;
        }
        at = strchr(at, '&');
    }
    return NULL;
}

static int body_has_hash(const char *body, apr_size_t length, const char *hash)
{
    unsigned char digest[SHA256_BYTES];
    char expected[2 * SHA256_BYTES + 1];
    apr_size_t given = strcspn(hash, "&#");

    if (given != 2 * SHA256_BYTES ||
        EVP_Digest(body, length, digest, NULL, EVP_sha256(), NULL) != 1) {
        return 0;
    }
    return OPENSSL_buf2hexstr_ex(expected, sizeof(expected), NULL, digest, sizeof(digest), '\0') &&
           strncasecmp(expected, hash, given) == 0;
}

/*
 * A body that is not a form takes no part in the signature but by its hash in the URL. Such a URL
 * without its body (and without parameters, which the signature covers) is no request of Twilio's:
 * someone replays the signature.
 */
static int body_is_bound(const twv_signed_request_t *request)
{
    const char *hash = find_body_hash(request->url);

    if (request->body) {
        return hash && body_has_hash(request->body, request->body_length, hash);
    }
    return !hash || (request->form && twv_form_count(request->form) > 0) ||
           body_has_hash("", 0, hash);
}

int twv_signature_verify(apr_pool_t *p, const twv_signed_request_t *request,
                         const char *const *tokens, int token_count)
{
    url_spelling_t spellings[MOST_SPELLINGS];
    signed_parameters_t parameters;
    EVP_MAC_CTX *mac;
    int spelling_count, i;
    int matches = 0;

    if (!request->signature || strlen(request->signature) != SIGNATURE_LENGTH ||
        !body_is_bound(request)) {
        return 0;
    }
    spelling_count = spell_url(request->url, spellings);
    parameters = sort_parameters(p, request->form);
    mac = create_mac();
    for (i = 0; mac && i < token_count; i++) {
        /* Everybody can sign with an empty key. */
        if (tokens[i] && *tokens[i]) {
            matches |= matches_any_spelling(mac, tokens[i], spellings, spelling_count, &parameters,
                                            request->signature);
        }
    }
    EVP_MAC_CTX_free(mac);
    return matches;
}

const char *twv_signature_create(apr_pool_t *p, const char *token, const char *url,
                                 const twv_form_t *form)
{
    url_spelling_t as_given = {url, strlen(url), "", ""};
    signed_parameters_t parameters = sort_parameters(p, form);
    char *signature = apr_palloc(p, SIGNATURE_LENGTH + 1);
    EVP_MAC_CTX *mac = create_mac();

    if (!mac || begin(mac, token) != 1 || !sign(mac, &as_given, &parameters, signature)) {
        abort();
    }
    EVP_MAC_CTX_free(mac);
    return signature;
}
