/* SPDX-License-Identifier: MIT */
#include "server/store/scratch_sweep.h"

#include "server/base/str.h"
#include "server/store/sqlite_scratch.h"

#include <sqlite3.h>

#define TEXT_MAX_BYTES 1024
#define SHARED_AT_ONCE 200

bool scratch_note_person(struct scratch *scratch, const char *employee_id, const char *email,
        const char *number, struct err *err)
{
	static const char SQL[] =
	        "UPDATE employees SET email = ?2, number = ?3 WHERE employee_id = ?1";
	char emails[TEXT_MAX_BYTES];
	char numbers[TEXT_MAX_BYTES];

	return sqlite_exec(&scratch->conn, SQL,
	        VALUES(TEXT(employee_id), TEXT(sqlite_scratch_fold(emails, sizeof(emails), email)),
	                TEXT(sqlite_scratch_fold(numbers, sizeof(numbers), number))),
	        err);
}

bool scratch_next_shared(struct scratch *scratch, enum scratch_shared what, const char *after,
        struct scratch_ids *ids, struct err *err)
{
	static const char SQL_EMAIL[] =
	        "SELECT employee_id FROM employees WHERE employee_id > ?1 AND email IN (SELECT email"
	        " FROM employees WHERE email IS NOT NULL GROUP BY email HAVING count(*) > 1)"
	        " ORDER BY employee_id LIMIT ?2";
	static const char SQL_NUMBER[] =
	        "SELECT employee_id FROM employees WHERE employee_id > ?1 AND number IN (SELECT"
	        " number FROM employees WHERE number IS NOT NULL GROUP BY number HAVING count(*) > 1)"
	        " ORDER BY employee_id LIMIT ?2";
	struct sqlite3_stmt *stmt =
	        sqlite_query(&scratch->conn, what == SCRATCH_SHARED_EMAIL ? SQL_EMAIL : SQL_NUMBER,
	                VALUES(TEXT(after), INT(SHARED_AT_ONCE)), err);

	return sqlite_scratch_read_ids(&scratch->conn, stmt, ids, err);
}

bool scratch_add_finding(struct scratch *scratch, const struct finding *finding, struct err *err)
{
	static const char SQL[] = "INSERT INTO findings (kind, employee_id, okta_id, login, detail)"
	                          " VALUES (?, ?, ?, ?, ?)";

	return sqlite_exec(&scratch->conn, SQL,
	        VALUES(TEXT(finding_kind_name(finding->kind)), TEXT(finding->employee_id),
	                TEXT(finding->okta_id), TEXT(finding->login.text), TEXT(finding->detail)),
	        err);
}

bool scratch_next_findings(struct scratch *scratch, int64_t after_id, size_t limit,
        struct finding_list *findings, struct err *err)
{
	static const char SQL[] =
	        "SELECT finding_id, kind, employee_id, okta_id, login, detail FROM"
	        " findings WHERE finding_id > ? ORDER BY finding_id LIMIT ?";
	struct sqlite3_stmt *stmt =
	        sqlite_query(&scratch->conn, SQL, VALUES(INT(after_id), INT((int64_t)limit)), err);

	return sqlite_findings_read(&scratch->conn, stmt, findings, err);
}

bool scratch_add_mark(
        struct scratch *scratch, const char *employee_id, enum doubt doubt, struct err *err)
{
	static const char SQL[] = "INSERT INTO marks (employee_id, doubt) VALUES (?1, ?2)"
	                          " ON CONFLICT (employee_id) DO UPDATE SET"
	                          " doubt = max(doubt, excluded.doubt)";

	return sqlite_exec(
	        &scratch->conn, SQL, VALUES(TEXT(employee_id), INT((int64_t)doubt)), err);
}

bool scratch_next_marks(struct scratch *scratch, const char *after, struct scratch_mark *marks,
        size_t limit, size_t *count, struct err *err)
{
	static const char SQL[] = "SELECT employee_id, doubt FROM marks WHERE employee_id > ?"
	                          " ORDER BY employee_id LIMIT ?";
	struct sqlite3_stmt *stmt =
	        sqlite_query(&scratch->conn, SQL, VALUES(TEXT(after), INT((int64_t)limit)), err);
	enum sqlite_row row = ROW_FAILED;

	*count = 0;
	while (stmt != NULL && *count < limit &&
	        (row = sqlite_step(&scratch->conn, stmt, err)) == ROW_FOUND) {
		struct scratch_mark *mark = &marks[(*count)++];
		str_format_cut(mark->employee_id, sizeof(mark->employee_id), "%s",
		        (const char *)sqlite3_column_text(stmt, 0));
		mark->doubt = (enum doubt)sqlite3_column_int(stmt, 1);
	}
	sqlite_done(stmt);
	return row != ROW_FAILED;
}
