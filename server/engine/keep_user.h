/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_KEEP_USER_H
#define SERVER_ENGINE_KEEP_USER_H

/* An Okta user as the scratch file of a comparison keeps it: for sweeps and adoptions. Any thread.
 */

#include "server/engine/connection.h"
#include "server/store/scratch.h"

/*
 * kept: what of the profile the caller wants back; taken in every case, NULL: out of memory. False
 * then; finish the user in every case.
 */
bool keep_user_fill(struct scratch_user *to, const struct connection *connection,
        const struct okta_user *from, json_t *kept) MUST_CHECK;

#endif
