/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CONSOLE_AUDIT_H
#define SERVER_CONSOLE_AUDIT_H

/*
 * Records of the audit trail as the console gives them: which are meant, one after the other, and
 * how they are shown to whom. On the thread of the request; blocks on the store.
 */

#include "server/console/args.h"
#include "server/store/audit.h"

#define AUDIT_TEXT_BYTES 64

struct audit_choice {
	struct audit_filter filter; /* its texts are the request's; limit: of records that match */
	char text[AUDIT_TEXT_BYTES]; /* folded; part of what a record shows; "": any */
};
/* What the members have in common, once they are read: order, person, text. */
bool audit_choice_finish(struct args *args, struct audit_choice *choice, const char *order,
        const char *text) MUST_CHECK;

/* Takes the reference; false: no more. */
typedef bool (*audit_take)(void *context, json_t *record);
/*
 * Gives the records that are meant, as json. *next: the number behind which to go on; 0: that was
 * the end. With a text a call looks at so many records, and may find none of them.
 */
bool audit_walk(struct args *args, const struct audit_choice *choice, audit_take take,
        void *context, int64_t *next) MUST_CHECK;

#endif
