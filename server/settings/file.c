/* SPDX-License-Identifier: MIT */
#include "server/settings/file.h"

#include "server/base/crypto.h"
#include "server/base/read_all.h"
#include "server/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool fail(struct err *err, const char *path, int number)
{
	char why[64];
	err_set(err, ERR_IO, "cannot read %s: %s", path, strerror_r(number, why, sizeof(why)));
	return false;
}

/* One byte over the maximum tells of a file that is too large. */
static bool read_content(int fd, struct file_content *content, size_t max_bytes)
{
	ssize_t len = read_all(fd, content->bytes, max_bytes + 1);
	/* How much of a secret came before a failure is not known: then all of it is wiped. */
	content->len = len < 0 ? max_bytes + 1 : (size_t)len;
	content->bytes[content->len] = '\0';
	return len >= 0;
}

bool file_read(const char *path, size_t max_bytes, struct file_content *content, struct err *err)
{
	*content = (struct file_content){0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return fail(err, path, errno);
	}
	bool is_done = false;
	content->bytes = malloc(max_bytes + 2);
	if (content->bytes == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory to read %s", path);
	} else if (!read_content(fd, content, max_bytes)) {
		(void)fail(err, path, errno);
	} else if (content->len > max_bytes) {
		err_set(err, ERR_IO, "%s is larger than %zu bytes", path, max_bytes);
	} else {
		is_done = true;
	}
	close(fd);
	if (!is_done) {
		file_content_wipe(content);
	}
	return is_done;
}

void file_content_wipe(struct file_content *content)
{
	if (content->bytes != NULL) {
		crypto_wipe(content->bytes, content->len);
		free(content->bytes);
	}
	*content = (struct file_content){0};
}

char *file_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	if (slash == NULL) {
		return str_dup(".");
	}
	return slash == path ? str_dup("/") : str_dup_len(path, (size_t)(slash - path));
}
