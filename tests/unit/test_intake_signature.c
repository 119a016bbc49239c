/* SPDX-License-Identifier: MIT */
#include "server/intake/signature.h"

#include "server/base/attr.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "tests/support/suite.h"

#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECRET        "test-bob-webhook-secret"
#define PATH_BYTES    512
#define MESSAGE_BYTES 1024

/* bob.md 2. */
#define PING "Ping test"
#define PING_MAC \
	"ikmn4kw5rmUrmjqbwggO3HLwD6Q27ZJlrufrYaONT72LaoT4XeMm18MitZrNfarzCQsicFmt4xEavNtWQafAWg=="

static void set_up(void)
{
	struct err err = ERR_INIT;
	ck_assert(crypto_start(&err));
}

static void tear_down(void)
{
	crypto_stop();
}

static struct hmac_key *key_of(const char *secret)
{
	struct err err = ERR_INIT;
	struct hmac_key *key = hmac_key_create(secret, strlen(secret), &err);
	ck_assert_ptr_nonnull(key);
	return key;
}

static bool verify(const char *secret, const char *header, const char *body)
{
	struct hmac_key *key = key_of(secret);
	const struct hmac_key *keys[] = {key};
	bool is_right = intake_signature_verify(keys, 1, header, body, strlen(body));
	hmac_key_destroy(key);
	return is_right;
}

static const struct {
	const char *body;
	const char *header;
} OWN[] = {
        {"{\"text\":\"Ping test\"}",
                "ncmhMvwHyW39vToPImFa+G2HtaD+Q+FBf17sZg/FxfxzSsP9hT57MQBEtpKe2"
                "V8bdq6Un2/qPBdDGNbzbRPGKQ=="},
        {PING, PING_MAC},
        {"{\"companyId\":637323,\"type\":\"employee.created\",\"triggeredBy\":"
         "\"3332883804594373380\",\"triggeredAt\":\"2024-12-26T11:29:14.399997\",\"version\":\"v2\","
         "\"data\":{\"employeeId\":\"3332883894235038486\"}}",
                "4jfj59Ua+IrlqEx88TSuTMlQo3EAZYadp1j0oWSGuGpMrjfed0aYCAF1h+FGOBFpx0ge5aIVKzj/"
                "mHcx1cDAkA=="},
};

START_TEST(own_vectors_verify)
{
	ck_assert(verify(SECRET, OWN[_i].header, OWN[_i].body));
	ck_assert(!verify("another secret", OWN[_i].header, OWN[_i].body));
}
END_TEST

START_TEST(one_changed_byte_of_the_body_is_refused)
{
	ck_assert(!verify(SECRET, PING_MAC, "Ping test "));
	ck_assert(!verify(SECRET, PING_MAC, "ping test"));
	ck_assert(!verify(SECRET, PING_MAC, ""));
}
END_TEST

START_TEST(white_space_around_the_value_is_allowed)
{
	ck_assert(verify(SECRET, "  " PING_MAC, PING));
	ck_assert(verify(SECRET, PING_MAC "\t ", PING));
	ck_assert(verify(SECRET, " " PING_MAC "\r\n", PING));
}
END_TEST

static const char *const MALFORMED[] = {
        NULL,
        "",
        " ",
        "=",
        "sha512=" PING_MAC,
        PING_MAC PING_MAC,
        PING_MAC "," PING_MAC,
        PING_MAC "=",
        PING_MAC "x",
        /* without padding, with one, cut by a group */
        "ikmn4kw5rmUrmjqbwggO3HLwD6Q27ZJlrufrYaONT72LaoT4XeMm18MitZrNfarzCQsicFmt4xEavNtWQafAWg",
        "ikmn4kw5rmUrmjqbwggO3HLwD6Q27ZJlrufrYaONT72LaoT4XeMm18MitZrNfarzCQsicFmt4xEavNtWQafAWg=",
        "ikmn4kw5rmUrmjqbwggO3HLwD6Q27ZJlrufrYaONT72LaoT4XeMm18MitZrNfarzCQsicFmt4xEavNtWQafA",
        /* stray bits in the last character */
        "ikmn4kw5rmUrmjqbwggO3HLwD6Q27ZJlrufrYaONT72LaoT4XeMm18MitZrNfarzCQsicFmt4xEavNtWQafAWh==",
        /* a blank and a line end inside */
        "ikmn4kw5rmUrmjqbwggO3HLwD6Q27ZJlrufrYaONT72L aoT4XeMm18MitZrNfarzCQsicFmt4xEavNtWQafAWg==",
        "ikmn4kw5rmUrmjqbwggO3HLwD6Q27ZJlrufrYaONT72L\naoT4XeMm18MitZrNfarzCQsicFmt4xEavNtWQafAWg==",
        /* first and last byte wrong */
        "jkmn4kw5rmUrmjqbwggO3HLwD6Q27ZJlrufrYaONT72LaoT4XeMm18MitZrNfarzCQsicFmt4xEavNtWQafAWg==",
        "ikmn4kw5rmUrmjqbwggO3HLwD6Q27ZJlrufrYaONT72LaoT4XeMm18MitZrNfarzCQsicFmt4xEavNtWQafAWw==",
        /* the same bytes as hexadecimal */
        "8a49a7e24c39ae652b9a3a9bc2080edc72f00fa436ed9265aee7eb61a38d4fbd8b6a84f85de326d7c322b59acd",
};

START_TEST(malformed_and_wrong_headers_are_refused)
{
	ck_assert_msg(!verify(SECRET, MALFORMED[_i], PING), "%d", _i);
}
END_TEST

START_TEST(url_safe_base64_is_refused)
{
	/* The first vector has both letters that differ between the alphabets. */
	char header[128];
	ck_assert(str_copy(header, sizeof(header), OWN[0].header));
	for (char *at = header; *at != '\0'; at++) {
		*at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
	}
	ck_assert_str_ne(header, OWN[0].header);
	ck_assert(!verify(SECRET, header, OWN[0].body));
}
END_TEST

START_TEST(every_key_is_tried_in_any_order)
{
	struct hmac_key *right = key_of(SECRET);
	struct hmac_key *wrong = key_of("old secret");
	const struct hmac_key *last[] = {wrong, wrong, right};
	const struct hmac_key *first[] = {right, wrong};
	const struct hmac_key *none[] = {wrong, wrong};
	ck_assert(intake_signature_verify(last, 3, PING_MAC, PING, strlen(PING)));
	ck_assert(intake_signature_verify(first, 2, PING_MAC, PING, strlen(PING)));
	ck_assert(!intake_signature_verify(none, 2, PING_MAC, PING, strlen(PING)));
	hmac_key_destroy(right);
	hmac_key_destroy(wrong);
}
END_TEST

START_TEST(without_keys_nothing_is_accepted)
{
	ck_assert(!intake_signature_verify(NULL, 0, PING_MAC, PING, strlen(PING)));
	ck_assert(!intake_signature_verify(NULL, 0, NULL, "", 0));
}
END_TEST

static int hex_digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

static size_t from_hex(const char *hex, uint8_t *to)
{
	size_t len = strlen(hex) / 2;
	ck_assert_uint_le(len, MESSAGE_BYTES);
	for (size_t i = 0; i < len; i++) {
		to[i] = (uint8_t)(hex_digit(hex[2 * i]) * 16 + hex_digit(hex[2 * i + 1]));
	}
	return len;
}

/* Only whole tags are legal here, so that the truncated ones must fail though they are "valid". */
static bool check_vector(const json_t *test, int64_t tag_bits)
{
	uint8_t key_bytes[MESSAGE_BYTES];
	uint8_t message[MESSAGE_BYTES];
	uint8_t tag[MESSAGE_BYTES];
	struct err err = ERR_INIT;
	size_t key_len = from_hex(json_get_text(test, "key"), key_bytes);
	size_t message_len = from_hex(json_get_text(test, "msg"), message);
	size_t tag_len = from_hex(json_get_text(test, "tag"), tag);
	struct hmac_key *key = hmac_key_create(key_bytes, key_len, &err);
	ck_assert_ptr_nonnull(key);
	char *header = base64_encode(tag, tag_len);
	const struct hmac_key *keys[] = {key};
	bool is_right = intake_signature_verify(keys, 1, header, message, message_len);
	bool wanted = tag_bits == 512 && str_equal(json_get_text(test, "result"), "valid");
	ck_assert_msg(is_right == wanted, "test %d", (int)json_get_int(test, "tcId", 0));
	free(header);
	hmac_key_destroy(key);
	return is_right;
}

START_TEST(wycheproof_vectors_agree_and_truncated_tags_are_refused)
{
	const char *shared = getenv("BOB2OKTA_SHARED");
	char path[PATH_BYTES];
	ck_assert(str_format(path, sizeof(path), "%s/vectors/wycheproof/hmac_sha512_test.json",
	        shared != NULL ? shared : "../shared"));
	json_t *vectors = json_load_file(path, 0, NULL);
	if (vectors == NULL) {
		printf("skipped: Wycheproof is not at %s (BOB2OKTA_SHARED names its place)\n",
		        path);
		return;
	}
	int accepted = 0;
	int tried = 0;
	size_t i = 0;
	size_t j = 0;
	json_t *group = NULL;
	json_t *test = NULL;
	json_array_foreach(json_object_get(vectors, "testGroups"), i, group)
	{
		json_array_foreach(json_object_get(group, "tests"), j, test)
		{
			accepted += check_vector(test, json_get_int(group, "tagSize", 0)) ? 1 : 0;
			tried++;
		}
	}
	json_decref(vectors);
	ck_assert_int_eq(tried, 174);
	ck_assert_int_eq(accepted, 33);
}
END_TEST

static Suite *suite(void)
{
	Suite *all = suite_create("intake signature");
	TCase *tcase = tcase_create("signature");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, own_vectors_verify, 0, (int)ARRAY_SIZE(OWN));
	tcase_add_test(tcase, one_changed_byte_of_the_body_is_refused);
	tcase_add_test(tcase, white_space_around_the_value_is_allowed);
	tcase_add_loop_test(
	        tcase, malformed_and_wrong_headers_are_refused, 0, (int)ARRAY_SIZE(MALFORMED));
	tcase_add_test(tcase, url_safe_base64_is_refused);
	tcase_add_test(tcase, every_key_is_tried_in_any_order);
	tcase_add_test(tcase, without_keys_nothing_is_accepted);
	tcase_add_test(tcase, wycheproof_vectors_agree_and_truncated_tags_are_refused);
	suite_add_tcase(all, tcase);
	return all;
}

int main(void)
{
	return suite_run(suite());
}
