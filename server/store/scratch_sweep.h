/* SPDX-License-Identifier: MIT */
#ifndef SERVER_STORE_SCRATCH_SWEEP_H
#define SERVER_STORE_SCRATCH_SWEEP_H

/*
 * What a sweep keeps in its scratch file until all was read: findings, and
 * whom it will mark. As scratch.h.
 */

#include "server/store/scratch.h"
#include "server/store/sweeps.h"

/* What is looked for twice among people; folded. NULL: nothing. */
bool scratch_note_person(struct scratch *scratch, const char *employee_id, const char *email,
        const char *number, struct err *err) MUST_CHECK;
/* The next people, behind that id, who share an address or a number with somebody else. */
enum scratch_shared { SCRATCH_SHARED_EMAIL, SCRATCH_SHARED_NUMBER };
bool scratch_next_shared(struct scratch *scratch, enum scratch_shared what, const char *after,
        struct scratch_ids *ids, struct err *err) MUST_CHECK;

bool scratch_add_finding(
        struct scratch *scratch, const struct finding *finding, struct err *err) MUST_CHECK;
/* In the order they were added, behind that id. */
bool scratch_next_findings(struct scratch *scratch, int64_t after_id, size_t limit,
        struct finding_list *findings, struct err *err) MUST_CHECK;

/* Once again: the larger doubt stays. */
bool scratch_add_mark(struct scratch *scratch, const char *employee_id, enum doubt doubt,
        struct err *err) MUST_CHECK;
struct scratch_mark {
	char employee_id[EMPLOYEE_ID_BYTES];
	enum doubt doubt;
};
/* Into an array of `limit`; *count: how many there were. */
bool scratch_next_marks(struct scratch *scratch, const char *after, struct scratch_mark *marks,
        size_t limit, size_t *count, struct err *err) MUST_CHECK;

#endif
