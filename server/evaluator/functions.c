/* SPDX-License-Identifier: MIT */
#include "server/evaluator/functions.h"

#include "server/base/str.h"

static const struct function functions[] = {
        {"lower", ARGUMENT_NONE, function_lower, false},
        {"upper", ARGUMENT_NONE, function_upper, false},
        {"lower_turkish", ARGUMENT_NONE, function_lower_turkish, false},
        {"upper_turkish", ARGUMENT_NONE, function_upper_turkish, false},
        {"ascii", ARGUMENT_NONE, function_ascii, false},
        {"ascii_german", ARGUMENT_NONE, function_ascii_german, false},
        {"ascii_nordic", ARGUMENT_NONE, function_ascii_nordic, false},
        {"ascii_downcase", ARGUMENT_NONE, function_ascii_downcase, false},
        {"ascii_upcase", ARGUMENT_NONE, function_ascii_upcase, false},
        {"proper_case", ARGUMENT_NONE, function_proper_case, false},
        {"proper_case", ARGUMENT_WORDS, function_proper_case_but, false},
        {"squeeze", ARGUMENT_NONE, function_squeeze, false},
        {"slug", ARGUMENT_TEXT, function_slug, false},
        {"join_nonempty", ARGUMENT_TEXT, function_join_nonempty, true},
        {"first_letter", ARGUMENT_NONE, function_first_letter, false},
        {"initials", ARGUMENT_NONE, function_initials, false},
        {"truncate", ARGUMENT_NUMBER, function_truncate, false},
        {"digits", ARGUMENT_NONE, function_digits, false},
        {"local_part", ARGUMENT_NONE, function_local_part, false},
        {"domain", ARGUMENT_NONE, function_domain, false},
        {"phone_e164", ARGUMENT_TEXT, function_phone_e164, false},
        {"date_format", ARGUMENT_TEXT, function_date_format, false},
        {"date_parse", ARGUMENT_TEXT, function_date_parse, false},
        {"date_add", ARGUMENT_NUMBER, function_date_add, false},
        {"months_add", ARGUMENT_NUMBER, function_months_add, false},
        {"days_between", ARGUMENT_TEXT, function_days_between, false},
        {"year", ARGUMENT_NONE, function_year, false},
        {"weekday", ARGUMENT_NONE, function_weekday, false},
};

const struct function *function_find(const char *name, bool has_argument)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		const struct function *function = &functions[i];
		if ((function->argument != ARGUMENT_NONE) == has_argument &&
		        str_equal(function->name, name)) {
			return function;
		}
	}
	return NULL;
}
