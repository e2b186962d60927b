/*
 * Who could be meant: active sessions by caller and dialled number, or by PIN, in one query each.
 * Results live in the pool that is passed.
 */
#ifndef TWV_STORE_ROUTE_H
#define TWV_STORE_ROUTE_H

#include "store/participant.h"
#include "store/service.h"
#include "store/session.h"

/** A session as seen from the one who calls. */
typedef struct {
    twv_session_t session;
    twv_service_t service;
    twv_participant_t caller;  /* sid NULL when found by PIN for an unknown caller */
    twv_participant_t partner; /* sid NULL when the session has no second participant */
} twv_route_t;

/** Most routes that one look-up returns. */
#define TWV_ROUTE_LIMIT 100

/**
 * Active sessions of the account in which @a identifier pairs with @a proxy_identifier, most recent
 * interaction first (then newest), at most TWV_ROUTE_LIMIT. Expired ones are included.
 * @param routes array of twv_route_t *
 */
apr_status_t twv_route_find(twv_store_t *store, apr_pool_t *p, const char *account_sid,
                            const char *identifier, const char *proxy_identifier,
                            apr_array_header_t **routes);

/** Whether any active session with a participant on this number has a PIN. */
apr_status_t twv_route_number_has_pin(twv_store_t *store, apr_pool_t *p, const char *account_sid,
                                      const char *proxy_identifier, int *has_pin);

/**
 * The active session with this PIN on this number, or NULL. An unknown caller stands for the
 * second participant: his partner is the one created first among those on the number.
 */
apr_status_t twv_route_find_by_pin(twv_store_t *store, apr_pool_t *p, const char *account_sid,
                                   const char *proxy_identifier, const char *pin,
                                   twv_route_t **route);

/** The session closed last for this pair (closed or past its time), of the 20 made last, or NULL.
 */
apr_status_t twv_route_find_previous(twv_store_t *store, apr_pool_t *p, const char *account_sid,
                                     const char *identifier, const char *proxy_identifier,
                                     twv_route_t **route);

#endif
