/* SPDX-License-Identifier: MIT */
#ifndef SERVER_HTTP_TICKET_H
#define SERVER_HTTP_TICKET_H

/*
 * The registry of suspended requests (H12, engine rule 13). Each has a deadline
 * and one decision: whoever of the answerer, the deadline thread and stop comes
 * first resumes the connection, the others only let go of their reference. The
 * registry outlives the listener until the last ticket is released, because a
 * writer may answer after the listener is gone.
 */

#include "server/base/attr.h"
#include "server/base/err.h"
#include "server/http/http.h"

#include <stdint.h>

struct MHD_Connection;
struct tickets;

struct tickets *tickets_start(struct err *err) MUST_CHECK;
/* Decides all open tickets with ERR_STOPPED; from then on none is given out. */
void tickets_close(struct tickets *tickets);
/* After tickets_close and once no request holds a ticket. Accepts NULL. */
void tickets_stop(struct tickets *tickets);

/*
 * Suspends the connection. Two references: the caller of the handler's and the
 * request's. NULL when closed or out of memory: nothing was suspended.
 */
struct http_ticket *ticket_open(
        struct tickets *tickets, struct MHD_Connection *connection, int64_t timeout_ms) MUST_CHECK;
/* What was decided; only after the connection was resumed. */
enum err_code ticket_code(struct http_ticket *ticket);
/* Lets go of the request's reference. Accepts NULL. */
void ticket_release(struct http_ticket *ticket);

#endif
