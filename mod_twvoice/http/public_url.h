/*
 * The URL of a request as the outside sees it, for this floor only. All strings live in the pool of
 * the request that is passed.
 */
#ifndef TWV_HTTP_PUBLIC_URL_H
#define TWV_HTTP_PUBLIC_URL_H

#include "httpd.h"

/** Path and query exactly as requested: no rewriting, no normalisation. */
const char *twv_public_target(const request_rec *initial);

/** The query of that target, "" when there is none. */
const char *twv_public_query(const request_rec *initial);

/** host[:port] that the client named, else the server's own name. */
const char *twv_public_host(request_rec *initial);

#endif
