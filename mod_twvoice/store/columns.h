/*
 * Columns of the tables and how rows become structures: only files of this floor include this.
 * Each macro takes the prefix for its columns ("" or "t."); each reader starts at @a column and
 * returns the column after its own. Structures and strings live in the rows' pool.
 */
#ifndef TWV_STORE_COLUMNS_H
#define TWV_STORE_COLUMNS_H

#include "store/call.h"
#include "store/interaction.h"
#include "store/number.h"
#include "store/participant.h"
#include "store/service.h"
#include "store/session.h"
#include "store/statement.h"

/** As in the partial indexes: SQLite uses them only for the very same words. */
#define TWV_IS_ACTIVE(t) t "status IN ('open', 'in-progress')"

/** Greater than every SID, in every collation. */
#define TWV_AFTER_ALL_SIDS "zz"
/** Less than every SID and not "", which is NULL. */
#define TWV_BEFORE_ALL_SIDS "0"

#define TWV_SERVICE_COLUMNS(t)                                                                     \
    t "sid, " t "account_sid, " t "unique_name, " t "chat_instance_sid, " t "callback_url, " t     \
      "intercept_callback_url, " t "out_of_session_callback_url, " t "geo_match_level, " t         \
      "number_selection_behavior, " t "default_ttl, " t "date_created, " t "date_updated"

#define TWV_NUMBER_COLUMNS                                                                         \
    "sid, account_sid, service_sid, phone_number, is_reserved, in_use, date_created, date_updated"

#define TWV_SESSION_COLUMNS(t)                                                                     \
    t "sid, " t "account_sid, " t "service_sid, " t "unique_name, " t "status, " t                 \
      "closed_reason, " t "mode, " t "ttl, " t "date_started, " t "date_ended, " t                 \
      "date_last_interaction, " t "date_expiry, " t "expires_at, " t "date_created, " t            \
      "date_updated, " t "call_mode, " t "pin, " t "call_time_limit, " t "ring_timeout, " t        \
      "language"

#define TWV_PARTICIPANT_COLUMNS(t)                                                                 \
    t "sid, " t "account_sid, " t "service_sid, " t "session_sid, " t "identifier, " t             \
      "friendly_name, " t "proxy_identifier, " t "proxy_identifier_sid, " t "date_deleted, " t     \
      "date_created, " t "date_updated"

#define TWV_INTERACTION_COLUMNS                                                                    \
    "sid, account_sid, service_sid, session_sid, type, data, inbound_participant_sid,"             \
    " inbound_resource_sid, inbound_resource_status, outbound_participant_sid,"                    \
    " outbound_resource_sid, outbound_resource_status, date_created, date_updated"

#define TWV_CALL_COLUMNS                                                                           \
    "sid, account_sid, parent_call_sid, service_sid, session_sid, interaction_sid,"                \
    " participant_sid, from_number, to_number, direction, status, initiated_at, ringing_at,"       \
    " answered_at, ended_at, observed_end_at, duration, pin_failures, date_created"

int twv_service_read(twv_rows_t *rows, int column, twv_service_t *service);
int twv_number_read(twv_rows_t *rows, int column, twv_number_t *number);
int twv_session_read(twv_rows_t *rows, int column, twv_session_t *session);
int twv_participant_read(twv_rows_t *rows, int column, twv_participant_t *participant);
int twv_interaction_read(twv_rows_t *rows, int column, twv_interaction_t *interaction);
int twv_call_read(twv_rows_t *rows, int column, twv_call_t *call);

/** A time as an argument: 0, not set, is NULL in the database. */
static inline const void *twv_time_arg(const twv_ms_t *time)
{
    return *time ? time : NULL;
}

/** Run a query and tell whether it has a row. */
static inline apr_status_t twv_query_exists(twv_store_t *store, apr_pool_t *p,
                                            const twv_statement_t *statement, const void **args,
                                            int *exists)
{
    twv_rows_t *rows;
    apr_status_t rv = twv_query(store, p, statement, args, &rows);

    *exists = rv == APR_SUCCESS && twv_rows_next(rows);
    return rv;
}

#endif
