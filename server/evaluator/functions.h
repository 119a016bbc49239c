/* SPDX-License-Identifier: MIT */
#ifndef SERVER_EVALUATOR_FUNCTIONS_H
#define SERVER_EVALUATOR_FUNCTIONS_H

/*
 * What the prelude's functions do, in C: libjq needs about a microsecond for
 * each letter that a program goes through. The prelude checks for null and
 * gives the call to programs.c, which turns jq's values into these. Pure.
 */

#include "server/base/letters.h"

/* What a call may end with; WANTS: the input or argument is of another kind. */
enum function_end {
	FUNCTION_TEXT, /* in call->to */
	FUNCTION_NUMBER, /* in call->number */
	FUNCTION_NULL,
	FUNCTION_WANTS_TEXT,
	FUNCTION_WANTS_NUMBER,
	FUNCTION_WANTS_LIST,
	FUNCTION_WANTS_DATE,
};

#define FUNCTION_SEPARATOR 0x1F /* of a list's texts: the control character made for it */

enum function_argument {
	ARGUMENT_NONE,
	ARGUMENT_TEXT, /* null is "" */
	ARGUMENT_NUMBER, /* whole, rounded down */
	ARGUMENT_WORDS, /* a list of texts, FUNCTION_SEPARATOR behind each */
};

struct function_call {
	const char *text; /* the input; ends with a NUL that does not count */
	size_t len;
	const char *argument; /* ARGUMENT_TEXT and _WORDS; as text */
	int64_t number; /* ARGUMENT_NUMBER: the argument; FUNCTION_NUMBER: the result */
	struct buf *to;
};

struct function {
	const char *name;
	enum function_argument argument;
	enum function_end (*run)(struct function_call *call);
	bool takes_list; /* the input is a list, given as ARGUMENT_WORDS are */
};

/* NULL when there is none of that name with such an argument. */
const struct function *function_find(const char *name, bool has_argument);

/* functions_text.c */
enum function_end function_lower(struct function_call *call);
enum function_end function_upper(struct function_call *call);
enum function_end function_lower_turkish(struct function_call *call);
enum function_end function_upper_turkish(struct function_call *call);
enum function_end function_ascii(struct function_call *call);
enum function_end function_ascii_german(struct function_call *call);
enum function_end function_ascii_nordic(struct function_call *call);
enum function_end function_ascii_downcase(struct function_call *call);
enum function_end function_ascii_upcase(struct function_call *call);
enum function_end function_proper_case(struct function_call *call);
enum function_end function_proper_case_but(struct function_call *call);
enum function_end function_squeeze(struct function_call *call);
enum function_end function_slug(struct function_call *call);
enum function_end function_join_nonempty(struct function_call *call);

/* functions_part.c */
enum function_end function_first_letter(struct function_call *call);
enum function_end function_initials(struct function_call *call);
enum function_end function_truncate(struct function_call *call);
enum function_end function_digits(struct function_call *call);
enum function_end function_local_part(struct function_call *call);
enum function_end function_domain(struct function_call *call);
enum function_end function_phone_e164(struct function_call *call);

/* functions_date.c */
enum function_end function_date_format(struct function_call *call);
enum function_end function_date_parse(struct function_call *call);
enum function_end function_date_add(struct function_call *call);
enum function_end function_months_add(struct function_call *call);
enum function_end function_days_between(struct function_call *call);
enum function_end function_year(struct function_call *call);
enum function_end function_weekday(struct function_call *call);

#endif
