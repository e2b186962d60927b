/*
 * Participants: reading and checking drafts, finding the proxy number, inserting. Everything lives
 * in the pool that is passed and belongs to the thread of the request.
 */
#include "calls/participants.h"

#include <string.h>

#include <apr_strings.h>
#include <jansson.h>

#include "calls/number_choice.h"
#include "calls/transaction.h"
#include "store/number.h"
#include "twilio/sid.h"

/* A service holds at most 5000 reserved and 500 unreserved numbers. */
#define NUMBERS_MAX 5500

const char *const twv_participant_names[] = {"Identifier", "FriendlyName", "ProxyIdentifier",
                                             "ProxyIdentifierSid", NULL};

void twv_participant_draft_read(twv_participant_draft_t *draft, const twv_form_t *form)
{
    draft->identifier = twv_form_get(form, "Identifier");
    draft->friendly_name = twv_form_get(form, "FriendlyName");
    draft->proxy_identifier = twv_form_get(form, "ProxyIdentifier");
    draft->proxy_identifier_sid = twv_form_get(form, "ProxyIdentifierSid");
}

void twv_participant_draft_parse(twv_checks_t *checks, twv_participant_draft_t *draft,
                                 const char *json)
{
    const char *field = apr_pstrmemdup(checks->p, checks->prefix, strlen(checks->prefix) - 1);
    twv_checks_t whole = twv_checks_begin(checks->p, "");
    twv_form_t *form = twv_form_create(checks->p);
    json_error_t problem;
    json_t *object = json_loads(json, JSON_REJECT_DUPLICATES, &problem);
    const char *name;
    json_t *value;

    if (!json_is_object(object)) {
        twv_checks_fail(
            &whole, field,
            "'%s' is not one JSON object such as {\"Identifier\":\"+819000000001\"}%s%s.",
            twv_shown(checks->p, json), object ? "" : ": ",
            object ? "" : twv_shown(checks->p, problem.text));
        twv_checks_fail_with(checks, whole.error);
    }
    json_object_foreach(object, name, value)
    {
        if (json_is_string(value)) {
            twv_form_add(form, apr_pstrdup(checks->p, name),
                         apr_pstrdup(checks->p, json_string_value(value)));
        } else {
            twv_checks_fail(checks, twv_shown(checks->p, name), "Only a text is allowed.");
        }
    }
    json_decref(object);
    twv_check_names(checks, form, twv_participant_names, NULL);
    twv_participant_draft_read(draft, form);
}

static const twv_error_t *check_identifier(const twv_context_t *context, const char *identifier)
{
    const char *shown = twv_shown(context->p, identifier);

    if (!twv_e164_is_valid(identifier) || !twv_e164_calling_code(context->p, identifier)) {
        return twv_error(context->p, TWV_ERROR_IDENTIFIER_INVALID,
                         "Participant identifier '%s' does not appear to be a valid, reachable "
                         "phone number; allowed is E.164 such as +819000000001.",
                         shown);
    }
    if (twv_e164_is_refused(identifier)) {
        return twv_error(context->p, TWV_ERROR_IDENTIFIER_INVALID,
                         "Participant identifier '%s' is an emergency, special service or premium "
                         "rate number; these are never called.",
                         shown);
    }
    if (twv_policy_number(context->policy, identifier)) {
        return twv_error(context->p, TWV_ERROR_IDENTIFIER_INVALID,
                         "Participant identifier '%s' is a number of this server (TwVoiceNumber), "
                         "not of a person.",
                         shown);
    }
    return NULL;
}

const twv_error_t *twv_participant_draft_check(const twv_context_t *context, const char *prefix,
                                               const twv_participant_draft_t *draft)
{
    twv_checks_t checks = twv_checks_begin(context->p, prefix);
    const char *number = draft->proxy_identifier;

    if (!draft->identifier || !*draft->identifier) {
        twv_checks_fail(&checks, "Identifier", "It is required.");
    } else {
        twv_checks_fail_with(&checks, check_identifier(context, draft->identifier));
    }
    twv_check_text(&checks, "FriendlyName", draft->friendly_name, TWV_FRIENDLY_NAME_MAX);
    twv_check_sid(&checks, "ProxyIdentifierSid", draft->proxy_identifier_sid, "PN");
    if (number && *number && !twv_e164_is_valid(number)) {
        twv_checks_fail_with(&checks,
                             twv_error(context->p, TWV_ERROR_UNMANAGED_NUMBER,
                                       "Unmanaged Proxy Identifier '%s' not found; "
                                       "allowed is a number of this Service in E.164 form.",
                                       twv_shown(context->p, number)));
    }
    return checks.error;
}

static apr_status_t refuse(twv_participant_place_t *place, const twv_error_t *error)
{
    place->error = error;
    return TWV_STORE_REFUSED;
}

static twv_number_wish_t make_wish(const twv_participant_place_t *place, const char *identifier)
{
    const twv_session_t *session = place->session;
    const char *behavior = place->service->number_selection_behavior;

    return (twv_number_wish_t){
        .identifier = identifier,
        .needs_voice = strcmp(session->mode, "message-only") != 0,
        .needs_sms = strcmp(session->mode, "voice-only") != 0,
        .geo_level = twv_geo_level_from_word(place->service->geo_match_level),
        .avoids_last = behavior && strcmp(behavior, "avoid-sticky") == 0,
        .may_share = !place->exclusive,
    };
}

/* A number that is no longer declared has no capabilities. */
static twv_number_candidate_t make_candidate(const twv_policy_t *policy, const twv_number_t *number)
{
    const twv_owned_number_t *owned = twv_policy_number(policy, number->phone_number);

    return (twv_number_candidate_t){
        .phone_number = number->phone_number,
        .is_reserved = number->is_reserved != 0,
        .voice = owned && owned->voice,
        .sms = owned && owned->sms,
        .in_use = number->in_use,
    };
}

/* The number that was asked for by name. */
static apr_status_t take_named(twv_store_t *store, apr_pool_t *p, twv_participant_place_t *place,
                               const twv_participant_draft_t *draft, twv_number_t **number)
{
    const char *sid = draft->proxy_identifier_sid && *draft->proxy_identifier_sid
                          ? draft->proxy_identifier_sid
                          : NULL;
    const char *phone =
        draft->proxy_identifier && *draft->proxy_identifier ? draft->proxy_identifier : NULL;
    const char *service_sid = place->service->sid;
    twv_number_wish_t wish = make_wish(place, draft->identifier);
    twv_number_candidate_t candidate;
    const twv_error_t *error;
    apr_status_t rv;

    rv = sid ? twv_number_find(store, p, service_sid, sid, number)
             : twv_number_find_by_phone(store, p, place->context->policy->account_sid, phone,
                                        number);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!*number || strcmp((*number)->service_sid, service_sid) != 0) {
        return refuse(place, twv_error(p, TWV_ERROR_PROXY_NOT_IN_SERVICE,
                                       "Proxy identifier '%s' is not associated with service %s. "
                                       "Add it to the PhoneNumbers of the service first.",
                                       sid ? sid : phone, service_sid));
    }
    if (phone && strcmp((*number)->phone_number, phone) != 0) {
        return refuse(place, twv_error(p, TWV_ERROR_PARAMETER,
                                       "'ProxyIdentifier' is invalid. '%s' is not the number of "
                                       "ProxyIdentifierSid %s; give one of the two.",
                                       phone, sid));
    }
    candidate = make_candidate(place->context->policy, *number);
    error = twv_number_lacks(p, &wish, &candidate);
    return error ? refuse(place, error) : APR_SUCCESS;
}

static int contains(const apr_array_header_t *texts, const char *text)
{
    int i;

    for (i = 0; texts && i < texts->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(texts, i, const char *), text) == 0) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t choose(twv_store_t *store, apr_pool_t *p, twv_participant_place_t *place,
                           const char *identifier, twv_number_t **number)
{
    twv_number_wish_t wish = make_wish(place, identifier);
    apr_array_header_t *numbers, *paired = NULL;
    twv_number_candidate_t *candidates;
    const twv_error_t *error;
    apr_status_t rv;
    int i, chosen;

    rv = twv_number_list(store, p, place->service->sid, NULL, NUMBERS_MAX, &numbers);
    /* With one number there is nothing to prefer. */
    if (rv == APR_SUCCESS && (numbers->nelts > 1 || place->exclusive)) {
        rv = twv_participant_paired_numbers(store, p, place->context->policy->account_sid,
                                            identifier, &paired);
    }
    if (rv == APR_SUCCESS && numbers->nelts > 1) {
        rv = twv_participant_last_number(store, p, place->service->sid, identifier,
                                         &wish.last_number);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    candidates = apr_palloc(p, sizeof(*candidates) * (apr_size_t)(numbers->nelts + 1));
    for (i = 0; i < numbers->nelts; i++) {
        const twv_number_t *row = APR_ARRAY_IDX(numbers, i, twv_number_t *);

        candidates[i] = make_candidate(place->context->policy, row);
        candidates[i].is_paired = contains(paired, row->phone_number);
    }
    error = twv_number_choose(p, &wish, candidates, numbers->nelts, &chosen);
    if (error) {
        return refuse(place, error);
    }
    *number = APR_ARRAY_IDX(numbers, chosen, twv_number_t *);
    return APR_SUCCESS;
}

static const twv_error_t *room_for(apr_pool_t *p, const twv_participant_draft_t *draft,
                                   const apr_array_header_t *others)
{
    int i;

    for (i = 0; i < others->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(others, i, twv_participant_t *)->identifier, draft->identifier) ==
            0) {
            return twv_error(p, TWV_ERROR_PARTICIPANT_IN_SESSION,
                             "Participant '%s' has already been added to this Session.",
                             draft->identifier);
        }
    }
    if (others->nelts >= TWV_PARTICIPANTS_MAX) {
        return twv_error(p, TWV_ERROR_TOO_MANY_PARTICIPANTS,
                         "A Session may have at most %d participants", TWV_PARTICIPANTS_MAX);
    }
    return NULL;
}

static apr_status_t insert(twv_store_t *store, apr_pool_t *p, twv_participant_place_t *place,
                           const twv_participant_t *participant)
{
    twv_participant_insert_t outcome;
    apr_status_t rv = twv_participant_insert(store, p, participant, place->session->pin,
                                             place->exclusive, &outcome);

    if (rv != APR_SUCCESS || outcome == TWV_PARTICIPANT_INSERTED) {
        return rv;
    }
    if (outcome == TWV_PARTICIPANT_DUPLICATE) {
        return refuse(place, twv_error(p, TWV_ERROR_DUPLICATE_ENTRY,
                                       "Participant '%s' was in this Session before and was "
                                       "deleted; it cannot be added again.",
                                       participant->identifier));
    }
    return refuse(place, twv_error(p, TWV_ERROR_PARTICIPANT_CONFLICT,
                                   "Possible duplicate Participant created in multiple Sessions: "
                                   "'%s' with proxy identifier %s is in another active Session.",
                                   participant->identifier, participant->proxy_identifier));
}

apr_status_t twv_participant_add(twv_store_t *store, apr_pool_t *p, twv_participant_place_t *place,
                                 const twv_participant_draft_t *draft, apr_array_header_t *others,
                                 twv_participant_t **participant)
{
    /* Those made together get times in their order: it shall not be left to chance. */
    twv_ms_t now = place->context->now + others->nelts;
    const twv_error_t *error = room_for(p, draft, others);
    twv_participant_t *made = apr_pcalloc(p, sizeof(*made));
    twv_number_t *number = NULL;
    int is_named = (draft->proxy_identifier && *draft->proxy_identifier) ||
                   (draft->proxy_identifier_sid && *draft->proxy_identifier_sid);
    apr_status_t rv;

    if (error) {
        return refuse(place, error);
    }
    rv = is_named ? take_named(store, p, place, draft, &number)
                  : choose(store, p, place, draft->identifier, &number);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    made->sid = twv_sid_create(p, "KP", now * 1000);
    made->account_sid = place->service->account_sid;
    made->service_sid = place->service->sid;
    made->session_sid = place->session->sid;
    made->identifier = draft->identifier;
    made->friendly_name =
        draft->friendly_name && *draft->friendly_name ? draft->friendly_name : NULL;
    made->proxy_identifier = number->phone_number;
    made->proxy_identifier_sid = number->sid;
    made->date_created = now;
    made->date_updated = now;
    rv = insert(store, p, place, made);
    if (rv == APR_SUCCESS) {
        APR_ARRAY_PUSH(others, twv_participant_t *) = made;
        *participant = made;
    }
    return rv;
}
