/*
 * Where tokens and key secrets come from. Values live in the configuration pool, are wiped when it
 * is cleared, and never appear in an error text. Runs in the thread that reads the configuration.
 */
#include "config/secrets.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include <apr_file_io.h>
#include <apr_file_info.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "config/log.h"

/* Twilio's tokens and secrets have 32 characters; other servers (the lab) may use longer ones. */
#define MOST_CHARACTERS 128
/* A program that has not answered by then is waiting for something that start-up cannot give. */
#define COMMAND_TIMEOUT apr_time_from_sec(10)
#define COMMAND_POLL apr_time_from_msec(10)

#define OTHERS_PERMISSIONS (APR_FPROT_GREAD | APR_FPROT_GWRITE | APR_FPROT_WREAD | APR_FPROT_WWRITE)

/* Room for the longest value, white space around it and one byte that tells "longer". */
typedef struct {
    char text[2 * MOST_CHARACTERS];
    apr_size_t length;
} secret_buffer_t;

static apr_status_t wipe(void *value)
{
    OPENSSL_cleanse(value, strlen(value));
    return APR_SUCCESS;
}

static const char *keep(apr_pool_t *p, const char *text)
{
    char *value = apr_pstrdup(p, text);

    apr_pool_cleanup_register(p, value, wipe, apr_pool_cleanup_null);
    return value;
}

/* @param where the source as it may be shown */
static const char *check_value(apr_pool_t *p, const char *value, const char *where)
{
    const char *c;

    if (!*value) {
        return apr_psprintf(p, "%s gives an empty secret", where);
    }
    for (c = value; *c; c++) {
        if (*c <= ' ' || *c > '~') {
            return apr_psprintf(p,
                                "%s gives no plausible secret: character %d is white space, a "
                                "control character or not ASCII",
                                where, (int)(c - value) + 1);
        }
    }
    if (c - value > MOST_CHARACTERS) {
        return apr_psprintf(p, "%s gives no plausible secret: it is longer than %d characters",
                            where, MOST_CHARACTERS);
    }
    return NULL;
}

static apr_status_t read_all(apr_file_t *file, secret_buffer_t *buffer)
{
    apr_status_t rv = APR_SUCCESS;
    char *nul;

    buffer->length = 0;
    while (buffer->length < sizeof(buffer->text) - 1) {
        apr_size_t length = sizeof(buffer->text) - 1 - buffer->length;

        rv = apr_file_read(file, buffer->text + buffer->length, &length);
        if (rv != APR_SUCCESS) {
            break;
        }
        buffer->length += length;
    }
    buffer->text[buffer->length] = '\0';
    /* A NUL would hide what follows it; any other control character is refused with its place. */
    while ((nul = memchr(buffer->text, '\0', buffer->length)) != NULL) {
        *nul = '\1';
    }
    return APR_STATUS_IS_EOF(rv) ? APR_SUCCESS : rv;
}

static const char *failure(apr_pool_t *p, const char *what, const char *name, apr_status_t rv)
{
    char reason[120];

    return apr_psprintf(p, "%s '%s': %s", what, name, apr_strerror(rv, reason, sizeof(reason)));
}

static const char *read_file(cmd_parms *cmd, const char *name, secret_buffer_t *buffer)
{
    const char *path = ap_server_root_relative(cmd->pool, name);
    apr_file_t *file;
    apr_finfo_t info;
    apr_status_t rv;

    if (!*name || !path) {
        return "'file:' needs the path of a file, absolute or below ServerRoot";
    }
    rv = apr_stat(&info, path, APR_FINFO_TYPE | APR_FINFO_PROT, cmd->temp_pool);
    if (rv == APR_SUCCESS && info.filetype != APR_REG) {
        return apr_psprintf(cmd->pool, "'%s' is not a regular file", path);
    }
    if (rv == APR_SUCCESS) {
        rv = apr_file_open(&file, path, APR_FOPEN_READ, APR_OS_DEFAULT, cmd->temp_pool);
    }
    if (rv == APR_SUCCESS) {
        rv = read_all(file, buffer);
        apr_file_close(file);
    }
    if (rv != APR_SUCCESS) {
        return failure(cmd->pool, "cannot read file", path, rv);
    }
    if (info.protection & OTHERS_PERMISSIONS) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, cmd->server,
                     TWV_LOG("TWV0003") "%s (%s:%d): file '%s' is open to its group or to "
                                        "everybody; run: chmod 600 %s",
                     cmd->cmd->name, cmd->directive->filename, cmd->directive->line_num, path,
                     path);
    }
    if (buffer->length && buffer->text[buffer->length - 1] == '\n') {
        buffer->text[--buffer->length] = '\0';
        if (buffer->length && buffer->text[buffer->length - 1] == '\r') {
            buffer->text[--buffer->length] = '\0';
        }
    }
    return NULL;
}

static const char *read_environment(cmd_parms *cmd, const char *name, secret_buffer_t *buffer)
{
    const char *value;

    if (!*name) {
        return "'env:' needs the name of an environment variable";
    }
    value = getenv(name);
    if (!value) {
        return apr_psprintf(cmd->pool,
                            "environment variable '%s' is not set for the server (envvars or the "
                            "unit file of the service set it)",
                            name);
    }
    apr_cpystrn(buffer->text, value, sizeof(buffer->text));
    return NULL;
}

/* The end of a program, waited for no longer than until @a deadline: it is reaped here, so that the
 * server does not find a child that it does not know. */
static const char *wait_for(cmd_parms *cmd, apr_proc_t *program, const char *path,
                            apr_time_t deadline)
{
    apr_exit_why_e why = APR_PROC_EXIT;
    int code = 0;
    apr_status_t rv;

    do {
        rv = apr_proc_wait(program, &code, &why, APR_NOWAIT);
        if (APR_STATUS_IS_CHILD_DONE(rv)) {
            break;
        }
        apr_sleep(COMMAND_POLL);
    } while (apr_time_now() < deadline);
    if (!APR_STATUS_IS_CHILD_DONE(rv)) {
        apr_proc_kill(program, SIGKILL);
        apr_proc_wait(program, NULL, NULL, APR_WAIT);
        return apr_psprintf(cmd->pool, "program '%s' did not end within %d seconds", path,
                            (int)apr_time_sec(COMMAND_TIMEOUT));
    }
    if (APR_PROC_CHECK_SIGNALED(why)) {
        return apr_psprintf(cmd->pool, "program '%s' was ended by signal %d", path, code);
    }
    if (code != 0) {
        return apr_psprintf(cmd->pool, "program '%s' failed with exit status %d", path, code);
    }
    return NULL;
}

static const char *run(cmd_parms *cmd, const char *const *argv, secret_buffer_t *buffer)
{
    apr_time_t deadline = apr_time_now() + COMMAND_TIMEOUT;
    const char *reason;
    apr_procattr_t *attributes;
    apr_proc_t program;
    apr_status_t rv;

    if ((rv = apr_procattr_create(&attributes, cmd->temp_pool)) != APR_SUCCESS ||
        (rv = apr_procattr_io_set(attributes, APR_NO_PIPE, APR_CHILD_BLOCK, APR_NO_PIPE)) !=
            APR_SUCCESS ||
        (rv = apr_procattr_cmdtype_set(attributes, APR_PROGRAM_ENV)) != APR_SUCCESS ||
        (rv = apr_procattr_error_check_set(attributes, 1)) != APR_SUCCESS ||
        (rv = apr_proc_create(&program, argv[0], argv, NULL, attributes, cmd->temp_pool)) !=
            APR_SUCCESS) {
        return failure(cmd->pool, "cannot run program", argv[0], rv);
    }
    apr_file_pipe_timeout_set(program.out, COMMAND_TIMEOUT);
    rv = read_all(program.out, buffer);
    apr_file_close(program.out);
    if (rv != APR_SUCCESS) {
        deadline = 0;
    }
    reason = wait_for(cmd, &program, argv[0], deadline);
    /* Told first: the program ends badly when nobody reads on. */
    if (buffer->length == sizeof(buffer->text) - 1) {
        return apr_psprintf(cmd->pool, "program '%s' printed more than a secret", argv[0]);
    }
    return reason;
}

/* Not ap_get_exec_line(): that neither sees the exit status nor reaps the program, and waits for
 * ever. @param path set to the program, for messages */
static const char *read_command(cmd_parms *cmd, const char *command, secret_buffer_t *buffer,
                                const char **path)
{
    const char *reason;
    char *start;
    char *end;
    char **argv;

    if (apr_tokenize_to_argv(command, &argv, cmd->temp_pool) != APR_SUCCESS || !argv[0]) {
        return "'exec:' needs a program and its arguments, all in one pair of quotes";
    }
    *path = ap_server_root_relative(cmd->pool, argv[0]);
    if (!*path) {
        return apr_psprintf(cmd->pool, "'%s' is not the path of a program", argv[0]);
    }
    argv[0] = apr_pstrdup(cmd->temp_pool, *path);
    reason = run(cmd, (const char *const *)argv, buffer);
    if (reason) {
        return reason;
    }
    start = buffer->text;
    end = start + strlen(start);
    while (end > start && apr_isspace(end[-1])) {
        *--end = '\0';
    }
    while (apr_isspace(*start)) {
        start++;
    }
    memmove(buffer->text, start, strlen(start) + 1);
    return NULL;
}

/* A colon stands in no token: letters ahead of it were meant as the kind of source. Anything else
 * may be part of a secret and is not shown. */
static const char *read_literal(cmd_parms *cmd, const char *word, secret_buffer_t *buffer)
{
    size_t letters = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    if (strchr(word, ':')) {
        return apr_psprintf(cmd->pool, "%s is not a source of secrets; allowed: %s",
                            word[letters] == ':'
                                ? apr_psprintf(cmd->pool, "'%.*s:'", (int)letters, word)
                                : "the word",
                            TWV_SECRET_SOURCES);
    }
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, cmd->server,
                 TWV_LOG("TWV0002") "%s (%s:%d): the secret stands in the configuration file; "
                                    "put it into a file that only root can read and write "
                                    "file:PATH",
                 cmd->cmd->name, cmd->directive->filename, cmd->directive->line_num);
    apr_cpystrn(buffer->text, word, sizeof(buffer->text));
    return NULL;
}

static const char *read_source(cmd_parms *cmd, const char *word, secret_buffer_t *buffer,
                               twv_secret_t *secret)
{
    const char *reason;
    const char *path = "";

    if (strncmp(word, "file:", 5) == 0) {
        secret->source = apr_pstrdup(cmd->pool, word);
        return read_file(cmd, word + 5, buffer);
    }
    if (strncmp(word, "env:", 4) == 0) {
        secret->source = apr_pstrdup(cmd->pool, word);
        return read_environment(cmd, word + 4, buffer);
    }
    if (strncmp(word, "exec:", 5) == 0) {
        reason = read_command(cmd, word + 5, buffer, &path);
        secret->source = apr_pstrcat(cmd->pool, "exec:", path, NULL);
        return reason;
    }
    secret->source = "literal [masked]";
    secret->is_literal = 1;
    return read_literal(cmd, word, buffer);
}

const char *twv_secret_read(cmd_parms *cmd, const char *word, twv_secret_t *secret)
{
    secret_buffer_t buffer = {.length = 0};
    const char *reason;

    memset(secret, 0, sizeof(*secret));
    reason = read_source(cmd, word, &buffer, secret);
    if (!reason) {
        reason =
            check_value(cmd->pool, buffer.text, secret->is_literal ? "the word" : secret->source);
    }
    if (!reason) {
        secret->value = keep(cmd->pool, buffer.text);
    }
    OPENSSL_cleanse(&buffer, sizeof(buffer));
    return reason;
}

static const char *quoted(apr_pool_t *p, const char *word)
{
    return strchr(word, ' ') ? apr_pstrcat(p, "\"", word, "\"", NULL) : word;
}

void twv_secret_mask_arguments(cmd_parms *cmd, const char *before, const twv_secret_t *secrets,
                               const char *const *words, int count)
{
    ap_directive_t *directive = (ap_directive_t *)cmd->directive;
    char *shown = apr_pstrdup(cmd->pool, before ? before : "");
    int literals = 0;
    int i;

    for (i = 0; i < count; i++) {
        literals += secrets[i].is_literal;
        shown = apr_pstrcat(cmd->pool, shown, *shown ? " " : "",
                            secrets[i].is_literal ? "[masked]" : quoted(cmd->pool, words[i]), NULL);
    }
    if (literals) {
        OPENSSL_cleanse((char *)directive->args, strlen(directive->args));
        directive->args = shown;
    }
}
