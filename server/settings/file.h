/* SPDX-License-Identifier: MIT */
#ifndef SERVER_SETTINGS_FILE_H
#define SERVER_SETTINGS_FILE_H

/* Whole small files into memory. Blocks on the disk. Any thread. */

#include "server/base/attr.h"
#include "server/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct file_content {
	char *bytes; /* owned; followed by a NUL that does not count */
	size_t len;
};

/* False with ERR_IO naming the path, also when the file is over max_bytes. */
bool file_read(const char *path, size_t max_bytes, struct file_content *content,
        struct err *err) MUST_CHECK;
/* Overwrites the bytes and frees them. */
void file_content_wipe(struct file_content *content);
/* The folder of a path: "." for a bare name. Caller frees; NULL when out of memory. */
char *file_folder(const char *path) MUST_CHECK;

#endif
