/*
 * The record of a directory or location. Merges may run in a request (in its pool and thread), so
 * they copy pointers and nothing else; the record is complete after each of them.
 */
#include "config/config.h"

#include <strings.h>

#include "ap_expr.h"
#include "http_core.h"

#include "config/log.h"
#include "config/records.h"

void *twv_config_create_directory(apr_pool_t *p, char *directory)
{
    twv_directory_config_t *config = apr_pcalloc(p, sizeof(*config));

    (void)directory;
    config->speech.language = twv_config_defaults.language;
    config->max_body = -1;
    config->accepts_unsigned = -1;
    return config;
}

void *twv_config_merge_directories(apr_pool_t *p, void *base_config, void *add_config)
{
    const twv_directory_config_t *base = base_config;
    const twv_directory_config_t *add = add_config;
    twv_directory_config_t *merged = apr_palloc(p, sizeof(*merged));
    int i;

    merged->language = add->language ? add->language : base->language;
    merged->speech.language = merged->language ? merged->language : twv_config_defaults.language;
    /* A voice speaks one language: it is not taken into a place that speaks another. */
    merged->speech.voice =
        add->speech.voice || add->language ? add->speech.voice : base->speech.voice;
    for (i = 0; i < TWV_PROMPT_COUNT; i++) {
        merged->speech.prompts[i] =
            add->speech.prompts[i] ? add->speech.prompts[i] : base->speech.prompts[i];
    }
    merged->max_body = add->max_body != -1 ? add->max_body : base->max_body;
    merged->accepts_unsigned =
        add->accepts_unsigned != -1 ? add->accepts_unsigned : base->accepts_unsigned;
    return merged;
}

twv_directory_config_t *twv_directory_config_of(ap_conf_vector_t *vector)
{
    return ap_get_module_config(vector, &twvoice_module);
}

const twv_speech_t *twv_config_speech(const request_rec *r)
{
    return &twv_directory_config_of(r->per_dir_config)->speech;
}

apr_off_t twv_config_max_body(const request_rec *r)
{
    apr_off_t max_body = twv_directory_config_of(r->per_dir_config)->max_body;

    return max_body != -1 ? max_body : twv_config_defaults.max_body;
}

int twv_config_accepts_unsigned(const request_rec *r)
{
    int accepts = twv_directory_config_of(r->per_dir_config)->accepts_unsigned;

    return accepts != -1 ? accepts : twv_config_defaults.accepts_unsigned;
}

/* SetHandler is kept as an expression, a plain word being the simplest one; other modules may set
 * the word itself. "None" undoes an outer setting. */
const char *twv_config_handler(const request_rec *r)
{
    const core_dir_config *core = ap_get_core_module_config(r->per_dir_config);
    const char *handler = core->handler;
    const char *error = NULL;

    if (r->handler) {
        return r->handler;
    }
    if (core->expr_handler) {
        handler = ap_expr_str_exec((request_rec *)r, core->expr_handler, &error);
    }
    return handler && !error && strcasecmp(handler, "none") != 0 ? handler : "";
}
