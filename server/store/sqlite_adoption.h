/* SPDX-License-Identifier: MIT */
#ifndef SERVER_STORE_SQLITE_ADOPTION_H
#define SERVER_STORE_SQLITE_ADOPTION_H

/* What the files of the adoption share; private to server/store/sqlite_adoption*.c. */

#include "server/store/adoption.h"
#include "server/store/sqlite.h"

/* ROW_NONE: not in the list. Finish the person in every case. */
enum sqlite_row sqlite_adoption_load(struct sqlite_conn *conn, const struct employee_key *key,
        struct adoption_person *person, struct err *err) MUST_CHECK;

/* The condition of a filter, for ?1 to ?8 as sqlite_adoption_bind gives them. */
#define ADOPTION_MATCHES                                                                \
	" connection = ?1 AND (?2 IS NULL OR class = ?2) AND (?3 IS NULL OR rule = ?3)" \
	" AND (?4 = 2 OR is_left = ?4) AND (?5 = 0 OR is_sourced_elsewhere = 1)"        \
	" AND (?6 = 0 OR is_wanted = 1) AND (?7 IS NULL OR decision = ?7)"              \
	" AND (?8 IS NULL OR state = ?8)"
#define ADOPTION_FILTER_VALUES 8
void sqlite_adoption_bind(
        const struct adoption_filter *filter, struct sqlite_value values[ADOPTION_FILTER_VALUES]);

#endif
