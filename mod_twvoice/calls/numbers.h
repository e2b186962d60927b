/*
 * The rules of a service's proxy numbers: only declared numbers, each in one service, none taken
 * away while a session uses it. Each function is one transaction; results live in the context's
 * pool.
 */
#ifndef TWV_CALLS_NUMBERS_H
#define TWV_CALLS_NUMBERS_H

#include "calls/context.h"
#include "store/number.h"

/* Limits of a service (twilio.com/docs/proxy). */
#define TWV_RESERVED_NUMBERS_MAX 5000
#define TWV_UNRESERVED_NUMBERS_MAX 500

/**
 * Add a declared number to a service.
 * @param sid, phone_number one of the two, the other NULL; both when they mean the same number
 */
const twv_error_t *twv_numbers_add(const twv_context_t *context, const char *service_sid,
                                   const char *sid, const char *phone_number, int is_reserved,
                                   twv_number_t **number);

/** @param is_reserved 1, 0, or -1 to leave it */
const twv_error_t *twv_numbers_update(const twv_context_t *context, const char *service_sid,
                                      const char *sid, int is_reserved, twv_number_t **number);

/** Refused while an active session uses the number (80611). */
const twv_error_t *twv_numbers_remove(const twv_context_t *context, const char *service_sid,
                                      const char *sid);

#endif
