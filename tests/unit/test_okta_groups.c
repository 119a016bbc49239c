/* SPDX-License-Identifier: MIT */
/* Groups, rules and memberships, over scripted answers. */
#include "okta/okta.h"

#include "server/base/str.h"
#include "tests/support/fake_http.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define GROUP_ID "00g1engineering12345"
#define USER_ID  "00u1adaking123456789"

static struct fake_http *fake;
static struct okta_org *org;
static struct okta_client *client;
static struct secret token;
static struct call_outcome outcome;
static struct okta_group group;
static size_t matches;
static json_t *ids;

static void set_up(void)
{
	ck_assert(transport_global_start(NULL));
	fake = fake_http_start();
	ck_assert(secret_set(&token, "00token-for-tests"));
	struct okta_org_options options = {.base_url = fake_http_url(fake),
	        .api_token = &token,
	        .plain = TRANSPORT_PLAIN_ON_LOOPBACK,
	        .parallel_max = 8};
	org = okta_org_create(&options, NULL);
	client = okta_client_create(org, NULL);
	ck_assert_ptr_nonnull(client);
}

static void tear_down(void)
{
	json_decref(ids);
	ids = NULL;
	okta_client_destroy(client);
	okta_org_destroy(org);
	fake_http_stop(fake);
	secret_finish(&token);
	transport_global_stop();
}

static const char *target(size_t index)
{
	const struct fake_request *request = fake_http_request(fake, index);
	ck_assert_ptr_nonnull(request);
	return request->target;
}

static void script(const char *body)
{
	fake_http_script(fake, 200, "", body);
}

/* A page that has another one behind it, at that path below the address. */
static void script_more_at(const char *url, const char *body, const char *next)
{
	char headers[300];
	ck_assert(str_format(headers, sizeof(headers),
	        "Link: <%s/api/v1/self>; rel=\"self\"\r\nLink: <%s%s>; rel=\"next\"\r\n", url, url,
	        next));
	fake_http_script(fake, 200, headers, body);
}

static void script_more(const char *body, const char *next)
{
	script_more_at(fake_http_url(fake), body, next);
}

#define GROUP(id, type, name) \
	"{\"id\":\"" id "\",\"type\":\"" type "\",\"profile\":{\"name\":\"" name "\"}}"

/* ----------------------------------------------------------------- search */

static size_t taken;

static bool take_two(void *context, const struct okta_group *found)
{
	ck_assert_ptr_eq(context, &taken);
	group = *found;
	return ++taken < 2;
}

START_TEST(one_page_of_groups_is_searched)
{
	taken = 0;
	script_more("[" GROUP(GROUP_ID, "OKTA_GROUP", "R&D") "]", "/api/v1/groups?after=1");
	okta_groups_search(client, "r&d", take_two, &taken, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
	ck_assert_uint_eq(taken, 1);
	ck_assert_str_eq(group.name, "R&D");
	ck_assert_str_eq(target(0), "/api/v1/groups?limit=50&q=r%26d");
	ck_assert_uint_eq(fake_http_count(fake), 1);
}
END_TEST

START_TEST(a_search_ends_when_enough_was_found)
{
	taken = 0;
	script("[" GROUP(GROUP_ID, "OKTA_GROUP", "A") "," GROUP(
	        GROUP_ID, "APP_GROUP", "B") "," GROUP(GROUP_ID, "OKTA_GROUP", "C") "]");
	okta_groups_search(client, "", take_two, &taken, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
	ck_assert_uint_eq(taken, 2);
	ck_assert_str_eq(target(0), "/api/v1/groups?limit=50");
}
END_TEST

START_TEST(a_search_for_too_long_a_name_asks_nobody)
{
	char name[OKTA_GROUP_NAME_BYTES + 1];
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	okta_groups_search(client, name, take_two, &taken, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_PERMANENT);
	ck_assert_uint_eq(fake_http_count(fake), 0);
}
END_TEST

/* ------------------------------------------------------------------- find */

START_TEST(a_group_is_found_by_its_id)
{
	script(GROUP(GROUP_ID, "APP_GROUP", "Engineering"));
	okta_group_find(client, GROUP_ID, &group, &matches, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
	ck_assert_uint_eq(matches, 1);
	ck_assert_str_eq(group.id, GROUP_ID);
	ck_assert_str_eq(group.name, "Engineering");
	ck_assert_int_eq(group.type, OKTA_GROUP_APP);
	ck_assert_str_eq(target(0), "/api/v1/groups/" GROUP_ID);
}
END_TEST

START_TEST(an_id_that_is_not_there_is_no_failure_of_the_call)
{
	fake_http_script(fake, 404, "", "{\"errorCode\":\"E0000007\"}");
	okta_group_find(client, GROUP_ID, &group, &matches, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
	ck_assert_uint_eq(matches, 0);
	ck_assert_str_eq(outcome.sentence, "Okta has no such group.");
}
END_TEST

START_TEST(a_name_is_found_whole_on_any_page)
{
	script_more("[" GROUP("00g1engineeringleads", "OKTA_GROUP", "R&D leads") "]",
	        "/api/v1/groups?q=R%26D&after=x");
	script("[" GROUP(GROUP_ID, "OKTA_GROUP", "R&D") "]");
	okta_group_find(client, "R&D", &group, &matches, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
	ck_assert_uint_eq(matches, 1);
	ck_assert_str_eq(group.id, GROUP_ID);
	ck_assert_int_eq(group.type, OKTA_GROUP_OWN);
	ck_assert_str_eq(target(0), "/api/v1/groups?limit=200&q=R%26D");
	ck_assert_str_eq(target(1), "/api/v1/groups?q=R%26D&after=x");
}
END_TEST

START_TEST(two_groups_of_one_name_are_two)
{
	script("[" GROUP(GROUP_ID, "OKTA_GROUP", "Sales") "," GROUP(
	        "00g1engineeringleads", "APP_GROUP", "Sales") "]");
	okta_group_find(client, "Sales", &group, &matches, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
	ck_assert_uint_eq(matches, 2);
	ck_assert_str_eq(group.id, GROUP_ID);
}
END_TEST

START_TEST(what_looks_like_an_id_is_one)
{
	ck_assert(okta_group_id_is(GROUP_ID));
	ck_assert(!okta_group_id_is("00g-team"));
	ck_assert(!okta_group_id_is("00g1engineering-2345"));
	ck_assert(!okta_group_id_is(USER_ID));
	ck_assert(!okta_group_id_is(""));
}
END_TEST

START_TEST(a_name_that_no_group_can_have_is_not_asked_for)
{
	okta_group_find(client, "  ", &group, &matches, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_PERMANENT);
	ck_assert_uint_eq(fake_http_count(fake), 0);
}
END_TEST

static const char *const odd_lists[] = {"{}", "[1]", "[{\"id\":\"00g1engineering12345\"}]",
        "[" GROUP("../users/me", "OKTA_GROUP", "Sales") "]"};

START_TEST(an_odd_list_is_not_believed)
{
	script(odd_lists[_i]);
	okta_group_find(client, "Sales", &group, &matches, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_RETRY_LATER);
}
END_TEST

/* ------------------------------------------------------------------ rules */

#define RULE(status, targets)                   \
	"{\"id\":\"0pr1\",\"status\":\"" status \
	"\",\"actions\":{\"assignUserToGroups\":{\"groupIds\":[" targets "]}}}"

START_TEST(only_active_rules_have_targets)
{
	script_more("[" RULE("ACTIVE", "\"00g1engineering12345\"") "," RULE(
	                    "INACTIVE", "\"00g1inactive00000000\"") "]",
	        "/api/v1/groups/rules?limit=50&after=0pr1");
	script("[" RULE("ACTIVE", "\"00g1engineering12345\",\"00g1sales00000000000\"") "]");
	okta_group_rule_targets(client, &ids, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
	char *text = json_dumps(ids, JSON_COMPACT);
	ck_assert_str_eq(text, "[\"00g1engineering12345\",\"00g1sales00000000000\"]");
	free(text);
	ck_assert_str_eq(target(1), "/api/v1/groups/rules?limit=50&after=0pr1");
}
END_TEST

START_TEST(rules_that_may_not_be_read_are_not_known)
{
	fake_http_script(fake, 403, "", "{\"errorCode\":\"E0000006\"}");
	okta_group_rule_targets(client, &ids, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_STOP_CONFIG);
	ck_assert_ptr_null(ids);
}
END_TEST

/* ---------------------------------------------------------------- members */

#define MEMBER(id) "{\"id\":\"" id "\",\"status\":\"ACTIVE\",\"profile\":{\"login\":\"a@b.c\"}}"

struct seen {
	size_t count;
	size_t most;
};

static bool count_member(void *context, const struct okta_user *member)
{
	struct seen *seen = context;
	ck_assert_int_eq(member->status, ACCOUNT_ACTIVE);
	seen->count++;
	return seen->count < seen->most;
}

START_TEST(members_come_page_by_page)
{
	struct seen seen = {.most = 100};
	script_more("[" MEMBER(USER_ID) "," MEMBER("00u1second0000000000") "]",
	        "/api/v1/groups/x/users?after=00u1second");
	script("[" MEMBER("00u1third00000000000") "]");
	okta_group_members(client, GROUP_ID, count_member, &seen, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
	ck_assert_uint_eq(seen.count, 3);
	ck_assert_str_eq(target(0), "/api/v1/groups/" GROUP_ID "/users?limit=200");
	ck_assert_str_eq(target(1), "/api/v1/groups/x/users?after=00u1second");
}
END_TEST

START_TEST(a_reader_that_has_enough_reads_no_further_page)
{
	struct seen seen = {.most = 1};
	script_more("[" MEMBER(USER_ID) "," MEMBER("00u1second0000000000") "]",
	        "/api/v1/groups/x/users?after=00u1");
	okta_group_members(client, GROUP_ID, count_member, &seen, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
	ck_assert_uint_eq(seen.count, 1);
	ck_assert_uint_eq(fake_http_count(fake), 1);
}
END_TEST

START_TEST(a_list_without_end_is_not_believed)
{
	struct seen seen = {.most = 100000};
	for (int i = 0; i < 500; i++) {
		script_more("[" MEMBER(USER_ID) "]", "/api/v1/groups/x/users?after=00u1same");
	}
	okta_group_members(client, GROUP_ID, count_member, &seen, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_RETRY_LATER);
	ck_assert_uint_eq(fake_http_count(fake), 500);
}
END_TEST

START_TEST(a_list_that_goes_on_elsewhere_is_not_followed)
{
	struct seen seen = {.most = 100};
	script_more_at(
	        "https://evil.example.com", "[" MEMBER(USER_ID) "]", "/api/v1/groups?after=x");
	okta_group_members(client, GROUP_ID, count_member, &seen, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_RETRY_LATER);
	ck_assert_uint_eq(seen.count, 0);
	ck_assert_uint_eq(fake_http_count(fake), 1);
}
END_TEST

START_TEST(what_is_missing_is_called_by_its_name)
{
	struct seen seen = {.most = 1};
	for (int i = 0; i < 4; i++) {
		fake_http_script(fake, 404, "", "{\"errorCode\":\"E0000007\"}");
	}
	okta_group_members(client, GROUP_ID, count_member, &seen, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_NOT_FOUND);
	ck_assert_str_eq(outcome.sentence, "Okta has no such group.");
	okta_group_add(client, GROUP_ID, USER_ID, &outcome);
	ck_assert_str_eq(outcome.sentence, "Okta has no such group, or no such user.");
	okta_group_remove(client, GROUP_ID, USER_ID, &outcome);
	ck_assert_str_eq(outcome.sentence, "Okta has no such group, or no such user.");
	okta_user_groups(client, USER_ID, &ids, &outcome);
	ck_assert_int_eq(strncmp(outcome.sentence, "Okta has no such user", 21), 0);
}
END_TEST

START_TEST(the_groups_of_a_user_are_ids)
{
	script("[" GROUP(GROUP_ID, "OKTA_GROUP", "Sales") "," GROUP(
	        "00g1everyone00000000", "BUILT_IN", "Everyone") "]");
	okta_user_groups(client, USER_ID, &ids, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
	ck_assert_uint_eq(json_array_size(ids), 2);
	ck_assert_str_eq(target(0), "/api/v1/users/" USER_ID "/groups");
}
END_TEST

/* ------------------------------------------------------------- membership */

START_TEST(joining_and_leaving_have_no_body)
{
	fake_http_script_raw(fake, "HTTP/1.1 204 No Content\r\n\r\n", FAKE_KEEP);
	fake_http_script_raw(fake, "HTTP/1.1 204 No Content\r\n\r\n", FAKE_KEEP);
	okta_group_add(client, GROUP_ID, USER_ID, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
	okta_group_remove(client, GROUP_ID, USER_ID, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
	ck_assert_str_eq(fake_http_request(fake, 0)->method, "PUT");
	ck_assert_str_eq(fake_http_request(fake, 1)->method, "DELETE");
	ck_assert_str_eq(target(0), "/api/v1/groups/" GROUP_ID "/users/" USER_ID);
	ck_assert_str_eq(target(1), "/api/v1/groups/" GROUP_ID "/users/" USER_ID);
	ck_assert_str_eq(fake_http_request(fake, 0)->body, "");
}
END_TEST

static const struct {
	int status;
	const char *code;
	enum call_class expected;
} refusals[] = {
        {404, "E0000007", CALL_NOT_FOUND},
        {403, "E0000006", CALL_STOP_CONFIG},
        {403, "E0000038", CALL_REREAD},
        {501, "E0000060", CALL_PERMANENT},
        {423, "E0000239", CALL_RETRY_LATER},
        {500, "E0000009", CALL_UNCLEAR},
};

START_TEST(refusals_are_told_apart)
{
	char body[64];
	ck_assert(str_format(body, sizeof(body), "{\"errorCode\":\"%s\"}", refusals[_i].code));
	fake_http_script(fake, refusals[_i].status, "", body);
	okta_group_add(client, GROUP_ID, USER_ID, &outcome);
	ck_assert_int_eq(outcome.call_class, refusals[_i].expected);
}
END_TEST

START_TEST(ids_that_are_none_go_nowhere)
{
	okta_group_add(client, "../../users/me/x", USER_ID, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_PERMANENT);
	okta_group_remove(client, GROUP_ID, "", &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_PERMANENT);
	okta_user_groups(client, "x/y", &ids, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_PERMANENT);
	ck_assert_uint_eq(fake_http_count(fake), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("okta_groups");
	TCase *tcase = tcase_create("groups");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, one_page_of_groups_is_searched);
	tcase_add_test(tcase, a_search_ends_when_enough_was_found);
	tcase_add_test(tcase, a_search_for_too_long_a_name_asks_nobody);
	tcase_add_test(tcase, a_group_is_found_by_its_id);
	tcase_add_test(tcase, an_id_that_is_not_there_is_no_failure_of_the_call);
	tcase_add_test(tcase, a_name_is_found_whole_on_any_page);
	tcase_add_test(tcase, two_groups_of_one_name_are_two);
	tcase_add_test(tcase, what_looks_like_an_id_is_one);
	tcase_add_test(tcase, a_name_that_no_group_can_have_is_not_asked_for);
	tcase_add_loop_test(tcase, an_odd_list_is_not_believed, 0, 4);
	tcase_add_test(tcase, only_active_rules_have_targets);
	tcase_add_test(tcase, rules_that_may_not_be_read_are_not_known);
	tcase_add_test(tcase, members_come_page_by_page);
	tcase_add_test(tcase, a_reader_that_has_enough_reads_no_further_page);
	tcase_add_test(tcase, a_list_without_end_is_not_believed);
	tcase_add_test(tcase, a_list_that_goes_on_elsewhere_is_not_followed);
	tcase_add_test(tcase, what_is_missing_is_called_by_its_name);
	tcase_add_test(tcase, the_groups_of_a_user_are_ids);
	tcase_add_test(tcase, joining_and_leaving_have_no_body);
	tcase_add_loop_test(tcase, refusals_are_told_apart, 0, (int)ARRAY_SIZE(refusals));
	tcase_add_test(tcase, ids_that_are_none_go_nowhere);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
