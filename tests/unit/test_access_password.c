/* SPDX-License-Identifier: MIT */
#include "server/access/access.h"

#include "tests/support/suite.h"

#include <check.h>
#include <string.h>

#define SHORT "at least 15 characters"
#define EASY  "easy to guess"

static const struct {
	const char *password;
	const char *complaint; /* part of it; NULL: none */
} CASES[] = {
        {"", SHORT}, {"short", SHORT}, {"fourteen chars", SHORT},
        {"\xc3\xa4\xc3\xa4\xc3\xb6\xc3\xb6\xc3\xbc\xc3\xbc\xc3\x9f\xc3\x9f",
                SHORT}, /* 8, 16 bytes */
        {"\xe5\xaf\x86\xe7\xa0\x81\xe5\xaf\x86\xe7\xa0\x81\xe5\xaf\x86", SHORT}, /* 5, 15 bytes */
        {"teapot gravel on", NULL}, {"violet kettle orbit", NULL}, {"vastly tired lamp", NULL},
        {"8f#K2!qz9$Lw7&pX", NULL}, {"483920174658392", NULL}, /* digits alone: any characters */
        {" leading and ending blanks ", NULL},
        {"\xd0\xb2\xd0\xb5\xd0\xbb\xd0\xbe\xd1\x81\xd0\xb8\xd0\xbf\xd0\xb5\xd0\xb4\xd0\xba\xd0\xbe"
         "\xd1\x80\xd0\xbe\xd0\xb2\xd0\xb0",
                NULL}, /* 15 Cyrillic letters */
        {"\xf0\x9f\xa6\x8a\xf0\x9f\x8c\x8d\xf0\x9f\x8e\xb7\xf0\x9f\x9a\xb2\xf0\x9f\xa5\x95"
         "\xf0\x9f\x90\x99\xf0\x9f\x8c\xb5\xf0\x9f\x8e\xb2\xf0\x9f\xa7\xb2\xf0\x9f\xaa\x81"
         "\xf0\x9f\xa6\x89\xf0\x9f\x8d\x8b\xf0\x9f\x8e\xba\xf0\x9f\x9b\xb6\xf0\x9f\xa7\xad",
                NULL}, /* 15 pictures */
        {"my horse ate the admin", NULL}, /* enough beside the word */
        {"tractor-okta-lemonade", NULL}, {"tab\tand\nline break", NULL}, {"password12345678", EASY},
        {"Password1234567890", EASY}, {"P@ssw0rdP@ssw0rd", EASY}, {"passwordpassword", EASY},
        {"password20261231", EASY}, {"p.a.s.s.w.o.r.d.1.2.3", EASY}, {"administrator123", EASY},
        {"Administrator2026!", EASY}, {"qwertyuiopasdfgh", EASY}, {"qwertzuiopyxcvbn", EASY},
        {"1q2w3e4r5t6y7u8i", EASY}, {"1qaz2wsx3edc4rfv", EASY}, {"poiuytrewqlkjhgf", EASY},
        {"123456789012345", EASY}, {"1234567890123456", EASY}, {"987654321987654321", EASY},
        {"abcdefghijklmnop", EASY}, {"aaaaaaaaaaaaaaa", EASY}, {"xyxyxyxyxyxyxyxy", EASY},
        {"lemonlemonlemon", EASY}, {"a1a1a1a1a1a1a1a1a1", EASY}, {"iloveyouiloveyou", EASY},
        {"letmeinletmein123", EASY}, {"correct horse battery staple", EASY},
        {"CorrectHorseBatteryStaple1", EASY}, {"thisismypassword", EASY},
        {"maytheforcebewithyou", EASY}, {"bob2okta-bob2okta", EASY},
        {"bob2okta-console-2026", EASY}, {"hibob-okta-2026!", EASY}, {"HiBob to Okta 123!", EASY},
        {"okta okta okta 1", EASY}, {"Welcome!Welcome!", EASY}, {"Summer2026Winter2027", EASY},
        {"ada.lovelace2026!", EASY}, /* the account's name */
        {"Lovelace-Ada-123", EASY}, {"ada.lovelace@example.com", EASY},
        {"\xd0\xb4\xd0\xb0\xd0\xb4\xd0\xb0\xd0\xb4\xd0\xb0\xd0\xb4\xd0\xb0\xd0\xb4\xd0\xb0\xd0\xb4\xd0\xb0"
         "\xd0\xb4\xd0\xb0\xd0\xb4\xd0\xb0",
                EASY}, /* the same two, 8 times */
};

START_TEST(passwords_are_judged)
{
	const char *complaint =
	        access_password_complaint(CASES[_i].password, "ada.lovelace@example.com");
	if (CASES[_i].complaint == NULL) {
		ck_assert_msg(complaint == NULL, "%s: %s", CASES[_i].password, complaint);
	} else {
		ck_assert_msg(complaint != NULL && strstr(complaint, CASES[_i].complaint) != NULL,
		        "%s: %s", CASES[_i].password, complaint);
	}
}
END_TEST

START_TEST(long_ones_are_taken_up_to_the_cap)
{
	char text[ACCESS_PASSWORD_MAX_BYTES + 2] = "";
	for (size_t i = 0; i <= ACCESS_PASSWORD_MAX_BYTES; i++) {
		text[i] = "fjgkdlsowpeqmzbvn"[i * i % 17];
	}
	ck_assert_str_ne(access_password_complaint(text, "ada"), "");
	text[ACCESS_PASSWORD_MAX_BYTES] = '\0';
	memcpy(text, "every word of this one is another and counts", 44);
	ck_assert_ptr_null(access_password_complaint(text, "ada"));
	ck_assert_ptr_null(access_password_complaint(
	        "sixty-four characters of nothing anybody would ever guess again.", NULL));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("access_password");
	TCase *passwords = tcase_create("passwords");
	tcase_add_loop_test(passwords, passwords_are_judged, 0, ARRAY_SIZE(CASES));
	tcase_add_test(passwords, long_ones_are_taken_up_to_the_cap);
	suite_add_tcase(suite, passwords);
	return suite_run(suite);
}
