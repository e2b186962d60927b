/* Interactions: rows of twv_interaction. Results live in the pool that is passed. */
#include "store/interaction.h"

#include "store/columns.h"

#define SELECT "SELECT " TWV_INTERACTION_COLUMNS " FROM twv_interaction WHERE "

static const twv_statement_t insert = {
    "insert interaction",
    "INSERT INTO twv_interaction (" TWV_INTERACTION_COLUMNS ")"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %lld, %lld) ON CONFLICT DO NOTHING",
    NULL};

static const twv_statement_t find_by_sid = {"find interaction", SELECT "sid = %s", NULL};

static const twv_statement_t find_in_session = {"find interaction in session",
                                                SELECT "sid = %s AND session_sid = %s", NULL};

/* Of a call twv_call has it: one index less to write for each call. */
static const twv_statement_t find_by_message = {
    "find interaction by message",
    SELECT "inbound_resource_sid = %s AND type = 'message' AND account_sid = %s"
           " ORDER BY sid LIMIT 1",
    NULL};

static const twv_statement_t lock = {"lock interaction", SELECT "sid = %s",
                                     SELECT "sid = %s FOR NO KEY UPDATE"};

static const twv_statement_t update = {
    "update interaction",
    "UPDATE twv_interaction SET data = %s, inbound_resource_sid = %s,"
    " inbound_resource_status = %s, outbound_resource_sid = %s, outbound_resource_status = %s,"
    " date_updated = %lld WHERE sid = %s",
    NULL};

static const twv_statement_t delete = {
    "delete interaction", "DELETE FROM twv_interaction WHERE sid = %s AND session_sid = %s", NULL};

static const twv_statement_t list = {
    "list interactions", SELECT "session_sid = %s AND sid < %s ORDER BY sid DESC LIMIT %lld", NULL};

static const twv_statement_t list_sent = {
    "list messages to participant",
    SELECT "outbound_participant_sid = %s AND session_sid || '' = %s AND sid < %s"
           " AND inbound_resource_sid IS NULL AND inbound_participant_sid IS NULL"
           " AND type = 'message' ORDER BY sid DESC LIMIT %lld",
    NULL};

int twv_interaction_read(twv_rows_t *rows, int column, twv_interaction_t *interaction)
{
    interaction->sid = twv_rows_text(rows, column++);
    interaction->account_sid = twv_rows_text(rows, column++);
    interaction->service_sid = twv_rows_text(rows, column++);
    interaction->session_sid = twv_rows_text(rows, column++);
    interaction->type = twv_rows_text(rows, column++);
    interaction->data = twv_rows_text(rows, column++);
    interaction->inbound_participant_sid = twv_rows_text(rows, column++);
    interaction->inbound_resource_sid = twv_rows_text(rows, column++);
    interaction->inbound_resource_status = twv_rows_text(rows, column++);
    interaction->outbound_participant_sid = twv_rows_text(rows, column++);
    interaction->outbound_resource_sid = twv_rows_text(rows, column++);
    interaction->outbound_resource_status = twv_rows_text(rows, column++);
    interaction->date_created = twv_rows_int(rows, column++);
    interaction->date_updated = twv_rows_int(rows, column++);
    return column;
}

apr_status_t twv_interaction_insert(twv_store_t *store, const twv_interaction_t *i, int *exists)
{
    int changed;
    apr_status_t rv = twv_execute(
        store, &insert,
        TWV_ARGS(i->sid, i->account_sid, i->service_sid, i->session_sid, i->type, i->data,
                 i->inbound_participant_sid, i->inbound_resource_sid, i->inbound_resource_status,
                 i->outbound_participant_sid, i->outbound_resource_sid, i->outbound_resource_status,
                 &i->date_created, &i->date_updated),
        &changed);

    *exists = !changed;
    return rv;
}

static apr_status_t find(twv_store_t *store, apr_pool_t *p, const twv_statement_t *statement,
                         const void **args, twv_interaction_t **interaction)
{
    twv_rows_t *rows;
    apr_status_t rv = twv_query(store, p, statement, args, &rows);

    *interaction = NULL;
    if (rv == APR_SUCCESS && twv_rows_next(rows)) {
        *interaction = apr_palloc(p, sizeof(**interaction));
        twv_interaction_read(rows, 0, *interaction);
    }
    return rv;
}

apr_status_t twv_interaction_find(twv_store_t *store, apr_pool_t *p, const char *session_sid,
                                  const char *sid, twv_interaction_t **interaction)
{
    return find(store, p, session_sid ? &find_in_session : &find_by_sid, TWV_ARGS(sid, session_sid),
                interaction);
}

apr_status_t twv_interaction_find_by_message(twv_store_t *store, apr_pool_t *p,
                                             const char *account_sid, const char *resource_sid,
                                             twv_interaction_t **interaction)
{
    return find(store, p, &find_by_message, TWV_ARGS(resource_sid, account_sid), interaction);
}

apr_status_t twv_interaction_lock(twv_store_t *store, apr_pool_t *p, const char *sid,
                                  twv_interaction_t **interaction)
{
    return find(store, p, &lock, TWV_ARGS(sid), interaction);
}

apr_status_t twv_interaction_update(twv_store_t *store, const twv_interaction_t *i)
{
    return twv_execute(store, &update,
                       TWV_ARGS(i->data, i->inbound_resource_sid, i->inbound_resource_status,
                                i->outbound_resource_sid, i->outbound_resource_status,
                                &i->date_updated, i->sid),
                       NULL);
}

apr_status_t twv_interaction_delete(twv_store_t *store, const char *session_sid, const char *sid,
                                    int *found)
{
    return twv_execute(store, &delete, TWV_ARGS(sid, session_sid), found);
}

apr_status_t twv_interaction_list(twv_store_t *store, apr_pool_t *p, const char *session_sid,
                                  const char *outbound_participant_sid, const char *after,
                                  int limit, apr_array_header_t **interactions)
{
    const char *below = after ? after : TWV_AFTER_ALL_SIDS;
    apr_int64_t count = limit;
    twv_rows_t *rows;
    apr_status_t rv;

    if (outbound_participant_sid) {
        rv = twv_query(store, p, &list_sent,
                       TWV_ARGS(outbound_participant_sid, session_sid, below, &count), &rows);
    } else {
        rv = twv_query(store, p, &list, TWV_ARGS(session_sid, below, &count), &rows);
    }
    *interactions = apr_array_make(p, 16, sizeof(twv_interaction_t *));
    while (rv == APR_SUCCESS && twv_rows_next(rows)) {
        twv_interaction_t *interaction = apr_palloc(p, sizeof(*interaction));

        twv_interaction_read(rows, 0, interaction);
        APR_ARRAY_PUSH(*interactions, twv_interaction_t *) = interaction;
    }
    return rv;
}
