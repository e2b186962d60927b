/*
 * The pure choice of a proxy number: conditions in order, then preferences. Errors live in the
 * caller's pool; any thread.
 */
#include "calls/number_choice.h"

#include <string.h>

#define INTRODUCTION "This Service has no compatible Proxy numbers for this Participant. "

typedef struct {
    int (*holds)(const twv_number_wish_t *wish, const twv_number_candidate_t *candidate);
    const twv_error_t *(*error)(apr_pool_t *p, const twv_number_wish_t *wish);
} condition_t;

static int is_unreserved(const twv_number_wish_t *wish, const twv_number_candidate_t *candidate)
{
    (void)wish;
    return !candidate->is_reserved;
}

static const twv_error_t *only_reserved(apr_pool_t *p, const twv_number_wish_t *wish)
{
    (void)wish;
    return twv_error(p, TWV_ERROR_ONLY_RESERVED,
                     INTRODUCTION "All Proxy numbers of this Service are reserved. Name one with "
                                  "ProxyIdentifier or add an unreserved number.");
}

static int has_voice(const twv_number_wish_t *wish, const twv_number_candidate_t *candidate)
{
    return !wish->needs_voice || candidate->voice;
}

static const twv_error_t *no_voice(apr_pool_t *p, const twv_number_wish_t *wish)
{
    (void)wish;
    return twv_error(p, TWV_ERROR_NO_VOICE_PROXY,
                     INTRODUCTION "This Service has no available Proxy numbers having voice "
                                  "capabilities (TwVoiceNumber declares them).");
}

static int has_sms(const twv_number_wish_t *wish, const twv_number_candidate_t *candidate)
{
    return !wish->needs_sms || candidate->sms;
}

static const twv_error_t *no_sms(apr_pool_t *p, const twv_number_wish_t *wish)
{
    return twv_error(
        p, TWV_ERROR_NO_MESSAGE_PROXY,
        INTRODUCTION "This Service has no available Proxy numbers having sms capabilities "
                     "(TwVoiceNumber declares them).%s",
        wish->needs_voice ? " A Session with Mode=voice-only does not need them." : "");
}

static int is_of_country(const twv_number_wish_t *wish, const twv_number_candidate_t *candidate)
{
    return twv_e164_geo_matches(candidate->phone_number, wish->identifier, TWV_GEO_COUNTRY);
}

static const twv_error_t *none_of_country(apr_pool_t *p, const twv_number_wish_t *wish)
{
    const char *code = twv_e164_calling_code(p, wish->identifier);
    const char *country = twv_e164_iso_country(wish->identifier);

    return twv_error(p, TWV_ERROR_NO_PROXY_FOR_COUNTRY,
                     INTRODUCTION "This Service has no available Proxy numbers with the country "
                                  "calling code +%s (%s) of this Participant. Add such a number or "
                                  "name another one with ProxyIdentifier.",
                     code ? code : "?", *country ? country : "unknown country");
}

static int is_near(const twv_number_wish_t *wish, const twv_number_candidate_t *candidate)
{
    return twv_e164_geo_matches(candidate->phone_number, wish->identifier, wish->geo_level);
}

static const twv_error_t *none_near(apr_pool_t *p, const twv_number_wish_t *wish)
{
    return twv_error(p, TWV_ERROR_NO_AVAILABLE_PROXY,
                     INTRODUCTION
                     "Failed to find a proxy number for %s: none meets the GeoMatchLevel of this "
                     "Service. GeoMatchLevel=country is the widest.",
                     wish->identifier);
}

static int is_usable(const twv_number_wish_t *wish, const twv_number_candidate_t *candidate)
{
    return wish->may_share || !candidate->is_paired;
}

static const twv_error_t *all_used(apr_pool_t *p, const twv_number_wish_t *wish)
{
    return twv_error(p, TWV_ERROR_NO_UNUSED_PROXY,
                     INTRODUCTION
                     "Failed to find a proxy number for %s. All matching proxies for this "
                     "Participant are already in use with it in active Sessions.",
                     wish->identifier);
}

static const condition_t conditions[] = {
    {is_unreserved, only_reserved},   {has_voice, no_voice}, {has_sms, no_sms},
    {is_of_country, none_of_country}, {is_near, none_near},  {is_usable, all_used},
};

#define CONDITION_COUNT ((int)(sizeof(conditions) / sizeof(*conditions)))

/* How many conditions hold in a row from the first. */
static int conditions_met(const twv_number_wish_t *wish, const twv_number_candidate_t *candidate)
{
    int met = 0;

    while (met < CONDITION_COUNT && conditions[met].holds(wish, candidate)) {
        met++;
    }
    return met;
}

/* Whether the service's selection behaviour speaks for this number. */
static int is_favoured(const twv_number_wish_t *wish, const twv_number_candidate_t *candidate)
{
    int is_last = wish->last_number && strcmp(wish->last_number, candidate->phone_number) == 0;

    return wish->avoids_last ? !is_last : is_last;
}

static int is_better(const twv_number_wish_t *wish, const twv_number_candidate_t *candidate,
                     const twv_number_candidate_t *best)
{
    if (!candidate->is_paired != !best->is_paired) {
        return !candidate->is_paired;
    }
    if (is_favoured(wish, candidate) != is_favoured(wish, best)) {
        return is_favoured(wish, candidate);
    }
    return candidate->in_use < best->in_use;
}

const twv_error_t *twv_number_choose(apr_pool_t *p, const twv_number_wish_t *wish,
                                     const twv_number_candidate_t *candidates, int count,
                                     int *chosen)
{
    int most_met = 0;
    int best = -1;
    int i;

    for (i = 0; i < count; i++) {
        int met = conditions_met(wish, &candidates[i]);

        if (met > most_met) {
            most_met = met;
        }
        if (met == CONDITION_COUNT &&
            (best < 0 || is_better(wish, &candidates[i], &candidates[best]))) {
            best = i;
        }
    }
    if (best >= 0) {
        *chosen = best;
        return NULL;
    }
    if (count == 0) {
        return twv_error(p, TWV_ERROR_NO_PROXIES,
                         INTRODUCTION "This Service has no Proxy numbers configured.");
    }
    return conditions[most_met].error(p, wish);
}

const twv_error_t *twv_number_lacks(apr_pool_t *p, const twv_number_wish_t *wish,
                                    const twv_number_candidate_t *candidate)
{
    if (!has_voice(wish, candidate)) {
        return no_voice(p, wish);
    }
    return has_sms(wish, candidate) ? NULL : no_sms(p, wish);
}

twv_geo_level_t twv_geo_level_from_word(const char *word)
{
    static const struct {
        const char *word;
        twv_geo_level_t level;
    } levels[] = {
        {"area-code", TWV_GEO_AREA_CODE},
        {"extended-area-code", TWV_GEO_EXTENDED_AREA_CODE},
        {"overlay", TWV_GEO_OVERLAY},
        {"radius", TWV_GEO_RADIUS},
    };
    apr_size_t i;

    for (i = 0; word && i < sizeof(levels) / sizeof(*levels); i++) {
        if (strcmp(word, levels[i].word) == 0) {
            return levels[i].level;
        }
    }
    return TWV_GEO_COUNTRY;
}
