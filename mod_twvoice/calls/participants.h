/*
 * Participants within a unit of work: what is common to creating a session with its participants
 * and to adding one later. For sessions.c, and for those who read drafts from requests.
 */
#ifndef TWV_CALLS_PARTICIPANTS_H
#define TWV_CALLS_PARTICIPANTS_H

#include "calls/parameters.h"
#include "calls/sessions.h"
#include "store/service.h"

/** Where a participant is added. */
typedef struct {
    const twv_context_t *context;
    const twv_service_t *service;
    const twv_session_t *session; /* locked or inserted by this transaction */
    int exclusive;                /* refuse pairs that are in another active session */
    const twv_error_t *error;     /* set when TWV_STORE_REFUSED is returned */
} twv_participant_place_t;

/** The names of a participant's form or object, NULL-terminated. */
extern const char *const twv_participant_names[];

/** A draft from a form whose names were checked. */
void twv_participant_draft_read(twv_participant_draft_t *draft, const twv_form_t *form);

/**
 * A draft from one value of Participants: a JSON object with texts only.
 * @param checks its prefix names the value, e.g. "Participants[0]."
 */
void twv_participant_draft_parse(twv_checks_t *checks, twv_participant_draft_t *draft,
                                 const char *json);

/** What can be said of a draft without the database. */
const twv_error_t *twv_participant_draft_check(const twv_context_t *context, const char *prefix,
                                               const twv_participant_draft_t *draft);

/**
 * Choose the number and insert.
 * @param others array of twv_participant_t *: those in the session; the new one is appended
 */
apr_status_t twv_participant_add(twv_store_t *store, apr_pool_t *p, twv_participant_place_t *place,
                                 const twv_participant_draft_t *draft, apr_array_header_t *others,
                                 twv_participant_t **participant);

#endif
