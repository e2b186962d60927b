/*
 * Which proxy number of a service a participant gets: a pure choice from candidates, without
 * database or configuration (twilio.com/docs/proxy/api/participant, /docs/proxy/api/phone-number).
 * Reentrant.
 */
#ifndef TWV_CALLS_NUMBER_CHOICE_H
#define TWV_CALLS_NUMBER_CHOICE_H

#include "twilio/e164.h"
#include "twilio/error.h"

/** A number of the service. */
typedef struct {
    const char *phone_number;
    int is_reserved; /* only for those who ask for it by name */
    int voice;       /* capabilities */
    int sms;
    int is_paired;      /* with this identifier in another active session */
    apr_int64_t in_use; /* active sessions that use it */
} twv_number_candidate_t;

/** For whom and for what. */
typedef struct {
    const char *identifier; /* the person's number, E.164 */
    int needs_voice;
    int needs_sms;
    twv_geo_level_t geo_level;
    const char *last_number; /* that the person had before in this service, or NULL */
    int avoids_last;         /* NumberSelectionBehavior=avoid-sticky */
    int may_share;           /* a paired number may be used when there is no other */
} twv_number_wish_t;

/**
 * Choose. Only unreserved numbers with the needed capabilities, of the person's country and near
 * enough; of these one that does not pair yet, then the one the person had before (or another),
 * then the least used, then the first.
 * @param chosen set to the index of the candidate
 * @return NULL, or the error of the first condition that none fulfils (80205, 80207, 80201, 80202,
 *         80203, 80206, 80208)
 */
const twv_error_t *twv_number_choose(apr_pool_t *p, const twv_number_wish_t *wish,
                                     const twv_number_candidate_t *candidates, int count,
                                     int *chosen);

/** What a number that was asked for by name lacks (80201, 80202), or NULL. */
const twv_error_t *twv_number_lacks(apr_pool_t *p, const twv_number_wish_t *wish,
                                    const twv_number_candidate_t *candidate);

/** From Proxy's word; the country for NULL and unknown words. */
twv_geo_level_t twv_geo_level_from_word(const char *word);

#endif
