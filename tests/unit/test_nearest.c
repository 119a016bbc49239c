/* SPDX-License-Identifier: MIT */
#include "server/settings/nearest.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

struct trial {
	const char *word;
	const char *best; /* NULL: none */
};

static const char *const offered[] = {"people", "person", "plan", "pause", "email_domains"};

static const struct trial trials[] = {
        {"people", "people"},
        {"poeple", "people"}, /* neighbours swapped */
        {"persn", "person"},
        {"plann", "plan"},
        {"pln", "plan"},
        {"email_domain", "email_domains"},
        {"emaildomain", "email_domains"},
        {"serve", NULL},
        {"x", NULL},
        {"", NULL},
        {"a_word_that_is_longer_than_any_key_or_flag_could_ever_be", NULL},
};

START_TEST(the_nearest_word_is_found_if_it_is_near)
{
	struct nearest nearest;
	nearest_init(&nearest, trials[_i].word);
	for (size_t i = 0; i < sizeof(offered) / sizeof(offered[0]); i++) {
		nearest_offer(&nearest, offered[i]);
	}
	const char *best = nearest_get(&nearest);
	if (trials[_i].best == NULL) {
		ck_assert_msg(best == NULL, "\"%s\" gave %s", trials[_i].word, best);
	} else {
		ck_assert_pstr_eq(best, trials[_i].best);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nearest");
	TCase *finding = tcase_create("finding");
	tcase_add_loop_test(finding, the_nearest_word_is_found_if_it_is_near, 0,
	        (int)(sizeof(trials) / sizeof(trials[0])));
	suite_add_tcase(suite, finding);
	return suite_run(suite);
}
