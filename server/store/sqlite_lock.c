/* SPDX-License-Identifier: MIT */
/*
 * The file beside the store that keeps a second process away, and what stands in it: "IDENTITY
 * INSTANCE RUNNING_MS", each as wide as it gets, so that a later text covers an earlier one.
 */
#include "server/base/str.h"
#include "server/store/sqlite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOTE_BYTES 64 /* three numbers of 20 digits, two spaces and the line's end: 63 */

/* A number of its own word, not negative; -1: it is none. */
static int64_t take(char **text)
{
	char *end = *text;
	errno = 0;
	long long number = strtoll(*text, &end, 10);
	if (end == *text || errno != 0 || number < 0) {
		return -1;
	}
	*text = end;
	return number;
}

bool sqlite_lock_read(const struct store *store, struct sqlite_lock_note *note, struct err *err)
{
	char text[NOTE_BYTES + 1] = "";
	char *rest = text;
	*note = (struct sqlite_lock_note){0};
	if (pread(store->lock_fd, text, NOTE_BYTES, 0) < 0) {
		err_set(err, ERR_IO, "the store's lock file cannot be read: %s", strerror(errno));
		return false;
	}
	int64_t identity = take(&rest);
	int64_t instance = identity >= 0 ? take(&rest) : -1;
	int64_t running_ms = instance >= 0 ? take(&rest) : -1;
	if (running_ms >= 0 && *rest == '\n') {
		*note = (struct sqlite_lock_note){identity, instance, running_ms};
	}
	return true;
}

bool sqlite_lock_write(
        const struct store *store, const struct sqlite_lock_note *note, struct err *err)
{
	char text[NOTE_BYTES + 1];
	str_format_cut(text, sizeof(text), "%020lld %020lld %020lld\n", (long long)note->identity,
	        (long long)note->instance, (long long)note->running_ms);
	ssize_t len = (ssize_t)strlen(text);
	if (pwrite(store->lock_fd, text, (size_t)len, 0) != len) {
		err_set(err, ERR_IO, "the store's lock file cannot be written: %s",
		        strerror(errno));
		return false;
	}
	return true;
}
