/*
 * Fuzz target: forms. What is accepted must survive encoding and parsing unchanged, and its
 * signature must verify.
 *
 *   clang -fsanitize=fuzzer,address,undefined -Imod_twvoice ... t/fuzz/fuzz_form.c LIBRARY
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_pools.h>

#include "twilio/form.h"
#include "twilio/signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds)
{
    if (!holds) {
        abort();
    }
}

static void check_round_trip(apr_pool_t *p, const twv_form_t *form)
{
    const char *encoded = twv_form_encode(p, form);
    twv_form_t *again = NULL;
    int i;

    check(twv_form_parse(&again, p, encoded, strlen(encoded)) == NULL);
    check(twv_form_count(again) == twv_form_count(form));
    for (i = 0; i < twv_form_count(form); i++) {
        check(strcmp(twv_form_name(again, i), twv_form_name(form, i)) == 0);
        check(strcmp(twv_form_value(again, i), twv_form_value(form, i)) == 0);
        check(twv_form_get(form, twv_form_name(form, i)) != NULL);
    }
}

static void check_signature(apr_pool_t *p, const twv_form_t *form)
{
    static const char *const tokens[] = {"12345"};
    twv_signed_request_t request = {.url = "https://a.example/x", .form = form};

    request.signature = twv_signature_create(p, tokens[0], "https://a.example:443/x", form);
    check(twv_signature_verify(p, &request, tokens, 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *p;
    twv_form_t *form = NULL;
    const char *reason;

    if (!p) {
        apr_initialize();
        apr_pool_create(&p, NULL);
    }
    reason = twv_form_parse(&form, p, (const char *)data, size);
    check((reason == NULL) == (form != NULL));
    if (form) {
        check(twv_form_count(form) <= TWV_FORM_MAX_PAIRS);
        check_round_trip(p, form);
        check_signature(p, form);
    }
    apr_pool_clear(p);
    return 0;
}
