/* SPDX-License-Identifier: MIT */
/* What scans found, and what a human decided about it. */
#include "server/store/adoption.h"

#include "server/base/str.h"
#include "tests/support/store_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>

static struct store *store;
static struct err err;

static void setup(void)
{
	err = (struct err)ERR_INIT;
	store = store_fixture_open();
}

static void teardown(void)
{
	store_close(store);
	store_fixture_clean();
}

/* What a row of these tests says about somebody. */
struct found {
	const char *id;
	enum adopt_class class_;
	enum adopt_rule rule;
	enum adopt_why why;
	const char *okta_id;
	const char *facts;
	bool is_left;
};

static void put(int64_t scan, const struct found *found)
{
	struct adoption_person person = {.key = store_fixture_key(found->id),
	        .scan = scan,
	        .class_ = found->class_,
	        .rule = found->rule,
	        .why = found->why,
	        .is_left = found->is_left,
	        .is_wanted = !found->is_left,
	        .status = ACCOUNT_ACTIVE};
	str_format_cut(person.okta_id, sizeof(person.okta_id), "%s", found->okta_id);
	str_format_cut(person.facts, sizeof(person.facts), "%s", found->facts);
	ck_assert(personal_set(&person.display_name, "Ada King"));
	ck_assert(personal_set(&person.login, "ada.king@example.com"));
	ck_assert_msg(store_adoption_put(store, &person, 1, &err), "%s", err.text);
	adoption_person_finish(&person);
}

static size_t close_scan(int64_t scan)
{
	size_t taken_back = 0;
	ck_assert_msg(store_adoption_close_scan(store, "default", scan, &taken_back, &err), "%s",
	        err.text);
	return taken_back;
}

static struct adoption_person get(const char *id)
{
	struct employee_key key = store_fixture_key(id);
	struct adoption_person person;
	ck_assert_msg(store_adoption_get(store, &key, &person, &err), "%s", err.text);
	return person;
}

static void expect(const char *id, enum adopt_class class_, enum adopt_why why)
{
	struct adoption_person person = get(id);
	ck_assert_msg(person.class_ == class_, "%s is %s", id, adopt_class_name(person.class_));
	ck_assert_msg(person.why == why, "%s: %s", id, adopt_why_name(person.why));
	adoption_person_finish(&person);
}

static void expect_decision(
        const char *id, enum adoption_decision decision, enum adoption_state state)
{
	struct adoption_person person = get(id);
	ck_assert_msg(
	        person.decision == decision, "%s: %s", id, adoption_decision_name(person.decision));
	ck_assert_int_eq(person.state, state);
	adoption_person_finish(&person);
}

#define EXACT(id, okta, facts) \
	(&(struct found){id, ADOPT_EXACT, ADOPT_LOGIN, ADOPT_AGREES, okta, facts, false})
#define UNMATCHED(id) \
	(&(struct found){id, ADOPT_UNMATCHED, ADOPT_RULE_COUNT, ADOPT_NOBODY, "", "u", false})
#define NAMESAKE(id, okta) \
	(&(struct found){id, ADOPT_DOUBTFUL, ADOPT_NAMES, ADOPT_NAMES_ONLY, okta, "n", false})
#define SEVERAL(id, okta) \
	(&(struct found){id, ADOPT_DOUBTFUL, ADOPT_LOGIN, ADOPT_SEVERAL, okta, "s", false})
#define LEFT(id, okta) \
	(&(struct found){id, ADOPT_EXACT, ADOPT_LOGIN, ADOPT_AGREES, okta, "l", true})

static size_t decide(const char *id, enum adoption_decision decision, const char *chosen)
{
	struct adoption_choice choice = {.decision = decision, .chosen = chosen};
	struct adoption_mistake mistake;
	struct adoption_decide call = {.connection = "default",
	        .by = "ops",
	        .choices = &choice,
	        .count = 1,
	        .mistakes = &mistake};
	str_format_cut(choice.employee_id, sizeof(choice.employee_id), "%s", id);
	ck_assert_msg(store_adoption_decide(store, &call, &err), "%s", err.text);
	return call.mistake_count;
}

START_TEST(what_was_found_comes_back)
{
	put(1, EXACT("1", "00u1", "f1"));
	struct adoption_person person = get("1");
	ck_assert_str_eq(personal_reveal(&person.display_name), "Ada King");
	ck_assert_str_eq(person.okta_id, "00u1");
	ck_assert_int_eq(person.rule, ADOPT_LOGIN);
	ck_assert_int_eq(person.decision, ADOPTION_NONE);
	adoption_person_finish(&person);
	struct employee_key nobody = store_fixture_key("2");
	ck_assert(!store_adoption_get(store, &nobody, &person, &err));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
}
END_TEST

START_TEST(a_later_scan_forgets_whom_it_did_not_see)
{
	put(1, EXACT("1", "00u1", "f1"));
	put(1, EXACT("2", "00u2", "f2"));
	put(2, EXACT("2", "00u2", "f2"));
	close_scan(2);
	struct adoption_filter filter = adoption_filter_all("default");
	struct adoption_list people;
	filter.limit = 10;
	ck_assert(store_adoption_list(store, &filter, &people, &err));
	ck_assert_uint_eq(people.count, 1);
	ck_assert_str_eq(people.items[0].key.employee_id, "2");
	adoption_list_finish(&people);
}
END_TEST

START_TEST(two_who_claim_one_user_are_both_doubtful)
{
	put(1, EXACT("1", "00u1", "f1"));
	put(1, EXACT("2", "00u1", "f2"));
	put(1, EXACT("3", "00u3", "f3"));
	close_scan(1);
	expect("1", ADOPT_DOUBTFUL, ADOPT_CLAIMED);
	expect("2", ADOPT_DOUBTFUL, ADOPT_CLAIMED);
	expect("3", ADOPT_EXACT, ADOPT_AGREES);
	struct adoption_person person = get("2");
	ck_assert_str_eq(person.other_employee_id, "1");
	adoption_person_finish(&person);
}
END_TEST

/* Several of the name: 00u1 and these. */
static void put_several(const char *id, const char *others)
{
	struct adoption_person person = {.key = store_fixture_key(id),
	        .scan = 1,
	        .class_ = ADOPT_DOUBTFUL,
	        .rule = ADOPT_NAMES,
	        .why = ADOPT_SEVERAL,
	        .okta_id = "00u1",
	        .status = ACCOUNT_ACTIVE};
	ck_assert(personal_set(&person.others, others));
	ck_assert_msg(store_adoption_put(store, &person, 1, &err), "%s", err.text);
	adoption_person_finish(&person);
}

START_TEST(a_namesake_of_somebody_matched_has_nobody)
{
	put(1, EXACT("1", "00u1", "f1"));
	put(1, NAMESAKE("2", "00u1"));
	put(1, NAMESAKE("3", "00u9"));
	put(1, EXACT("5", "00u5", "f5"));
	put_several("6", "[{\"okta_id\":\"00u5\"}]");
	put_several("7", "[{\"okta_id\":\"00u5\"},{\"okta_id\":\"00u8\"}]");
	close_scan(1);
	expect("6", ADOPT_UNMATCHED, ADOPT_NOBODY);
	expect("7", ADOPT_DOUBTFUL, ADOPT_SEVERAL);
	expect("1", ADOPT_EXACT, ADOPT_AGREES);
	expect("2", ADOPT_UNMATCHED, ADOPT_NOBODY);
	expect("3", ADOPT_DOUBTFUL, ADOPT_NAMES_ONLY);
}
END_TEST

START_TEST(a_rescan_keeps_decisions_whose_facts_are_the_same)
{
	put(1, EXACT("1", "00u1", "f1"));
	put(1, EXACT("2", "00u2", "f2"));
	put(1, EXACT("3", "00u3", "f3"));
	close_scan(1);
	ck_assert_uint_eq(decide("1", ADOPTION_LINK, NULL), 0);
	ck_assert_uint_eq(decide("2", ADOPTION_LINK, NULL), 0);
	ck_assert_uint_eq(decide("3", ADOPTION_LINK, NULL), 0);
	put(2, EXACT("1", "00u1", "f1"));
	put(2, EXACT("2", "00u2", "other facts"));
	put(2, EXACT("3", "00u3", "f3"));
	put(2, EXACT("4", "00u3", "f4")); /* now somebody else claims it */
	ck_assert_uint_eq(close_scan(2), 2);
	expect_decision("1", ADOPTION_LINK, ADOPTION_OPEN);
	expect_decision("2", ADOPTION_NONE, ADOPTION_OPEN);
	expect_decision("3", ADOPTION_NONE, ADOPTION_OPEN);
}
END_TEST

static const struct refusal {
	struct found found;
	enum adoption_decision decision;
	const char *chosen;
	size_t mistakes;
} REFUSALS[] = {
        {{"1", ADOPT_UNMATCHED, ADOPT_RULE_COUNT, ADOPT_NOBODY, "", "f", false}, ADOPTION_LINK,
                NULL, 1},
        {{"1", ADOPT_UNMATCHED, ADOPT_RULE_COUNT, ADOPT_NOBODY, "", "f", false}, ADOPTION_LINK,
                "ada@example.com", 0},
        {{"1", ADOPT_UNMATCHED, ADOPT_RULE_COUNT, ADOPT_NOBODY, "", "f", false}, ADOPTION_CREATE,
                NULL, 0},
        {{"1", ADOPT_UNMATCHED, ADOPT_RULE_COUNT, ADOPT_NOBODY, "", "f", false}, ADOPTION_CREATE,
                "00u1", 1},
        {{"1", ADOPT_UNMATCHED, ADOPT_RULE_COUNT, ADOPT_NOBODY, "", "f", true}, ADOPTION_CREATE,
                NULL, 1},
        {{"1", ADOPT_DOUBTFUL, ADOPT_LOGIN, ADOPT_SEVERAL, "00u1", "f", false}, ADOPTION_LINK, NULL,
                1},
        {{"1", ADOPT_DOUBTFUL, ADOPT_LOGIN, ADOPT_SEVERAL, "00u1", "f", false}, ADOPTION_LINK,
                "00u1", 0},
        {{"1", ADOPT_DOUBTFUL, ADOPT_LOGIN, ADOPT_NUMBERS_DIFFER, "00u1", "f", false},
                ADOPTION_LINK, NULL, 0},
        {{"1", ADOPT_DOUBTFUL, ADOPT_LOGIN, ADOPT_LINKED, "00u1", "f", false}, ADOPTION_LINK, NULL,
                1},
        {{"1", ADOPT_DOUBTFUL, ADOPT_LOGIN, ADOPT_PROTECTED, "00u1", "f", false}, ADOPTION_LINK,
                NULL, 1},
        {{"1", ADOPT_DOUBTFUL, ADOPT_LOGIN, ADOPT_CLAIMED, "00u1", "f", false}, ADOPTION_LINK, NULL,
                1},
        {{"2", ADOPT_EXACT, ADOPT_LOGIN, ADOPT_AGREES, "00u1", "f", false}, ADOPTION_LINK, NULL, 1},
};

START_TEST(decisions_are_judged_by_what_is_known)
{
	const struct refusal *row = &REFUSALS[_i];
	put(1, &row->found);
	ck_assert_uint_eq(decide("1", row->decision, row->chosen), row->mistakes);
	if (str_equal(row->found.id, "1")) {
		expect_decision(
		        "1", row->mistakes == 0 ? row->decision : ADOPTION_NONE, ADOPTION_OPEN);
	}
}
END_TEST

START_TEST(one_mistake_and_nothing_is_decided)
{
	struct adoption_choice choices[] = {
	        {.employee_id = "1", .decision = ADOPTION_LINK},
	        {.employee_id = "2", .decision = ADOPTION_LINK},
	};
	struct adoption_mistake mistakes[2];
	struct adoption_decide call = {.connection = "default",
	        .by = "ops",
	        .choices = choices,
	        .count = 2,
	        .mistakes = mistakes};
	put(1, EXACT("1", "00u1", "f1"));
	put(1, SEVERAL("2", "00u2"));
	ck_assert(store_adoption_decide(store, &call, &err));
	ck_assert_uint_eq(call.mistake_count, 1);
	ck_assert_uint_eq(mistakes[0].index, 1);
	ck_assert_uint_eq(call.changed, 0);
	expect_decision("1", ADOPTION_NONE, ADOPTION_OPEN);
	call.count = 1;
	call.is_check = true;
	ck_assert(store_adoption_decide(store, &call, &err));
	ck_assert_uint_eq(call.changed, 1);
	expect_decision("1", ADOPTION_NONE, ADOPTION_OPEN);
	call.is_check = false;
	ck_assert(store_adoption_decide(store, &call, &err));
	expect_decision("1", ADOPTION_LINK, ADOPTION_OPEN);
	ck_assert(store_adoption_decide(store, &call, &err));
	ck_assert_uint_eq(call.changed, 0);
}
END_TEST

static struct adoption_bulk bulk_of(enum adopt_class class_, enum adoption_decision decision)
{
	struct adoption_bulk bulk = {
	        .filter = adoption_filter_all("default"), .decision = decision, .by = "ops"};
	bulk.filter.class_ = class_;
	return bulk;
}

START_TEST(in_bulk_only_exact_ones_of_the_rule_are_linked)
{
	put(1, EXACT("1", "00u1", "f1"));
	put(1, &(struct found){"2", ADOPT_EXACT, ADOPT_NUMBER, ADOPT_AGREES, "00u2", "f", false});
	put(1, SEVERAL("3", "00u3"));
	put(1, LEFT("4", "00u4"));
	put(1, UNMATCHED("5"));
	struct adoption_bulk bulk = bulk_of(ADOPT_EXACT, ADOPTION_LINK);
	bulk.filter.rule = ADOPT_NUMBER;
	ck_assert(store_adoption_decide_bulk(store, &bulk, &err));
	ck_assert_uint_eq(bulk.changed, 1);
	expect_decision("2", ADOPTION_LINK, ADOPTION_OPEN);
	expect_decision("1", ADOPTION_NONE, ADOPTION_OPEN);
	bulk = bulk_of(ADOPT_EXACT, ADOPTION_LINK);
	bulk.is_check = true;
	ck_assert(store_adoption_decide_bulk(store, &bulk, &err));
	ck_assert_uint_eq(bulk.changed, 1);
	expect_decision("1", ADOPTION_NONE, ADOPTION_OPEN);
	bulk.filter.only_left = true;
	ck_assert(store_adoption_decide_bulk(store, &bulk, &err));
	ck_assert_uint_eq(bulk.changed, 1); /* who left: only when asked for */
	bulk = bulk_of(ADOPT_UNMATCHED, ADOPTION_CREATE);
	ck_assert(store_adoption_decide_bulk(store, &bulk, &err));
	ck_assert_uint_eq(bulk.changed, 1);
	expect_decision("5", ADOPTION_CREATE, ADOPTION_OPEN);
}
END_TEST

START_TEST(doubtful_ones_are_never_decided_in_bulk)
{
	const struct {
		enum adopt_class class_;
		enum adoption_decision decision;
	} BAD[] = {{ADOPT_DOUBTFUL, ADOPTION_LINK}, {ADOPT_CLASS_COUNT, ADOPTION_LINK},
	        {ADOPT_UNMATCHED, ADOPTION_LINK}, {ADOPT_EXACT, ADOPTION_CREATE},
	        {ADOPT_DOUBTFUL, ADOPTION_CREATE}};
	for (size_t i = 0; i < ARRAY_SIZE(BAD); i++) {
		struct err refused = ERR_INIT;
		struct adoption_bulk bulk = bulk_of(BAD[i].class_, BAD[i].decision);
		ck_assert(!store_adoption_decide_bulk(store, &bulk, &refused));
		ck_assert_int_eq(refused.code, ERR_BAD_REQUEST);
	}
}
END_TEST

static size_t existing_holds(const char *id, bool *is_rejected)
{
	struct employee_key key = store_fixture_key(id);
	struct hold_list holds;
	ck_assert(store_hold_list(store, NULL, &key, &holds, &err));
	size_t count = holds.count;
	*is_rejected = count > 0 && holds.items[0].is_rejected;
	hold_list_finish(&holds);
	return count;
}

static enum adoption_decision applied(const char *id)
{
	struct employee_key key = store_fixture_key(id);
	enum adoption_decision decision = ADOPTION_NONE;
	ck_assert(store_adoption_decision(store, &key, &decision, &err));
	return decision;
}

START_TEST(create_lets_go_and_ignore_holds_and_both_can_be_taken_back)
{
	bool is_rejected = false;
	struct employee_key key = store_fixture_key("1");
	put(1, UNMATCHED("1"));
	ck_assert_uint_eq(decide("1", ADOPTION_IGNORE, NULL), 0);
	ck_assert_int_eq(applied("1"), ADOPTION_NONE); /* decided, not applied */
	ck_assert(store_adoption_ignore(store, &key, "ops", &err));
	ck_assert_int_eq(applied("1"), ADOPTION_IGNORE);
	ck_assert_uint_eq(existing_holds("1", &is_rejected), 1);
	ck_assert(is_rejected);
	ck_assert_uint_eq(decide("1", ADOPTION_CREATE, NULL), 0);
	ck_assert_uint_eq(existing_holds("1", &is_rejected), 0);
	ck_assert(store_adoption_create(store, &key, "ops", &err));
	ck_assert_int_eq(applied("1"), ADOPTION_CREATE);
	struct employee employee = store_fixture_get(store, "1");
	ck_assert_int_eq(employee.state, EMPLOYEE_DIRTY);
	ck_assert_int_eq(employee.lane, LANE_SWEEP);
	employee_finish(&employee);
	ck_assert_uint_eq(decide("1", ADOPTION_NONE, NULL), 0);
	ck_assert_int_eq(applied("1"), ADOPTION_NONE);
}
END_TEST

START_TEST(what_changed_since_is_doubtful_again)
{
	put(1, EXACT("1", "00u1", "f1"));
	ck_assert_uint_eq(decide("1", ADOPTION_LINK, NULL), 0);
	struct adoption_end end = {.key = store_fixture_key("1"),
	        .state = ADOPTION_OPEN,
	        .sentence = "the account is suspended by now",
	        .is_changed = true};
	ck_assert(store_adoption_end(store, &end, &err));
	expect("1", ADOPT_DOUBTFUL, ADOPT_CHANGED);
	expect_decision("1", ADOPTION_NONE, ADOPTION_OPEN);
}
END_TEST

START_TEST(counts_and_pages_agree)
{
	char id[8];
	for (int i = 10; i < 17; i++) {
		str_format_cut(id, sizeof(id), "%d", i);
		put(1, i < 14 ? EXACT(id, id, "f") : UNMATCHED(id));
	}
	struct adoption_counts counts;
	ck_assert(store_adoption_counts(store, "default", &counts, &err));
	ck_assert_uint_eq(counts.count, 2);
	ck_assert_int_eq(counts.items[0].people + counts.items[1].people, 7);
	free(counts.items);
	struct adoption_filter filter = adoption_filter_all("default");
	struct adoption_list people;
	filter.class_ = ADOPT_EXACT;
	filter.after_employee_id = "11";
	filter.limit = 10;
	ck_assert(store_adoption_list(store, &filter, &people, &err));
	ck_assert_uint_eq(people.count, 2);
	ck_assert_str_eq(people.items[0].key.employee_id, "12");
	adoption_list_finish(&people);
	filter.text = "ADA";
	filter.after_employee_id = NULL;
	ck_assert(store_adoption_list(store, &filter, &people, &err));
	ck_assert_uint_eq(people.count, 4);
	adoption_list_finish(&people);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_adoption");
	TCase *tests = tcase_create("adoption");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, what_was_found_comes_back);
	tcase_add_test(tests, a_later_scan_forgets_whom_it_did_not_see);
	tcase_add_test(tests, two_who_claim_one_user_are_both_doubtful);
	tcase_add_test(tests, a_namesake_of_somebody_matched_has_nobody);
	tcase_add_test(tests, a_rescan_keeps_decisions_whose_facts_are_the_same);
	tcase_add_loop_test(
	        tests, decisions_are_judged_by_what_is_known, 0, (int)ARRAY_SIZE(REFUSALS));
	tcase_add_test(tests, one_mistake_and_nothing_is_decided);
	tcase_add_test(tests, in_bulk_only_exact_ones_of_the_rule_are_linked);
	tcase_add_test(tests, doubtful_ones_are_never_decided_in_bulk);
	tcase_add_test(tests, create_lets_go_and_ignore_holds_and_both_can_be_taken_back);
	tcase_add_test(tests, what_changed_since_is_doubtful_again);
	tcase_add_test(tests, counts_and_pages_agree);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
