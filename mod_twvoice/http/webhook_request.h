/*
 * The parameters of Twilio's webhooks, checked: what is missing or malformed is refused with the
 * name of the parameter, its value and what is allowed. Results live in the request's pool.
 */
#ifndef TWV_HTTP_WEBHOOK_REQUEST_H
#define TWV_HTTP_WEBHOOK_REQUEST_H

#include "httpd.h"

#include "calls/call_log.h"
#include "calls/messages.h"
#include "calls/voice.h"

/** Where the parameters come from: Twilio's own, and those that we put into our URLs. */
typedef struct {
    apr_pool_t *p;
    const twv_form_t *form;  /* Twilio's: body of a POST, query of a GET */
    const twv_form_t *query; /* ours */
    const char *problem;     /* set by the first check that fails */
} twv_webhook_parameters_t;

/** /voice, /menu, /pin. @return non-zero when parameters->problem is set */
int twv_webhook_voice_request(twv_webhook_parameters_t *parameters, twv_voice_request_t *request);

/** /dial */
int twv_webhook_dial_report(twv_webhook_parameters_t *parameters, twv_dial_report_t *report);

/** /status of a call */
int twv_webhook_leg_report(twv_webhook_parameters_t *parameters, twv_leg_report_t *report);

/** /sms */
int twv_webhook_message_request(twv_webhook_parameters_t *parameters,
                                twv_message_request_t *request);

/** /status of a message */
int twv_webhook_message_report(twv_webhook_parameters_t *parameters, const char **message_sid,
                               const char **status, const char **interaction_sid);

#endif
