/* SPDX-License-Identifier: MIT */
/* Parts of a text, and phone numbers. */
#include "server/evaluator/functions.h"

#include "server/base/str.h"

#include <ctype.h>
#include <string.h>

/* --------------------------------------------------------------- letters */

/* The first letter with its accents; false at the end of the text. */
static bool add_letter(struct buf *to, struct letters_text *text, uint32_t first, bool is_big)
{
	letters_add(to, is_big ? letters_upper(first) : first);
	struct letters_text rest = *text;
	uint32_t point = 0;
	while (letters_next(&rest, &point) && letters_is_mark(point)) {
		letters_add(to, point);
		*text = rest;
	}
	return text->left > 0;
}

enum function_end function_first_letter(struct function_call *call)
{
	struct letters_text text = {.at = call->text, .left = call->len};
	uint32_t point = 0;
	while (letters_next(&text, &point)) {
		if (!letters_is_space(point)) {
			add_letter(call->to, &text, point, false);
			break;
		}
	}
	return FUNCTION_TEXT;
}

enum function_end function_initials(struct function_call *call)
{
	struct letters_text text = {.at = call->text, .left = call->len};
	bool is_first = true;
	uint32_t point = 0;
	while (letters_next(&text, &point)) {
		bool is_gap = letters_is_space(point) || point == '-';
		if (is_first && !is_gap) {
			add_letter(call->to, &text, point, true);
		}
		is_first = is_gap;
	}
	return FUNCTION_TEXT;
}

enum function_end function_truncate(struct function_call *call)
{
	struct letters_text text = {.at = call->text, .left = call->len};
	const char *base = call->text; /* where the last letter begins */
	const char *before = text.at;
	uint32_t point = 0;
	int64_t taken = 0;
	for (; taken < call->number && letters_next(&text, &point); before = text.at) {
		base = letters_is_mark(point) ? base : before;
		taken++;
	}
	struct letters_text rest = text;
	/* An accent that does not fit takes its letter along. */
	size_t len = letters_next(&rest, &point) && letters_is_mark(point)
	        ? (size_t)(base - call->text)
	        : (size_t)(text.at - call->text);
	while (len > 0 && len < call->len && call->text[len - 1] == ' ') {
		len--;
	}
	buf_add(call->to, call->text, len);
	return FUNCTION_TEXT;
}

enum function_end function_digits(struct function_call *call)
{
	for (size_t i = 0; i < call->len; i++) {
		if (isdigit((unsigned char)call->text[i])) {
			buf_add_char(call->to, call->text[i]);
		}
	}
	return FUNCTION_TEXT;
}

/* ---------------------------------------------------------------- e-mail */

/* The only @ of the text, or NULL. */
static const char *find_at(const struct function_call *call)
{
	const char *at = memchr(call->text, '@', call->len);
	if (at == NULL || memchr(at + 1, '@', call->len - (size_t)(at + 1 - call->text)) != NULL) {
		return NULL;
	}
	return at;
}

enum function_end function_local_part(struct function_call *call)
{
	const char *at = find_at(call);
	if (at == NULL) {
		return FUNCTION_NULL;
	}
	buf_add(call->to, call->text, (size_t)(at - call->text));
	return FUNCTION_TEXT;
}

enum function_end function_domain(struct function_call *call)
{
	const char *at = find_at(call);
	if (at == NULL) {
		return FUNCTION_NULL;
	}
	struct function_call rest = *call;
	rest.text = at + 1;
	rest.len = call->len - (size_t)(at + 1 - call->text);
	return function_lower(&rest);
}

/* ---------------------------------------------------------------- phones */

#define E164_MIN        8 /* digits, country code included */
#define E164_MAX        15
#define PHONE_MAX_BYTES 80

struct country {
	const char *name;
	const char *code;
	const char *trunk; /* what is dialled in front within the country only */
};

static const struct country countries[] = {
        {"AT", "43", "0"},
        {"AU", "61", "0"},
        {"BE", "32", "0"},
        {"BG", "359", "0"},
        {"BR", "55", "0"},
        {"CA", "1", "1"},
        {"CH", "41", "0"},
        {"CN", "86", "0"},
        {"CY", "357", ""},
        {"CZ", "420", ""},
        {"DE", "49", "0"},
        {"DK", "45", ""},
        {"EE", "372", ""},
        {"ES", "34", ""},
        {"FI", "358", "0"},
        {"FR", "33", "0"},
        {"GB", "44", "0"},
        {"GR", "30", ""},
        {"HK", "852", ""},
        {"HR", "385", "0"},
        {"HU", "36", "06"},
        {"IE", "353", "0"},
        {"IL", "972", "0"},
        {"IN", "91", "0"},
        {"IS", "354", ""},
        {"IT", "39", ""},
        {"JP", "81", "0"},
        {"KR", "82", "0"},
        {"LT", "370", "0"},
        {"LU", "352", ""},
        {"LV", "371", ""},
        {"MT", "356", ""},
        {"MX", "52", ""},
        {"NL", "31", "0"},
        {"NO", "47", ""},
        {"NZ", "64", "0"},
        {"PL", "48", ""},
        {"PT", "351", ""},
        {"RO", "40", "0"},
        {"RS", "381", "0"},
        {"SE", "46", "0"},
        {"SG", "65", ""},
        {"SI", "386", "0"},
        {"SK", "421", "0"},
        {"TR", "90", "0"},
        {"UA", "380", "0"},
        {"US", "1", "1"},
        {"VN", "84", "0"},
        {"ZA", "27", "0"},
};

/* Digits of the number; is_abroad: it begins with its country. False when it holds words. */
static bool read_phone(const struct function_call *call, struct buf *digits, bool *is_abroad)
{
	char text[PHONE_MAX_BYTES];
	if (!str_copy(text, sizeof(text), call->text)) {
		return false;
	}
	str_fold(text);
	char *at = text + (str_starts_with(text, "tel:") ? strlen("tel:") : 0);
	at += strspn(at, " (");
	at[strcspn(at, "ex;")] = '\0'; /* "ext. 12", "x12", ";ext=12" */
	*is_abroad = at[0] == '+' || str_starts_with(at, "00");
	at += str_starts_with(at, "00") ? 2 : 0;
	char *trunk = *is_abroad ? strstr(at, "(0)") : NULL;
	if (trunk != NULL) {
		trunk[1] = ' ';
	}
	for (; *at != '\0'; at++) {
		if (isdigit((unsigned char)*at)) {
			buf_add_char(digits, *at);
		} else if (isalpha((unsigned char)*at) || ((unsigned char)*at & 0x80) != 0) {
			return false;
		}
	}
	return digits->len > 0;
}

static void add_national(const struct function_call *call, const char *digits)
{
	for (size_t i = 0; i < ARRAY_SIZE(countries); i++) {
		const struct country *country = &countries[i];
		if (str_equal_fold(country->name, call->argument)) {
			size_t skip = str_starts_with(digits, country->trunk)
			        ? strlen(country->trunk)
			        : 0;
			buf_add_format(call->to, "%s%s", country->code, digits + skip);
			return;
		}
	}
}

enum function_end function_phone_e164(struct function_call *call)
{
	struct buf digits;
	size_t from = call->to->len;
	bool is_abroad = false;
	buf_init(&digits, PHONE_MAX_BYTES);
	buf_add_char(call->to, '+');
	if (read_phone(call, &digits, &is_abroad)) {
		if (is_abroad) {
			buf_add(call->to, digits.data, digits.len);
		} else {
			add_national(call, buf_text(&digits));
		}
	}
	buf_finish(&digits);
	size_t len = call->to->len - from - 1;
	bool is_number = !call->to->failed && len >= E164_MIN && len <= E164_MAX &&
	        call->to->data[from + 1] != '0';
	return is_number ? FUNCTION_TEXT : FUNCTION_NULL;
}
