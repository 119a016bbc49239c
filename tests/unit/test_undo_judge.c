/* SPDX-License-Identifier: MIT */
/* Which actions may be taken back, as far as our own records tell. */
#include "server/engine/undo.h"

#include "server/base/str.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define USER "00u1adaking"

/* One action; the texts of body and before are JSON or NULL. */
struct row {
	int64_t id;
	enum action_kind kind;
	enum outcome_state state;
	const char *body;
	const char *before;
	const char *group_id;
	int64_t undoes;
	const char *okta_id; /* NULL: USER */
};

static struct action_record record_of(const struct row *row)
{
	struct action_record record = {
	        .intent = {.intent_id = row->id, .kind = row->kind, .undoes = row->undoes},
	        .outcome = {.state = row->state}};

	ck_assert(personal_set(&record.intent.body, row->body));
	ck_assert(personal_set(&record.intent.before, row->before));
	str_format_cut(record.intent.okta_id, sizeof(record.intent.okta_id), "%s",
	        row->okta_id != NULL ? row->okta_id : USER);
	str_format_cut(record.intent.group_id, sizeof(record.intent.group_id), "%s",
	        row->group_id != NULL ? row->group_id : "");
	return record;
}

/* The judgement about the first row; later ones are given as they come, newest last. */
static struct undo_verdict judge(const struct row *rows, size_t count)
{
	struct action_record records[4] = {0};
	struct action_list list = {records, count};
	struct undo_verdict verdict;

	for (size_t i = 0; i < count; i++) {
		records[count - 1 - i] = record_of(&rows[i]);
	}
	undo_judge(&list, &records[count - 1], USER, &verdict);
	for (size_t i = 0; i < count; i++) {
		intent_finish(&records[i].intent);
	}
	return verdict;
}

#define BEFORE "{\"status\":\"ACTIVE\",\"profile\":{\"title\":\"Old\"}}"
#define BODY   "{\"title\":\"New\",\"city\":\"Rome\"}"

static const struct single_case {
	struct row row;
	const char *why; /* "": it may be undone */
} SINGLE_CASES[] = {
        {{1, ACTION_SUSPEND, OUTCOME_DONE, NULL, BEFORE, NULL, 0, NULL}, ""},
        {{1, ACTION_DEACTIVATE, OUTCOME_DONE, NULL, BEFORE, NULL, 0, NULL}, ""},
        {{1, ACTION_UPDATE, OUTCOME_DONE, BODY, BEFORE, NULL, 0, NULL}, ""},
        {{1, ACTION_JOIN_GROUP, OUTCOME_DONE, NULL, NULL, "g1", 0, NULL}, ""},
        {{1, ACTION_LEAVE_GROUP, OUTCOME_DONE, NULL, NULL, "g1", 0, NULL}, ""},
        {{1, ACTION_CREATE, OUTCOME_DONE, BODY, NULL, NULL, 0, NULL}, "never deleted"},
        {{1, ACTION_ACTIVATE, OUTCOME_DONE, NULL, NULL, NULL, 0, NULL}, "no way back"},
        {{1, ACTION_UNSUSPEND, OUTCOME_DONE, NULL, NULL, NULL, 0, NULL},
                "close the account instead"},
        {{1, ACTION_REACTIVATE, OUTCOME_DONE, NULL, NULL, NULL, 0, NULL}, "called back"},
        {{1, ACTION_END_SESSIONS, OUTCOME_DONE, NULL, NULL, NULL, 0, NULL}, "sign in again"},
        {{1, ACTION_LINK, OUTCOME_DONE, NULL, NULL, NULL, 0, NULL}, "unlink the person"},
        {{1, ACTION_UNLINK, OUTCOME_DONE, NULL, NULL, NULL, 0, NULL}, "link the person again"},
        {{1, ACTION_SUSPEND, OUTCOME_OPEN, NULL, BEFORE, NULL, 0, NULL}, "not known yet"},
        {{1, ACTION_SUSPEND, OUTCOME_REFUSED, NULL, BEFORE, NULL, 0, NULL}, "Okta refused"},
        {{1, ACTION_SUSPEND, OUTCOME_NOT_SENT, NULL, BEFORE, NULL, 0, NULL}, "never sent"},
        {{1, ACTION_SUSPEND, OUTCOME_DRY_RUN, NULL, BEFORE, NULL, 0, NULL}, "only told"},
        {{1, ACTION_DEACTIVATE, OUTCOME_DONE, NULL, "{\"status\":\"STAGED\"}", NULL, 0, NULL},
                "never open"},
        {{1, ACTION_DEACTIVATE, OUTCOME_DONE, NULL, "{\"status\":\"SUSPENDED\"}", NULL, 0, NULL},
                "was SUSPENDED"},
        {{1, ACTION_UPDATE, OUTCOME_DONE, BODY, NULL, NULL, 0, NULL}, "not kept"},
        {{1, ACTION_DEACTIVATE, OUTCOME_DONE, NULL, NULL, NULL, 0, NULL}, "not kept"},
        {{1, ACTION_SUSPEND, OUTCOME_DONE, NULL, NULL, NULL, 0, NULL}, ""},
        {{1, ACTION_SUSPEND, OUTCOME_DONE, NULL, BEFORE, NULL, 0, "00uother"}, "not linked"},
};

START_TEST(an_action_by_itself)
{
	const struct single_case *row = &SINGLE_CASES[_i];
	struct undo_verdict verdict = judge(&row->row, 1);

	ck_assert_int_eq(verdict.is_possible, row->why[0] == '\0');
	ck_assert_msg(strstr(verdict.why, row->why) != NULL, "%s", verdict.why);
	ck_assert_int_eq(verdict.undone_by, 0);
	ck_assert_int_eq(verdict.superseded_by, 0);
}
END_TEST

static const struct later_case {
	struct row rows[2];
	int64_t undone_by;
	int64_t superseded_by;
} LATER_CASES[] = {
        /* the same account's status */
        {{{1, ACTION_SUSPEND, OUTCOME_DONE, NULL, BEFORE, NULL, 0, NULL},
                 {2, ACTION_DEACTIVATE, OUTCOME_DONE, NULL, BEFORE, NULL, 0, NULL}},
                0, 2},
        {{{1, ACTION_DEACTIVATE, OUTCOME_DONE, NULL, BEFORE, NULL, 0, NULL},
                 {2, ACTION_ACTIVATE, OUTCOME_OPEN, NULL, NULL, NULL, 0, NULL}},
                0, 2},
        /* what changed nothing takes nobody's place */
        {{{1, ACTION_DEACTIVATE, OUTCOME_DONE, NULL, BEFORE, NULL, 0, NULL},
                 {2, ACTION_ACTIVATE, OUTCOME_REFUSED, NULL, NULL, NULL, 0, NULL}},
                0, 0},
        {{{1, ACTION_DEACTIVATE, OUTCOME_DONE, NULL, BEFORE, NULL, 0, NULL},
                 {2, ACTION_ACTIVATE, OUTCOME_DRY_RUN, NULL, NULL, NULL, 0, NULL}},
                0, 0},
        /* another kind, another user */
        {{{1, ACTION_DEACTIVATE, OUTCOME_DONE, NULL, BEFORE, NULL, 0, NULL},
                 {2, ACTION_UPDATE, OUTCOME_DONE, BODY, BEFORE, NULL, 0, NULL}},
                0, 0},
        {{{1, ACTION_DEACTIVATE, OUTCOME_DONE, NULL, BEFORE, NULL, 0, NULL},
                 {2, ACTION_DEACTIVATE, OUTCOME_DONE, NULL, BEFORE, NULL, 0, "00uother"}},
                0, 0},
        /* all of the attributes, or some of them */
        {{{1, ACTION_UPDATE, OUTCOME_DONE, BODY, BEFORE, NULL, 0, NULL},
                 {2, ACTION_UPDATE, OUTCOME_DONE,
                         "{\"city\":\"Oslo\",\"title\":\"X\",\"zip\":\"1\"}", BEFORE, NULL, 0,
                         NULL}},
                0, 2},
        {{{1, ACTION_UPDATE, OUTCOME_DONE, BODY, BEFORE, NULL, 0, NULL},
                 {2, ACTION_UPDATE, OUTCOME_DONE, "{\"city\":\"Oslo\"}", BEFORE, NULL, 0, NULL}},
                0, 0},
        /* the same group, or another one */
        {{{1, ACTION_JOIN_GROUP, OUTCOME_DONE, NULL, NULL, "g1", 0, NULL},
                 {2, ACTION_LEAVE_GROUP, OUTCOME_DONE, NULL, NULL, "g1", 0, NULL}},
                0, 2},
        {{{1, ACTION_JOIN_GROUP, OUTCOME_DONE, NULL, NULL, "g1", 0, NULL},
                 {2, ACTION_LEAVE_GROUP, OUTCOME_DONE, NULL, NULL, "g2", 0, NULL}},
                0, 0},
        /* undone, being undone, and an undo that failed */
        {{{1, ACTION_DEACTIVATE, OUTCOME_DONE, NULL, BEFORE, NULL, 0, NULL},
                 {2, ACTION_ACTIVATE, OUTCOME_DONE, NULL, NULL, NULL, 1, NULL}},
                2, 0},
        {{{1, ACTION_DEACTIVATE, OUTCOME_DONE, NULL, BEFORE, NULL, 0, NULL},
                 {2, ACTION_ACTIVATE, OUTCOME_OPEN, NULL, NULL, NULL, 1, NULL}},
                2, 0},
        {{{1, ACTION_DEACTIVATE, OUTCOME_DONE, NULL, BEFORE, NULL, 0, NULL},
                 {2, ACTION_ACTIVATE, OUTCOME_NOT_SENT, NULL, NULL, NULL, 1, NULL}},
                0, 0},
        /* a group that came along with an undo is not the undo */
        {{{1, ACTION_DEACTIVATE, OUTCOME_DONE, NULL, BEFORE, NULL, 0, NULL},
                 {2, ACTION_JOIN_GROUP, OUTCOME_DONE, NULL, NULL, "g1", 1, NULL}},
                0, 0},
};

START_TEST(an_action_and_a_later_one)
{
	const struct later_case *row = &LATER_CASES[_i];
	struct undo_verdict verdict = judge(row->rows, 2);
	char id[24];

	ck_assert_int_eq(verdict.undone_by, row->undone_by);
	ck_assert_int_eq(verdict.superseded_by, row->superseded_by);
	ck_assert_int_eq(verdict.is_possible, row->undone_by + row->superseded_by == 0);
	str_format_cut(id, sizeof(id), "action %d", 2);
	ck_assert(verdict.is_possible || strstr(verdict.why, id) != NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("undo_judge");
	TCase *tcase = tcase_create("undo_judge");

	tcase_add_loop_test(tcase, an_action_by_itself, 0, ARRAY_SIZE(SINGLE_CASES));
	tcase_add_loop_test(tcase, an_action_and_a_later_one, 0, ARRAY_SIZE(LATER_CASES));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
