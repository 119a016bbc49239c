/* SPDX-License-Identifier: MIT */
#ifndef SERVER_INTAKE_HEALTH_H
#define SERVER_INTAKE_HEALTH_H

/*
 * What the public listener says about itself: alive, and whether an event could
 * be stored now. No more than that to strangers. The context is a struct intake.
 */

#include "server/http/http.h"

enum http_verdict intake_health(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict intake_ready(
        struct http_request *request, struct http_reply *reply, void *context);

#endif
