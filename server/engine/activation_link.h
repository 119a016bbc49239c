/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_ACTIVATION_LINK_H
#define SERVER_ENGINE_ACTIVATION_LINK_H

/*
 * The way in without mail: the one-time activation link of somebody who is to
 * be activated now, or was and has not come yet. It is handed out once and kept
 * nowhere; Okta forgets the one before, also one that was mailed.
 */

#include "server/engine/engine.h"

/*
 * *link is the caller's to finish, and set only with true. ERR_CONFLICT with the reason where the
 * policy gives no link. Runs on the caller's thread.
 */
bool engine_activation_link(struct engine *engine, const struct employee_key *key,
        struct secret *link, struct err *err) MUST_CHECK;

#endif
