/* SPDX-License-Identifier: MIT */
#ifndef SERVER_STORE_SQLITE_SCRATCH_H
#define SERVER_STORE_SQLITE_SCRATCH_H

/* What the files of the scratch share; private to server/store/sqlite_scratch*.c. */

#include "server/store/scratch.h"
#include "server/store/sqlite.h"
#include "server/store/sweeps.h"

struct scratch {
	struct sqlite_conn conn;
};

/* Takes the first column of each row; the statement is done with. */
bool sqlite_scratch_read_ids(struct sqlite_conn *conn, struct sqlite3_stmt *stmt,
        struct scratch_ids *ids, struct err *err) MUST_CHECK;
/* finding_id, kind, employee_id, okta_id, login, detail; the statement is done with. */
bool sqlite_findings_read(struct sqlite_conn *conn, struct sqlite3_stmt *stmt,
        struct finding_list *findings, struct err *err) MUST_CHECK;
/* Folded into `to`; NULL for a text that is NULL or blank. */
const char *sqlite_scratch_fold(char *to, size_t size, const char *text);

#endif
