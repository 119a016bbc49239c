/* SPDX-License-Identifier: MIT */
/* Who was erased, known by a keyed pseudonym alone (G-06). */
#include "server/store/sqlite_audit.h"

#include "server/base/clock.h"
#include "server/store/person.h"

bool sqlite_erased(struct sqlite_conn *conn, const struct employee_key *key, bool *is_erased,
        int64_t *at_ms, struct err *err)
{
	static const char SQL[] =
	        "SELECT erased_at_ms FROM erased_people WHERE person = ? AND erased_at_ms > ?";
	char person[AUDIT_PERSON_BYTES];
	*at_ms = 0;
	bool done = audit_person(conn->audit, key->connection, key->employee_id, person, err) &&
	        sqlite_number(conn, SQL,
	                VALUES(TEXT(person), INT(clock_wall_ms() - PERSON_ERASED_MS)), at_ms, err);
	*is_erased = *at_ms > 0;
	return done;
}

bool sqlite_erased_exist(struct sqlite_conn *conn, bool *exist, struct err *err)
{
	static const char SQL[] = "SELECT EXISTS (SELECT 1 FROM erased_people)";
	int64_t number = 0;
	bool done = sqlite_number(conn, SQL, NULL, &number, err);
	*exist = number != 0;
	return done;
}

bool sqlite_erased_lift(struct sqlite_conn *conn, const struct employee_key *key, struct err *err)
{
	static const char SQL[] = "DELETE FROM erased_people WHERE person = ?";
	char person[AUDIT_PERSON_BYTES];
	return audit_person(conn->audit, key->connection, key->employee_id, person, err) &&
	        sqlite_exec(conn, SQL, VALUES(TEXT(person)), err);
}

bool sqlite_erased_refuse(struct sqlite_conn *conn, const struct employee_key *key, struct err *err)
{
	bool is_erased = false;
	int64_t at_ms = 0;
	char date[CLOCK_TEXT_BYTES];
	if (!sqlite_erased(conn, key, &is_erased, &at_ms, err)) {
		return false;
	}
	if (is_erased) {
		date_format(date, date_of_ms(at_ms));
		err_set(err, ERR_CONFLICT,
		        "this person was erased on %s; only a new hire that Bob announces, or %d days,"
		        " bring the id back",
		        date, PERSON_ERASED_DAYS);
	}
	return !is_erased;
}
