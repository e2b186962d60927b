/*
 * Questions to the operator's policy. Nothing is allocated; any thread. The lists are as long as
 * the configuration file makes them, so they are searched from front to back.
 */
#include "calls/policy.h"

#include <string.h>

#include "twilio/e164.h"

const twv_owned_number_t *twv_policy_number(const twv_policy_t *policy, const char *phone_number)
{
    int i;

    for (i = 0; i < policy->numbers->nelts; i++) {
        const twv_owned_number_t *number = &APR_ARRAY_IDX(policy->numbers, i, twv_owned_number_t);

        if (strcmp(number->phone_number, phone_number) == 0) {
            return number;
        }
    }
    return NULL;
}

const twv_owned_number_t *twv_policy_number_by_sid(const twv_policy_t *policy, const char *sid)
{
    int i;

    for (i = 0; i < policy->numbers->nelts; i++) {
        const twv_owned_number_t *number = &APR_ARRAY_IDX(policy->numbers, i, twv_owned_number_t);

        if (strcmp(number->sid, sid) == 0) {
            return number;
        }
    }
    return NULL;
}

int twv_policy_may_call(const twv_policy_t *policy, const char *number)
{
    int is_allow_list = 0;
    int i;

    if (!twv_e164_is_valid(number) || twv_e164_is_refused(number)) {
        return 0;
    }
    for (i = 0; i < policy->prefix_rules->nelts; i++) {
        const twv_prefix_rule_t *rule = &APR_ARRAY_IDX(policy->prefix_rules, i, twv_prefix_rule_t);

        if (strncmp(number, rule->prefix, strlen(rule->prefix)) == 0) {
            return rule->allowed;
        }
        is_allow_list |= rule->allowed;
    }
    return !is_allow_list;
}
