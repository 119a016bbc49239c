/* SPDX-License-Identifier: MIT */
/* Reading the groups that the settings name: which may be used, and what stays when Okta is away.
 */
#include "server/engine/group_page.h"

#include "server/base/str.h"
#include "tests/support/fake_http.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define ENG   "00g1engineering12345"
#define SALES "00g1sales00000000000"
#define ADMIN "00g1admins0000000000"

#define GROUP(id, type, name) \
	"[{\"id\":\"" id "\",\"type\":\"" type "\",\"profile\":{\"name\":\"" name "\"}}]"
#define RULE(id)                                                                             \
	"[{\"id\":\"0pr1rule00\",\"status\":\"ACTIVE\",\"actions\":{\"assignUserToGroups\":" \
	"{\"groupIds\":[\"" id "\"]}}}]"
#define MEMBER(id) "{\"id\":\"" id "\",\"status\":\"ACTIVE\",\"profile\":{}}"

static char engineering[] = "Engineering";
static char sales[] = "Sales";
static char admins[] = "Admins";
static struct map_group groups[] = {{.group = engineering}, {.group = sales}};
static struct connection_settings settings;
static struct fake_http *fake;
static struct okta_org *org;
static struct okta_client *client;
static struct secret token;
static struct group_reader reader;

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
	settings = (struct connection_settings){
	        .rules = {.groups = groups, .group_count = ARRAY_SIZE(groups)}};
}

static void tear_down(void)
{
	group_reader_finish(&reader);
	okta_client_destroy(client);
	okta_org_destroy(org);
	fake_http_stop(fake);
	secret_finish(&token);
	transport_global_stop();
}

static void script(const char *body)
{
	fake_http_script(fake, 200, "", body);
}

static void refuse(int status, const char *code)
{
	char body[64];
	ck_assert(str_format(body, sizeof(body), "{\"errorCode\":\"%s\"}", code));
	fake_http_script(fake, status, "", body);
}

static const struct group_page *read(const struct group_page *before)
{
	ck_assert(group_reader_init(&reader, &settings, before));
	while (group_reader_step(&reader, client)) {
	}
	return reader.page;
}

static void expect(
        const struct group_page *page, size_t index, enum group_state state, const char *reason)
{
	const struct group_entry *entry = &page->entries[index];
	ck_assert_msg(entry->state == state, "%s: %s: %s", entry->rule->group,
	        group_state_name(entry->state), entry->reason);
	ck_assert_msg(strstr(entry->reason, reason) != NULL, "%s", entry->reason);
	ck_assert_int_eq(entry->reason[0] == '\0', state == GROUP_USABLE);
}

/* -------------------------------------------------------------------- rows */

START_TEST(good_groups_are_used_and_found_by_their_ids)
{
	script("[]");
	script(GROUP(ENG, "OKTA_GROUP", "Engineering"));
	script(GROUP(SALES, "OKTA_GROUP", "Sales"));
	const struct group_page *page = read(NULL);
	expect(page, 0, GROUP_USABLE, "");
	expect(page, 1, GROUP_USABLE, "");
	ck_assert(page->are_rules_known);
	ck_assert(!reader.has_failed);
	ck_assert_ptr_eq(group_page_find(page, SALES), &page->entries[1]);
	ck_assert_ptr_null(group_page_find(page, ADMIN));
	ck_assert_int_gt(page->read_at_ms, 0);
}
END_TEST

static const struct {
	const char *rules;
	const char *found;
	const char *reason;
} UNUSABLE[] = {
        {"[]", "[]", "no group of exactly this name"},
        {"[]", GROUP(ENG, "OKTA_GROUP", "Engineering leads"), "no group of exactly this name"},
        {"[]", GROUP(ENG, "APP_GROUP", "Engineering"), "application"},
        {"[]", GROUP(ENG, "BUILT_IN", "Engineering"), "built into Okta"},
        {"[]", GROUP(ENG, "NEW_KIND", "Engineering"), "kind whose members"},
        {RULE(ENG), GROUP(ENG, "OKTA_GROUP", "Engineering"), "group rule"},
        {"[]",
                "[{\"id\":\"" ENG
                "\",\"type\":\"OKTA_GROUP\",\"profile\":{\"name\":\"Engineering\"}},"
                "{\"id\":\"" ADMIN
                "\",\"type\":\"APP_GROUP\",\"profile\":{\"name\":\"Engineering\"}}]",
                "several groups"},
};

START_TEST(what_others_fill_or_nobody_knows_is_refused)
{
	script(UNUSABLE[_i].rules);
	script(UNUSABLE[_i].found);
	script(GROUP(SALES, "OKTA_GROUP", "Sales"));
	const struct group_page *page = read(NULL);
	expect(page, 0, GROUP_REFUSED, UNUSABLE[_i].reason);
	expect(page, 1, GROUP_USABLE, "");
	ck_assert_ptr_null(group_page_find(page, ENG));
	ck_assert(!reader.has_failed);
}
END_TEST

/* By name and by id: whoever joined it would be out of reach. */
START_TEST(the_protected_group_is_no_rows)
{
	char id[] = ENG;
	settings.protected_group = _i == 0 ? engineering : id;
	script("[]");
	script(GROUP(ENG, "OKTA_GROUP", "Engineering"));
	script(GROUP(SALES, "OKTA_GROUP", "Sales"));
	if (_i == 0) {
		script(GROUP(ENG, "OKTA_GROUP", "Engineering"));
	} else {
		script("{\"id\":\"" ENG
		       "\",\"type\":\"OKTA_GROUP\",\"profile\":{\"name\":\"Engineering\"}}");
	}
	script("[" MEMBER("00u1adaking00") "]");
	const struct group_page *page = read(NULL);
	expect(page, 0, GROUP_REFUSED, "protected group");
	expect(page, 1, GROUP_USABLE, "");
	ck_assert(group_page_is_protected(page, "00u1adaking00"));
}
END_TEST

START_TEST(two_rows_of_one_group_are_one_too_many)
{
	char id[] = ENG;
	struct map_group twice[] = {{.group = engineering}, {.group = id}};
	settings.rules.groups = twice;
	script("[]");
	script(GROUP(ENG, "OKTA_GROUP", "Engineering"));
	script("{\"id\":\"" ENG
	       "\",\"type\":\"OKTA_GROUP\",\"profile\":{\"name\":\"Engineering\"}}");
	const struct group_page *page = read(NULL);
	expect(page, 0, GROUP_USABLE, "");
	expect(page, 1, GROUP_REFUSED, "another row");
}
END_TEST

START_TEST(rules_that_may_not_be_seen_hold_no_row_back)
{
	refuse(403, "E0000006");
	script(GROUP(ENG, "OKTA_GROUP", "Engineering"));
	script(GROUP(SALES, "OKTA_GROUP", "Sales"));
	const struct group_page *page = read(NULL);
	expect(page, 0, GROUP_USABLE, "");
	ck_assert(!page->are_rules_known);
	ck_assert_ptr_nonnull(strstr(page->rules_reason, "group rule"));
	ck_assert(!reader.has_failed);
}
END_TEST

START_TEST(rules_that_cannot_be_read_now_hold_rows_back)
{
	refuse(503, "E0000010");
	script(GROUP(ENG, "OKTA_GROUP", "Engineering"));
	refuse(403, "E0000006");
	const struct group_page *page = read(NULL);
	expect(page, 0, GROUP_NOT_KNOWN, "group rule");
	expect(page, 1, GROUP_REFUSED, "permission");
	ck_assert(reader.has_failed);
}
END_TEST

START_TEST(what_was_known_stays_while_okta_is_away)
{
	settings.protected_group = admins;
	script(RULE(SALES));
	script(GROUP(ENG, "OKTA_GROUP", "Engineering"));
	script(GROUP(SALES, "OKTA_GROUP", "Sales"));
	script(GROUP(ADMIN, "OKTA_GROUP", "Admins"));
	script("[" MEMBER("00u1adaking00") "]");
	ck_assert_ptr_nonnull(read(NULL));
	struct group_page *before = group_reader_take(&reader);
	for (int i = 0; i < 4; i++) {
		refuse(503, "E0000010");
	}
	const struct group_page *page = read(before);
	expect(page, 0, GROUP_USABLE, "");
	expect(page, 1, GROUP_REFUSED, "group rule");
	ck_assert(page->are_rules_known);
	ck_assert(page->is_guard_known);
	ck_assert_str_ne(page->guard_reason, "");
	ck_assert(group_page_is_protected(page, "00u1adaking00"));
	ck_assert(reader.has_failed);
	group_page_destroy(before);
}
END_TEST

/* --------------------------------------------------------- protected group */

START_TEST(members_are_protected_each_once)
{
	settings.rules.group_count = 0;
	settings.protected_group = admins;
	script(GROUP(ADMIN, "APP_GROUP", "Admins"));
	script("[" MEMBER("00u3third0000") "," MEMBER("00u1adaking00") "," MEMBER(
	        "00u3third0000") "]");
	const struct group_page *page = read(NULL);
	ck_assert(page->is_guard_known);
	ck_assert_str_eq(page->guard_reason, "");
	ck_assert_uint_eq(page->members.count, 2);
	ck_assert(group_page_is_protected(page, "00u1adaking00"));
	ck_assert(group_page_is_protected(page, "00u3third0000"));
	ck_assert(!group_page_is_protected(page, "00u2second000"));
	ck_assert(!group_page_is_protected(page, ""));
}
END_TEST

/* Half a list protects half of them: it is none. */
START_TEST(a_list_that_breaks_off_protects_nobody_and_blocks)
{
	char headers[200];
	settings.rules.group_count = 0;
	settings.protected_group = admins;
	ck_assert(str_format(headers, sizeof(headers),
	        "Link: <%s/api/v1/groups/x/users?after=1>; rel=\"next\"\r\n", fake_http_url(fake)));
	script(GROUP(ADMIN, "OKTA_GROUP", "Admins"));
	fake_http_script(fake, 200, headers, "[" MEMBER("00u1adaking00") "]");
	refuse(503, "E0000010");
	const struct group_page *page = read(NULL);
	ck_assert(!page->is_guard_known);
	ck_assert_uint_eq(page->members.count, 0);
	ck_assert(reader.has_failed);
}
END_TEST

static char *many(size_t from, size_t count)
{
	char *text = malloc(count * 80 + 3);
	size_t len = 1;
	ck_assert_ptr_nonnull(text);
	text[0] = '[';
	for (size_t i = 0; i < count; i++) {
		ck_assert(str_format(text + len, 80,
		        "%s{\"id\":\"00u%010zu\",\"status\":\"ACTIVE\",\"profile\":{}}",
		        i > 0 ? "," : "", from + i));
		len += strlen(text + len);
	}
	memcpy(text + len, "]", 2);
	return text;
}

START_TEST(ten_thousand_members_and_no_more)
{
	char headers[200];
	char *most = many(0, PROTECTED_MEMBERS_MAX);
	char *one = many(PROTECTED_MEMBERS_MAX, 1);
	settings.rules.group_count = 0;
	settings.protected_group = admins;
	ck_assert(str_format(headers, sizeof(headers),
	        "Link: <%s/api/v1/groups/x/users?after=1>; rel=\"next\"\r\n", fake_http_url(fake)));
	script(GROUP(ADMIN, "OKTA_GROUP", "Admins"));
	fake_http_script(fake, 200, _i == 0 ? "" : headers, most);
	if (_i == 1) {
		script(one);
	}
	const struct group_page *page = read(NULL);
	ck_assert_int_eq(page->is_guard_known, _i == 0);
	ck_assert_uint_eq(page->members.count, _i == 0 ? PROTECTED_MEMBERS_MAX : 0);
	ck_assert_int_eq(strstr(page->guard_reason, "10,000") != NULL, _i == 1);
	free(most);
	free(one);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine_group_page");
	TCase *tcase = tcase_create("reading");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, good_groups_are_used_and_found_by_their_ids);
	tcase_add_loop_test(
	        tcase, what_others_fill_or_nobody_knows_is_refused, 0, (int)ARRAY_SIZE(UNUSABLE));
	tcase_add_loop_test(tcase, the_protected_group_is_no_rows, 0, 2);
	tcase_add_test(tcase, two_rows_of_one_group_are_one_too_many);
	tcase_add_test(tcase, rules_that_may_not_be_seen_hold_no_row_back);
	tcase_add_test(tcase, rules_that_cannot_be_read_now_hold_rows_back);
	tcase_add_test(tcase, what_was_known_stays_while_okta_is_away);
	tcase_add_test(tcase, members_are_protected_each_once);
	tcase_add_test(tcase, a_list_that_breaks_off_protects_nobody_and_blocks);
	tcase_add_loop_test(tcase, ten_thousand_members_and_no_more, 0, 2);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
