/* SPDX-License-Identifier: MIT */
#include "server/base/durable_file.h"

#include "server/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_MAX_BYTES 4096
#define BESIDE         ".new"
#define FILE_MODE      0600
#define FOLDER_MODE    0700

static bool fail(struct err *err, const char *path)
{
	char why[64];
	err_set(err, ERR_IO, "%s cannot be written: %s", path, strerror_r(errno, why, sizeof(why)));
	return false;
}

static bool write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t written = write(fd, bytes, len);
		if (written <= 0 && errno != EINTR) {
			return false;
		}
		bytes += written > 0 ? written : 0;
		len -= written > 0 ? (size_t)written : 0;
	}
	return true;
}

/* What an earlier, interrupted write left beside is of no worth to anybody. */
static bool write_beside(const char *beside, const char *path, const void *bytes, size_t len)
{
	struct stat before;
	bool was_there = stat(path, &before) == 0;
	unlink(beside);
	int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
	if (fd < 0) {
		return false;
	}
	if (was_there && before.st_uid != geteuid() &&
	        fchown(fd, before.st_uid, before.st_gid) != 0) {
		errno = 0; /* it is the process's own then, which it may read */
	}
	bool done = write_all(fd, bytes, len) && fsync(fd) == 0;
	int number = errno;
	close(fd);
	errno = number;
	return done;
}

static bool sync_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool done = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0) {
		close(fd);
	}
	return done;
}

static bool folder_of(const char *path, char *folder, size_t size)
{
	const char *slash = strrchr(path, '/');
	int len = slash == NULL ? 1 : slash == path ? 1 : (int)(slash - path);
	return str_format(folder, size, "%.*s", len, slash == NULL ? "." : path);
}

bool durable_file_write(const char *path, const void *bytes, size_t len, struct err *err)
{
	char folder[PATH_MAX_BYTES];
	char beside[PATH_MAX_BYTES];
	if (!folder_of(path, folder, sizeof(folder)) ||
	        !str_format(beside, sizeof(beside), "%s" BESIDE, path)) {
		err_set(err, ERR_IO, "the path %.80s... is too long", path);
		return false;
	}
	if (mkdir(folder, FOLDER_MODE) != 0 && errno != EEXIST) {
		return fail(err, folder);
	}
	if (!write_beside(beside, path, bytes, len) || rename(beside, path) != 0 ||
	        !sync_folder(folder)) {
		(void)fail(err, path);
		unlink(beside);
		return false;
	}
	return true;
}
