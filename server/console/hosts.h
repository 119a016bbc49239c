/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CONSOLE_HOSTS_H
#define SERVER_CONSOLE_HOSTS_H

/*
 * H-04: a page of another site whose name was made to lead here (DNS rebinding) calls this listener
 * by that name. So the listener answers only to names it was told: its own and those of this
 * machine. Any thread.
 */

#include "server/console/console.h"

/* For console_authorize, first of all: ERR_OK, or ERR_WRONG_HOST with the complaint (static). */
enum err_code console_judge_host(const struct console *console, const struct http_request *request,
        const struct http_route *route, const char **complaint) MUST_CHECK;

#endif
