/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/okta_users.h"

#include "tests/sandbox/unit/harness.h"

#define PERSON(login, more)                                       \
	"{\"profile\":{\"login\":\"" login                        \
	"\",\"email\":\"ada@example.com\",\"firstName\":\"Ada\"," \
	"\"lastName\":\"Byron\"" more "}}"

static const char ADA[] = PERSON("ada@example.com", "");

START_TEST(a_fresh_user_shows_six_attributes_and_two_of_them_null)
{
	ck_assert_int_eq(okta("POST", "/users?activate=false", ADA), 200);
	ck_assert_uint_eq(json_object_size(at("profile")), 6);
	ck_assert(json_is_null(at("profile.mobilePhone")));
	ck_assert(json_is_null(at("profile.secondEmail")));
	ck_assert_uint_eq(strlen(text_at("id")), 20);
	ck_assert_ptr_null(reply_find_header(&last.reply, "ETag"));
	ck_assert_ptr_nonnull(reply_find_header(&last.reply, "X-Okta-Request-Id"));
}
END_TEST

START_TEST(nulls_clear_and_the_rest_is_kept)
{
	okta("POST", "/users", PERSON("ada@example.com", ",\"title\":\"Analyst\",\"city\":null"));
	ck_assert_int_eq(okta("POST", "/users/ada@example.com",
	                         "{\"profile\":{\"title\":null,\"department\":\"Finance\","
	                         "\"nickName\":\"\"}}"),
	        200);
	ck_assert_ptr_null(at("profile.title"));
	ck_assert_ptr_null(at("profile.city"));
	ck_assert_str_eq(text_at("profile.department"), "Finance");
	ck_assert_str_eq(text_at("profile.nickName"), "");
	/* A replacement deletes what it does not name. */
	ck_assert_int_eq(okta("PUT", "/users/ada@example.com", ADA), 200);
	ck_assert_ptr_null(at("profile.department"));
}
END_TEST

START_TEST(the_etag_is_a_hash_of_the_profile_alone)
{
	okta("POST", "/users?activate=false", ADA);
	okta("GET", "/users/ada@example.com", NULL);
	char *first = util_dup(reply_find_header(&last.reply, "ETag"));

	ck_assert_uint_eq(strlen(first), 68);
	ck_assert_int_eq(strncmp(first, "W/\"", 3), 0);
	okta("POST", "/users/ada@example.com/lifecycle/activate", NULL);
	okta("GET", "/users/ada@example.com", NULL);
	ck_assert_str_eq(reply_find_header(&last.reply, "ETag"), first);
	okta("POST", "/users/ada@example.com", "{\"profile\":{\"title\":\"x\"}}");
	okta("GET", "/users/ada@example.com", NULL);
	ck_assert_str_ne(reply_find_header(&last.reply, "ETag"), first);
	okta("POST", "/users/ada@example.com", "{\"profile\":{\"title\":null}}");
	okta("GET", "/users/ada@example.com", NULL);
	ck_assert_str_eq(reply_find_header(&last.reply, "ETag"), first);
	free(first);
}
END_TEST

static int update_if(const char *etag)
{
	return ask_with(&(struct asked){.method = "POST",
	        .uri = "/okta/api/v1/users/ada@example.com",
	        .body = "{\"profile\":{\"title\":\"x\"}}",
	        .authorization = "SSWS sandbox-okta-token",
	        .if_match = etag});
}

START_TEST(if_match_guards_an_update)
{
	okta("POST", "/users", ADA);
	update_if("nonsense");
	ck_error(400, "E0000242");
	update_if("W/\"0000000000000000000000000000000000000000000000000000000000000000\"");
	ck_error(412, "E0000231");
	okta("GET", "/users/ada@example.com", NULL);
	char *etag = util_dup(reply_find_header(&last.reply, "ETag"));

	ck_assert_int_eq(update_if(etag), 200);
	ck_assert_int_eq(update_if(etag), 412);
	free(etag);
}
END_TEST

static const struct {
	const char *body;
	const char *summary;
	const char *cause;
} REFUSED[] = {
        {PERSON("ADA@Example.com", ""), "Api validation failed: login",
                "login: An object with this field already exists in the current organization"},
        {PERSON("\xc3\xa1"
                "da@example.com",
                 ""),
                "Api validation failed: login",
                "login: An object with this field already exists in the current organization"},
        {PERSON("b@example.com", ",\"notValid\":1"), "Api validation failed: newUser",
                "Property name 'notValid' is not defined in profile"},
        {PERSON("b@example.com", ",\"secondEmail\":\"nonsense\""),
                "Api validation failed: secondEmail",
                "secondEmail: Does not match required pattern"},
        {PERSON("no-address", ""), "Api validation failed: login",
                "login: Username must be in the form of an email address"},
        {PERSON("b@example.com", ",\"title\":5"), "Api validation failed: title",
                "title: The value is not of the type string"},
        {PERSON("b@example.com", ",\"countryCode\":\"GBR\""), "Api validation failed: countryCode",
                "countryCode: The value is not a valid country code"},
        {PERSON("b@example.com", ",\"title\":\"\xf0\x9f\x98\x80\""), "Api validation failed: title",
                "title: The value contains characters that are not supported"},
        {"{\"profile\":{\"login\":\"b@example.com\",\"email\":\"b@example.com\",\"firstName\":\"B\"}}",
                "Api validation failed: lastName", "lastName: The field cannot be left blank"},
        {"{}", "Api validation failed: profile", "profile: The field cannot be left blank"},
};

START_TEST(a_bad_profile_is_refused_with_its_cause)
{
	okta("POST", "/users", ADA);
	okta("POST", "/users", REFUSED[_i].body);
	ck_error(400, "E0000001");
	ck_assert_str_eq(text_at("errorSummary"), REFUSED[_i].summary);
	ck_assert_str_eq(text_at("errorCauses.0.errorSummary"), REFUSED[_i].cause);
	ck_assert_str_eq(text_at("errorLink"), "E0000001");
}
END_TEST

START_TEST(names_may_be_fifty_characters_long_whatever_their_bytes)
{
	char name[101] = "";
	char body[400];

	for (size_t i = 0; i < 50; i++) {
		memcpy(name + 2 * i, "\xc3\xa9", 2);
	}
	util_format(body, sizeof(body),
	        "{\"profile\":{\"login\":\"c@example.com\",\"email\":\"c@example.com\","
	        "\"firstName\":\"%s\",\"lastName\":\"B\"}}",
	        name);
	ck_assert_int_eq(okta("POST", "/users", body), 200);
	util_format(body, sizeof(body), "{\"profile\":{\"firstName\":\"%sx\"}}", name);
	ck_assert_int_eq(okta("POST", "/users/c@example.com", body), 400);
}
END_TEST

START_TEST(custom_attributes_come_from_the_schema)
{
	ck_assert_int_eq(
	        okta("POST", "/meta/schemas/user/default",
	                "{\"definitions\":{\"custom\":{\"id\":\"#custom\",\"type\":\"object\","
	                "\"properties\":{\"badge\":{\"title\":\"Badge\",\"type\":\"string\","
	                "\"unique\":true},\"size\":{\"title\":\"Size\",\"type\":\"string\","
	                "\"enum\":[\"S\",\"M\"]}}}}}"),
	        200);
	ck_assert_str_eq(text_at("definitions.custom.properties.badge.unique"), "UNIQUE_VALIDATED");
	ck_assert_int_eq(okta("POST", "/users",
	                         PERSON("ada@example.com", ",\"badge\":\"1\",\"size\":\"M\"")),
	        200);
	ck_assert_int_eq(okta("POST", "/users", PERSON("b@example.com", ",\"badge\":\"1\"")), 400);
	ck_assert_int_eq(okta("POST", "/users", PERSON("b@example.com", ",\"size\":\"XL\"")), 400);
	/* A merge keeps the others; null removes. */
	ck_assert_int_eq(okta("POST", "/meta/schemas/user/default",
	                         "{\"definitions\":{\"custom\":{\"properties\":{\"size\":null}}}}"),
	        200);
	ck_assert_ptr_nonnull(at("definitions.custom.properties.badge"));
	ck_assert_ptr_null(at("definitions.custom.properties.size"));
	ck_assert_int_eq(okta("POST", "/meta/schemas/user/default",
	                         "{\"definitions\":{\"custom\":{\"properties\":{\"firstname\":{"
	                         "\"title\":\"x\",\"type\":\"string\"}}}}}"),
	        400);
}
END_TEST

START_TEST(a_user_can_be_read_by_id_login_and_short_login)
{
	okta("POST", "/users", ADA);
	char *path = util_text("/users/%s", text_at("id"));

	ck_assert_int_eq(okta("GET", path, NULL), 200);
	ck_assert_int_eq(okta("GET", "/users/Ada%40Example.com", NULL), 200);
	ck_assert_int_eq(okta("GET", "/users/ada", NULL), 200);
	ck_assert_int_eq(okta("GET", "/users/me", NULL), 200);
	ck_assert_str_eq(text_at("profile.login"), "okta.admin@example.com");
	okta("POST", "/users", PERSON("ada@example.org", ""));
	ck_assert_int_eq(okta("GET", "/users/ada", NULL), 404);
	free(path);
}
END_TEST

START_TEST(deleting_takes_two_steps_and_frees_the_login)
{
	okta("POST", "/users", ADA);
	ck_assert_int_eq(okta("DELETE", "/users/ada@example.com", NULL), 204);
	okta("GET", "/users/ada@example.com", NULL);
	ck_assert_str_eq(text_at("status"), "DEPROVISIONED");
	ck_assert_int_eq(okta("DELETE", "/users/ada@example.com", NULL), 204);
	ck_assert_int_eq(okta("GET", "/users/ada@example.com", NULL), 404);
	ck_assert_int_eq(okta("POST", "/users", ADA), 200);
}
END_TEST

START_TEST(who_may_not_is_told_before_anything_is_looked_at)
{
	control("POST", "/settings",
	        "{\"okta_missing_permissions\":[\"users.create\",\"users.lifecycle\"]}");
	okta("POST", "/users", "{\"profile\":{}}");
	ck_error(403, "E0000006");
	okta("POST", "/users/00uNobody/lifecycle/suspend", NULL);
	ck_error(403, "E0000006");
	ck_assert_int_eq(okta("GET", "/users/me", NULL), 200);
	control("POST", "/settings", "{\"okta_missing_permissions\":[\"schemas.read\"]}");
	okta("POST", "/meta/schemas/user/default", "{}");
	ck_error(403, "E0000006");
}
END_TEST

START_TEST(people_of_other_sources_or_rights_are_left_alone)
{
	okta("POST", "/users", ADA);
	control("PATCH", "/okta/users/ada@example.com", "{\"sourced\":true}");
	okta("POST", "/users/ada@example.com", "{\"profile\":{\"title\":\"x\"}}");
	ck_error(403, "E0000023");
	ck_assert_int_eq(okta("POST", "/users/ada@example.com", ADA), 200);
	control("PATCH", "/okta/users/ada@example.com", "{\"manageable\":false}");
	okta("POST", "/users/ada@example.com/lifecycle/deactivate", NULL);
	ck_error(403, "E0000006");
	ck_assert_int_eq(okta("GET", "/users/ada@example.com", NULL), 200);
}
END_TEST

static const struct {
	const char *what;
	struct asked asked;
	int status;
	const char *code;
} BROKEN[] = {
        {"no token", {.method = "GET", .uri = "/okta/api/v1/users/me"}, 403, "E0000005"},
        {"wrong token",
                {.method = "GET", .uri = "/okta/api/v1/users/me", .authorization = "SSWS nonsense"},
                401, "E0000011"},
        {"bearer scheme",
                {.method = "GET",
                        .uri = "/okta/api/v1/users/me",
                        .authorization = "Bearer sandbox-okta-token"},
                401, "E0000011"},
        {"unknown path",
                {.method = "GET",
                        .uri = "/okta/api/v1/nonsense",
                        .authorization = "SSWS sandbox-okta-token"},
                404, "E0000008"},
        {"wrong method",
                {.method = "PUT",
                        .uri = "/okta/api/v1/users",
                        .authorization = "SSWS sandbox-okta-token"},
                405, "E0000022"},
        {"no Accept",
                {.method = "GET",
                        .uri = "/okta/api/v1/users/me",
                        .without_headers = true,
                        .authorization = "SSWS sandbox-okta-token"},
                400, "E0000018"},
        {"bad JSON",
                {.method = "POST",
                        .uri = "/okta/api/v1/users",
                        .body = "{\"profile\":",
                        .authorization = "SSWS sandbox-okta-token"},
                400, "E0000003"},
        {"no length",
                {.method = "POST",
                        .uri = "/okta/api/v1/users/x/lifecycle/suspend",
                        .without_length = true,
                        .authorization = "SSWS sandbox-okta-token"},
                411, "(absent)"},
};

START_TEST(a_broken_request_gets_its_code)
{
	ask_with(&BROKEN[_i].asked);
	ck_assert_msg(last.status == BROKEN[_i].status, "%s: %d", BROKEN[_i].what, last.status);
	ck_assert_str_eq(text_at("errorCode"), BROKEN[_i].code);
}
END_TEST

START_TEST(the_token_dies_with_its_owner)
{
	control("PATCH", "/okta/users/okta.admin@example.com", "{\"status\":\"DEPROVISIONED\"}");
	okta("GET", "/users", NULL);
	ck_error(401, "E0000011");
}
END_TEST

START_TEST(lists_are_paged_by_links_and_leave_out_deactivated_users)
{
	char body[300];

	for (int i = 0; i < 5; i++) {
		util_format(body, sizeof(body),
		        "{\"profile\":{\"login\":\"u%d@example.com\",\"email\":\"u@example.com\","
		        "\"firstName\":\"U\",\"lastName\":\"U\"}}",
		        i);
		ck_assert_int_eq(okta("POST", "/users", body), 200);
	}
	okta("POST", "/users/u4@example.com/lifecycle/deactivate", NULL);
	ck_assert_int_eq(okta("GET", "/users?limit=4", NULL), 200);
	ck_assert_uint_eq(json_array_size(last.json), 4);
	ck_assert_uint_eq(json_object_size(at("0._links")), 1);
	char *after = util_text("/users?limit=4&after=%s", text_at("3.id"));

	ck_assert_int_eq(okta("GET", after, NULL), 200);
	ck_assert_uint_eq(json_array_size(last.json), 1);
	ck_assert_str_eq(text_at("0.profile.login"), "u3@example.com");
	ck_assert_int_eq(okta("GET", "/users?search=status%20eq%20%22DEPROVISIONED%22", NULL), 200);
	ck_assert_uint_eq(json_array_size(last.json), 1);
	free(after);
}
END_TEST

START_TEST(a_search_sees_changes_only_after_its_lag)
{
	control("POST", "/settings", "{\"okta_search_lag_ms\":60000}");
	okta("POST", "/users", ADA);
	okta("GET", "/users?search=profile.login%20eq%20%22ada@example.com%22", NULL);
	ck_assert_uint_eq(json_array_size(last.json), 0);
	ck_assert_int_eq(okta("GET", "/users/ada@example.com", NULL), 200);
	control("POST", "/settings", "{\"okta_search_lag_ms\":0}");
	okta("GET", "/users?search=profile.login%20eq%20%22ada@example.com%22", NULL);
	ck_assert_uint_eq(json_array_size(last.json), 1);
}
END_TEST

#define NEW_ATTRIBUTE(name)                                     \
	"{\"definitions\":{\"custom\":{\"properties\":{\"" name \
	"\":{\"title\":\"N\",\"type\":\"string\"}}}}}"

static bool schema_has(const char *name)
{
	ck_assert_int_eq(okta("GET", "/meta/schemas/user/default", NULL), 200);
	const json_t *custom = at("definitions.custom.properties");

	return json_object_get(custom, name) != NULL;
}

START_TEST(schema_changes_add_up)
{
	ck_assert_int_eq(okta("POST", "/meta/schemas/user/default", NEW_ATTRIBUTE("one")), 200);
	ck_assert_ptr_nonnull(at("definitions.custom.properties.one"));
	ck_assert_int_eq(okta("POST", "/meta/schemas/user/default", NEW_ATTRIBUTE("two")), 200);
	ck_assert(schema_has("one") && schema_has("two"));
}
END_TEST

START_TEST(a_schema_change_may_be_shown_late)
{
	control("POST", "/settings", "{\"okta_schema_lag_ms\":60000}");
	ck_assert_int_eq(okta("POST", "/meta/schemas/user/default", NEW_ATTRIBUTE("one")), 200);
	ck_assert_ptr_nonnull(at("definitions.custom.properties.one"));
	ck_assert(!schema_has("one"));
	control("POST", "/settings", "{\"okta_schema_lag_ms\":0}");
	ck_assert(schema_has("one"));
}
END_TEST

START_TEST(a_schema_change_may_get_lost)
{
	control("POST", "/settings", "{\"okta_schema_loses\":1}");
	ck_assert_int_eq(okta("POST", "/meta/schemas/user/default", NEW_ATTRIBUTE("one")), 200);
	ck_assert_ptr_nonnull(at("definitions.custom.properties.one"));
	ck_assert(!schema_has("one"));
	ck_assert_int_eq(okta("POST", "/meta/schemas/user/default", NEW_ATTRIBUTE("one")), 200);
	ck_assert(schema_has("one"));
}
END_TEST

START_TEST(groups_can_be_joined_left_and_listed)
{
	okta("POST", "/users", ADA);
	ck_assert_int_eq(okta("POST", "/groups", "{\"profile\":{\"name\":\"Finance\"}}"), 200);
	char *path = util_text("/groups/%s/users/ada@example.com", text_at("id"));

	ck_assert_int_eq(okta("PUT", path, NULL), 204);
	okta("GET", "/users/ada@example.com/groups", NULL);
	ck_assert_uint_eq(json_array_size(last.json), 2);
	ck_assert_str_eq(text_at("0.type"), "BUILT_IN");
	ck_assert_int_eq(okta("DELETE", path, NULL), 204);
	okta("POST", "/users/ada@example.com/lifecycle/deactivate", NULL);
	ck_assert_int_eq(okta("PUT", path, NULL), 403);
	free(path);
}
END_TEST

START_TEST(memberships_show_late_and_rules_are_listed)
{
	okta("POST", "/users", ADA);
	okta("POST", "/groups", "{\"profile\":{\"name\":\"Finance\"}}");
	char *id = util_dup(text_at("id"));
	char *path = util_text("/groups/%s/users", id);

	control("POST", "/okta/groups/Finance/members", "{\"join\":\"ada@example.com\"}");
	okta("GET", path, NULL);
	ck_assert_uint_eq(json_array_size(last.json), 1);
	control("POST", "/settings", "{\"okta_membership_lag_ms\":60000}");
	okta("GET", path, NULL);
	ck_assert_uint_eq(json_array_size(last.json), 0);
	okta("GET", "/users/ada@example.com/groups", NULL);
	ck_assert_uint_eq(json_array_size(last.json), 1);
	control("POST", "/okta/group_rules", "{\"groups\":[\"Finance\"]}");
	control("POST", "/okta/group_rules", "{\"groups\":[],\"status\":\"INACTIVE\"}");
	ck_assert_int_eq(okta("GET", "/groups/rules?limit=1", NULL), 200);
	ck_assert_uint_eq(json_array_size(last.json), 1);
	ck_assert_str_eq(text_at("0.actions.assignUserToGroups.groupIds.0"), id);
	ck_assert_str_eq(text_at("0.status"), "ACTIVE");
	free(path);
	free(id);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("okta_users");
	TCase *calls = tcase_create("calls");

	tcase_add_checked_fixture(calls, setup, teardown);
	tcase_add_test(calls, a_fresh_user_shows_six_attributes_and_two_of_them_null);
	tcase_add_test(calls, nulls_clear_and_the_rest_is_kept);
	tcase_add_test(calls, the_etag_is_a_hash_of_the_profile_alone);
	tcase_add_test(calls, if_match_guards_an_update);
	tcase_add_loop_test(calls, a_bad_profile_is_refused_with_its_cause, 0, (int)COUNT(REFUSED));
	tcase_add_test(calls, names_may_be_fifty_characters_long_whatever_their_bytes);
	tcase_add_test(calls, custom_attributes_come_from_the_schema);
	tcase_add_test(calls, schema_changes_add_up);
	tcase_add_test(calls, a_schema_change_may_be_shown_late);
	tcase_add_test(calls, a_schema_change_may_get_lost);
	tcase_add_test(calls, a_user_can_be_read_by_id_login_and_short_login);
	tcase_add_test(calls, deleting_takes_two_steps_and_frees_the_login);
	tcase_add_test(calls, who_may_not_is_told_before_anything_is_looked_at);
	tcase_add_test(calls, people_of_other_sources_or_rights_are_left_alone);
	tcase_add_loop_test(calls, a_broken_request_gets_its_code, 0, (int)COUNT(BROKEN));
	tcase_add_test(calls, the_token_dies_with_its_owner);
	tcase_add_test(calls, lists_are_paged_by_links_and_leave_out_deactivated_users);
	tcase_add_test(calls, a_search_sees_changes_only_after_its_lag);
	tcase_add_test(calls, groups_can_be_joined_left_and_listed);
	tcase_add_test(calls, memberships_show_late_and_rules_are_listed);
	suite_add_tcase(suite, calls);
	return run(suite);
}
