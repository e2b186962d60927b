/*
 * Where tokens and key secrets come from: file:, env:, exec: or the word itself. Values are wiped
 * when their pool is cleared and never appear in an error text. Used while the configuration is
 * read, by its one thread.
 */
#ifndef TWV_CONFIG_SECRETS_H
#define TWV_CONFIG_SECRETS_H

#include "httpd.h"
#include "http_config.h"

/** The forms of a source, for error texts. */
#define TWV_SECRET_SOURCES "file:PATH, env:NAME, exec:COMMAND or the secret itself"

typedef struct {
    const char *value;
    const char *source; /* where it came from, fit to be shown */
    int is_literal;     /* it stands in the configuration file */
} twv_secret_t;

/**
 * Get the secret that @a word describes. Logs a warning for a literal and for a file that others
 * may read.
 * @param secret filled on success, in the pool of @a cmd
 * @return NULL, or the reason without the secret
 */
const char *twv_secret_read(cmd_parms *cmd, const char *word, twv_secret_t *secret);

/**
 * Replace the arguments that mod_info and -D DUMP_CONFIG would show, when a literal is among them.
 * @param before arguments ahead of the secrets, or NULL
 * @param words the @a count arguments that described @a secrets
 */
void twv_secret_mask_arguments(cmd_parms *cmd, const char *before, const twv_secret_t *secrets,
                               const char *const *words, int count);

#endif
