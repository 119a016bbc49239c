/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ALARM_TARGET_H
#define SERVER_ALARM_TARGET_H

/*
 * One message to one target: posted as JSON, or mailed. On the caller's thread,
 * for at most TARGET_TOTAL_MS.
 */

#include "server/alarm/message.h"
#include "server/base/transport.h"
#include "server/settings/settings.h"

#include <stdatomic.h>

#define TARGET_CONNECT_MS 5000
#define TARGET_TOTAL_MS   10000

struct target_call {
	const struct alarm_target *target;
	const struct message *message;
	const char *link; /* NULL: none */
	enum transport_plain plain;
	const atomic_bool *stop; /* may be NULL */
};

/* Whether anything of the message is severe enough for it. */
bool target_wants(const struct alarm_target *target, const struct message *message);
/* False: nobody took it, and err says why, without the address. */
bool target_send(const struct target_call *call, struct err *err) MUST_CHECK;

#endif
