/* SPDX-License-Identifier: MIT */
#include "server/evaluator/letters.h"

#define LETTERS(ascii, letters)
#define GERMAN(ascii, letters)
#define NORDIC(ascii, letters)
#define CASES(first, last, step, delta)

#undef LETTERS
#define LETTERS(ascii, letters) {ascii, letters},
const struct letters_row letters_ascii[] = {
#include "server/evaluator/letters.def"
        {NULL, NULL},
};
#undef LETTERS
#define LETTERS(ascii, letters)

#undef GERMAN
#define GERMAN(ascii, letters) {ascii, letters},
const struct letters_row letters_german[] = {
#include "server/evaluator/letters.def"
        {NULL, NULL},
};
#undef GERMAN
#define GERMAN(ascii, letters)

#undef NORDIC
#define NORDIC(ascii, letters) {ascii, letters},
const struct letters_row letters_nordic[] = {
#include "server/evaluator/letters.def"
        {NULL, NULL},
};
#undef NORDIC
#define NORDIC(ascii, letters)

#undef CASES
#define CASES(first, last, step, delta) {first, last, step, delta},
const struct letters_cases letters_cases[] = {
#include "server/evaluator/letters.def"
        {0, 0, 0, 0},
};

uint32_t letters_code_point(const char *bytes, size_t len)
{
	static const uint8_t lead_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
	const uint8_t *at = (const uint8_t *)bytes;
	if (len == 0 || len >= sizeof(lead_bits)) {
		return 0;
	}
	uint32_t point = at[0] & lead_bits[len];
	for (size_t i = 1; i < len; i++) {
		point = point << 6 | (at[i] & 0x3FU);
	}
	return point;
}
