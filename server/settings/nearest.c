/* SPDX-License-Identifier: MIT */
#include "server/settings/nearest.h"

#include <string.h>

/* Longer words are nobody's slip of the finger, and the table stays on the stack. */
#define WORD_MAX_BYTES 48

static size_t least_of(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;
	return least < c ? least : c;
}

/*
 * Optimal string alignment: a letter more, less, another, or two neighbours swapped. Three rows of
 * the table are enough.
 */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][WORD_MAX_BYTES + 1];
	for (size_t j = 0; j <= b_len; j++) {
		rows[0][j] = j;
	}
	for (size_t i = 1; i <= a_len; i++) {
		size_t *now = rows[i % 3];
		const size_t *above = rows[(i + 2) % 3];
		const size_t *two_above = rows[(i + 1) % 3];
		now[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t other = above[j - 1] + (a[i - 1] != b[j - 1] ? 1 : 0);
			now[j] = least_of(above[j] + 1, now[j - 1] + 1, other);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			        two_above[j - 2] + 1 < now[j]) {
				now[j] = two_above[j - 2] + 1;
			}
		}
	}
	return rows[a_len % 3][b_len];
}

void nearest_init(struct nearest *nearest, const char *word)
{
	*nearest = (struct nearest){.word = word, .distance = WORD_MAX_BYTES};
}

void nearest_offer(struct nearest *nearest, const char *candidate)
{
	size_t word_len = strlen(nearest->word);
	size_t candidate_len = strlen(candidate);
	if (word_len > WORD_MAX_BYTES || candidate_len > WORD_MAX_BYTES) {
		return;
	}
	size_t away = distance(nearest->word, word_len, candidate, candidate_len);
	if (away < nearest->distance) {
		nearest->distance = away;
		nearest->best = candidate;
	}
}

const char *nearest_get(const struct nearest *nearest)
{
	/* One slip in a short word, up to three in a long one. */
	size_t allowed = strlen(nearest->word) / 4 + 1;
	if (allowed > 3) {
		allowed = 3;
	}
	return nearest->best != NULL && nearest->distance <= allowed ? nearest->best : NULL;
}
