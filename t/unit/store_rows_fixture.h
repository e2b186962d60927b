/*
 * Rows for tests of the store: each function inserts one with what it is given and sensible values
 * for the rest, and fails the test when that does not work. Results live in the unit's pool.
 */
#ifndef STORE_ROWS_FIXTURE_H
#define STORE_ROWS_FIXTURE_H

#include "store/call.h"
#include "store/interaction.h"
#include "store/number.h"
#include "store/participant.h"
#include "store/service.h"
#include "store/session.h"
#include "store_fixture.h"

#define ACCOUNT "AC00000000000000000000000000000001"
#define OTHER_ACCOUNT "AC00000000000000000000000000000002"
#define PROXY_NUMBER "+815000000000"
#define OTHER_PROXY_NUMBER "+815000000009"
#define HANAKO "+819000000001"
#define TARO "+819000000002"
#define JIRO "+819000000003"

/** 2026-11-20T00:00:00Z; nothing in the tests depends on the day. */
#define NOW ((twv_ms_t)1795132800000)

/** prefix, then @a number in 32 digits: sorts by number. */
const char *sid_of(apr_pool_t *p, const char *prefix, int number);

twv_service_t *make_service(twv_store_t *store, apr_pool_t *p, const char *account_sid);
twv_number_t *make_number(twv_store_t *store, apr_pool_t *p, const twv_service_t *service,
                          const char *phone_number);

/** An open session with this PIN (or NULL) as a structure only. */
twv_session_t *new_session(apr_pool_t *p, const twv_service_t *service, const char *pin);
twv_session_t *make_session(twv_store_t *store, apr_pool_t *p, const twv_service_t *service,
                            const char *pin);

twv_participant_t *new_participant(apr_pool_t *p, const twv_session_t *session,
                                   const char *identifier, const char *proxy_identifier);
twv_participant_t *make_participant(twv_store_t *store, apr_pool_t *p, const twv_session_t *session,
                                    const char *identifier, const char *proxy_identifier);

/** Close or reopen a session; the test fails on a conflict. */
void set_status(twv_store_t *store, apr_pool_t *p, const twv_session_t *session,
                const char *status);

apr_int64_t uses_of(twv_store_t *store, apr_pool_t *p, const char *phone_number);

/** A report of a leg of ACCOUNT with nothing else known. */
twv_call_t *new_call(apr_pool_t *p, int number);

#endif
