/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/okta_search.h"

#include "tests/sandbox/unit/harness.h"

static const char USER[] =
        "{\"id\":\"00u1\",\"status\":\"ACTIVE\",\"lastUpdated\":\"2026-05-01T10:00:00.000Z\","
        "\"profile\":{\"login\":\"Zoë.Byron@example.com\",\"firstName\":\"Zoë\",\"lastName\":\"Byron\","
        "\"employeeNumber\":\"412\",\"title\":\"\",\"level\":3,\"remote\":true,\"skills\":[\"c\",\"sql\"],"
        "\"mobilePhone\":null}}";

static const struct {
	const char *text;
	enum search_kind kind;
	enum search_result result;
	bool matches;
} CASES[] = {
        {"status eq \"ACTIVE\"", SEARCH_SEARCH, SEARCH_OK, true},
        {"status EQ \"active\"", SEARCH_SEARCH, SEARCH_OK, true},
        {"status eq \"active\"", SEARCH_FILTER, SEARCH_OK, false},
        {"Status eq \"ACTIVE\"", SEARCH_SEARCH, SEARCH_UNSUPPORTED, false},
        {"profile.employeeNumber eq \"412\"", SEARCH_SEARCH, SEARCH_OK, true},
        {"profile.employeeNumber eq \"412\"", SEARCH_FILTER, SEARCH_UNSUPPORTED, false},
        {"profile.login eq \"zoë.byron@example.com\"", SEARCH_SEARCH, SEARCH_OK, true},
        {"profile.login eq \"zoe.byron@example.com\"", SEARCH_SEARCH, SEARCH_OK, false},
        {"profile.login sw \"zoë.\"", SEARCH_SEARCH, SEARCH_OK, true},
        {"profile.login co \"BYRON\"", SEARCH_SEARCH, SEARCH_OK, true},
        {"profile.title co \"x\"", SEARCH_SEARCH, SEARCH_UNSUPPORTED, false},
        {"profile.firstName eq \"Zo\\u00eb\"", SEARCH_SEARCH, SEARCH_OK, true},
        {"profile.title pr", SEARCH_SEARCH, SEARCH_OK, true},
        {"profile.mobilePhone pr", SEARCH_SEARCH, SEARCH_OK, false},
        {"profile.city pr", SEARCH_SEARCH, SEARCH_OK, false},
        {"not (profile.city pr)", SEARCH_SEARCH, SEARCH_OK, true},
        {"not (status eq \"ACTIVE\")", SEARCH_FILTER, SEARCH_UNSUPPORTED, false},
        {"profile.level gt 2 and profile.level le 3", SEARCH_SEARCH, SEARCH_OK, true},
        {"profile.level lt 3", SEARCH_SEARCH, SEARCH_OK, false},
        {"profile.level ge 3.0", SEARCH_SEARCH, SEARCH_OK, true},
        {"profile.remote eq true", SEARCH_SEARCH, SEARCH_OK, true},
        {"profile.skills eq \"SQL\"", SEARCH_SEARCH, SEARCH_OK, true},
        {"profile.skills eq \"java\"", SEARCH_SEARCH, SEARCH_OK, false},
        {"lastUpdated gt \"2026-04-30T00:00:00.000Z\"", SEARCH_FILTER, SEARCH_OK, true},
        {"lastUpdated lt \"2026-04-30T00:00:00.000Z\"", SEARCH_SEARCH, SEARCH_OK, false},
        /* and binds tighter than or */
        {"status eq \"ACTIVE\" or id eq \"x\" and id eq \"y\"", SEARCH_SEARCH, SEARCH_OK, true},
        {"(status eq \"ACTIVE\" or id eq \"x\") and id eq \"y\"", SEARCH_SEARCH, SEARCH_OK, false},
        {"id eq \"x\" or (id eq \"00u1\")", SEARCH_FILTER, SEARCH_OK, true},
        {"status ne \"ACTIVE\"", SEARCH_SEARCH, SEARCH_SYNTAX, false},
        {"status eq", SEARCH_SEARCH, SEARCH_SYNTAX, false},
        {"status eq ACTIVE", SEARCH_SEARCH, SEARCH_SYNTAX, false},
        {"status eq \"ACTIVE", SEARCH_SEARCH, SEARCH_SYNTAX, false},
        {"status eq \"ACTIVE\" and", SEARCH_SEARCH, SEARCH_SYNTAX, false},
        {"(status eq \"ACTIVE\"", SEARCH_SEARCH, SEARCH_SYNTAX, false},
        {"status eq \"ACTIVE\")", SEARCH_SEARCH, SEARCH_SYNTAX, false},
        {"and", SEARCH_SEARCH, SEARCH_SYNTAX, false},
        {"", SEARCH_SEARCH, SEARCH_SYNTAX, false},
        {"nonsense eq \"x\"", SEARCH_SEARCH, SEARCH_UNSUPPORTED, false},
        {"profile.firstName sw \"Z\"", SEARCH_FILTER, SEARCH_UNSUPPORTED, false},
};

START_TEST(an_expression_is_read_and_matched_as_okta_does)
{
	struct search *search = NULL;
	json_t *user = jsonx_parse(USER, strlen(USER));
	enum search_result result = search_parse(CASES[_i].text, CASES[_i].kind, &search);

	ck_assert_msg(result == CASES[_i].result, "%s: result %d", CASES[_i].text, (int)result);
	if (result == SEARCH_OK) {
		ck_assert_msg(
		        search_matches(search, user) == CASES[_i].matches, "%s", CASES[_i].text);
	} else {
		ck_assert_ptr_null(search);
	}
	search_destroy(search);
	json_decref(user);
}
END_TEST

START_TEST(nesting_and_length_have_an_end)
{
	struct search *search = NULL;
	char deep[600] = "";

	memset(deep, '(', 500);
	ck_assert_int_ne(search_parse(deep, SEARCH_SEARCH, &search), SEARCH_OK);
	char *long_text = util_alloc(SEARCH_MAX_LENGTH + 2);

	memset(long_text, 'a', SEARCH_MAX_LENGTH + 1);
	ck_assert_int_eq(search_parse(long_text, SEARCH_SEARCH, &search), SEARCH_UNSUPPORTED);
	free(long_text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("okta_search");
	TCase *grammar = tcase_create("grammar");

	tcase_add_loop_test(
	        grammar, an_expression_is_read_and_matched_as_okta_does, 0, (int)COUNT(CASES));
	tcase_add_test(grammar, nesting_and_length_have_an_end);
	suite_add_tcase(suite, grammar);
	return run(suite);
}
