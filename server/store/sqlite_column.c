/* SPDX-License-Identifier: MIT */
#include "server/store/sqlite.h"

#include "server/base/str.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define WORDS(kind, past_last)                            \
	static const char *word_of_##kind(int value)      \
	{                                                 \
		return kind##_name((enum kind)value);     \
	}                                                 \
	const struct sqlite_words sqlite_words_##kind = { \
	        .name = word_of_##kind,                   \
	        .count = (past_last),                     \
	};

WORDS(lane, LANE_COUNT)
WORDS(employee_state, EMPLOYEE_STATE_COUNT)
WORDS(event_state, EVENT_STATE_COUNT)
WORDS(account_status, ACCOUNT_DEPROVISIONED + 1)
WORDS(account_origin, ORIGIN_ADOPTED + 1)
WORDS(lower_cause, LOWER_DUPLICATE + 1)
WORDS(hold_kind, HOLD_KIND_COUNT)
WORDS(action_kind, ACTION_KIND_COUNT)
WORDS(limit_kind, LIMIT_KIND_COUNT)
WORDS(outcome_state, OUTCOME_STATE_COUNT)
WORDS(settings_source, SETTINGS_SOURCE_COUNT)
WORDS(revoke_row, REVOKE_ROW_COUNT)
WORDS(doubt, DOUBT_COUNT)
#undef WORDS

static int parse_word(const struct sqlite_words *words, const char *text)
{
	int value = 0;
	while (value < words->count && !str_equal(words->name(value), text)) {
		value++;
	}
	return value;
}

static bool read_heap(const char *text, char **to)
{
	*to = str_dup(text);
	return text == NULL || *to != NULL;
}

/* False: out of memory, or a value this program did not write. */
static bool read_one(
        struct sqlite3_stmt *stmt, int at, const struct sqlite_column *column, char *record)
{
	char *field = record + column->offset;
	const char *text = (const char *)sqlite3_column_text(stmt, at);
	switch (column->kind) {
	case COLUMN_INT64: *(int64_t *)(void *)field = sqlite3_column_int64(stmt, at); return true;
	case COLUMN_INT: *(int *)(void *)field = sqlite3_column_int(stmt, at); return true;
	case COLUMN_UNSIGNED:
		*(unsigned *)(void *)field = (unsigned)sqlite3_column_int(stmt, at);
		return true;
	case COLUMN_BOOL: *(bool *)(void *)field = sqlite3_column_int(stmt, at) != 0; return true;
	case COLUMN_TEXT: return str_copy(field, column->size, text != NULL ? text : "");
	case COLUMN_HEAP: return read_heap(text, (char **)(void *)field);
	case COLUMN_PERSONAL: return personal_set((struct personal *)(void *)field, text);
	case COLUMN_WORD: {
		int value = parse_word(column->words, text);
		memcpy(field, &value, sizeof(value));
		return value < column->words->count;
	}
	}
	return false;
}

bool sqlite_column_read(struct sqlite3_stmt *stmt, const struct sqlite_column *columns,
        size_t count, void *record, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		if (!read_one(stmt, (int)i, &columns[i], record)) {
			err_set(err, ERR_STORE_FAILED, "column %s of the store cannot be read",
			        sqlite3_column_name(stmt, (int)i));
			return false;
		}
	}
	return true;
}

struct sqlite_value sqlite_column_value(const struct sqlite_column *column, const void *record)
{
	const char *field = (const char *)record + column->offset;
	int number = 0;
	switch (column->kind) {
	case COLUMN_INT64: return INT(*(const int64_t *)(const void *)field);
	case COLUMN_INT: return INT(*(const int *)(const void *)field);
	case COLUMN_UNSIGNED: return INT(*(const unsigned *)(const void *)field);
	case COLUMN_BOOL: return INT(*(const bool *)(const void *)field ? 1 : 0);
	case COLUMN_TEXT: return TEXT(field);
	case COLUMN_HEAP: return TEXT(*(char *const *)(const void *)field);
	case COLUMN_PERSONAL: return TEXT(((const struct personal *)(const void *)field)->text);
	case COLUMN_WORD: break;
	}
	memcpy(&number, field, sizeof(number));
	return TEXT(column->words->name(number));
}

void *sqlite_grow(void **items, size_t *count, size_t size)
{
	/* Doubles at powers of two, so that the count alone tells the capacity. */
	if ((*count & (*count - 1)) == 0) {
		size_t capacity = *count == 0 ? 1 : *count * 2;
		void *grown = reallocarray(*items, capacity, size);
		if (grown == NULL) {
			return NULL;
		}
		*items = grown;
	}
	char *item = (char *)*items + *count * size;
	memset(item, 0, size);
	(*count)++;
	return item;
}
