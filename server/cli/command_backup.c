/* SPDX-License-Identifier: MIT */
/*
 * The server makes the copy and sends it; it is written here, where and as who
 * the command was called. FILE gets its name only when it is whole, on the
 * disk, and read back.
 */
#include "server/cli/commands.h"

#include "server/base/str.h"
#include "server/cli/cli_text.h"
#include "server/settings/file.h"
#include "server/store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MODE      0600
#define PATH_MAX_BYTES 4096
#define PART_SUFFIX    ".part"

struct part {
	const char *path; /* FILE */
	char part_path[PATH_MAX_BYTES];
	int fd;
	int64_t bytes;
	struct err err; /* of the first write that failed */
};

static bool fail(struct err *err, const char *path, const char *what)
{
	char why[64];

	err_set(err, ERR_IO, "%s: %s: %s", path, what, strerror_r(errno, why, sizeof(why)));
	return false;
}

/* ---------------------------------------------------------------------- file */

/* Said before the server has made a copy for nothing; that it stays so is renaming's matter. */
static bool is_free(const char *path, struct err *err)
{
	struct stat info;

	if (lstat(path, &info) == 0) {
		err_set(err, ERR_CONFLICT,
		        "%s is there already: a backup never goes over a file; give another name",
		        path);
		return false;
	}
	return errno == ENOENT || fail(err, path, "cannot be looked at");
}

static bool open_part(struct part *part, const char *path, struct err *err)
{
	*part = (struct part){.path = path, .fd = -1};
	if (!str_format(part->part_path, sizeof(part->part_path), "%s" PART_SUFFIX, path)) {
		err_set(err, ERR_USAGE, "the file's path is too long");
		return false;
	}
	if (!is_free(path, err)) {
		return false;
	}
	part->fd = open(
	        part->part_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
	if (part->fd < 0 && errno == EEXIST) {
		err_set(err, ERR_CONFLICT,
		        "%s is there: another backup to this name runs, or was cut off; remove it",
		        part->part_path);
		return false;
	}
	return part->fd >= 0 || fail(err, part->part_path, "cannot be made");
}

static bool write_piece(void *context, const char *bytes, size_t len)
{
	struct part *part = context;

	while (len > 0) {
		ssize_t written = write(part->fd, bytes, len);
		if (written < 0 && errno == EINTR) {
			continue;
		}
		if (written <= 0) {
			return fail(&part->err, part->part_path, "cannot be written");
		}
		bytes += written;
		len -= (size_t)written;
		part->bytes += written;
	}
	return true;
}

static bool sync_folder(const char *path, struct err *err)
{
	char *folder = file_folder(path);
	int fd = folder != NULL ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	bool is_synced = fd >= 0 && fsync(fd) == 0;

	if (!is_synced) {
		fail(err, folder != NULL ? folder : path, "cannot be synced");
	}
	if (fd >= 0) {
		close(fd);
	}
	free(folder);
	return is_synced;
}

/* Not every file system can rename without replacing; a second name does the same. */
static bool name_it(const struct part *part, struct err *err)
{
	if (renameat2(AT_FDCWD, part->part_path, AT_FDCWD, part->path, RENAME_NOREPLACE) == 0) {
		return true;
	}
	if (errno == EINVAL && link(part->part_path, part->path) == 0) {
		(void)unlink(part->part_path);
		return true;
	}
	return fail(err, part->path, "cannot get its name");
}

static bool finish_part(struct part *part, struct store_copy_facts *facts, struct err *err)
{
	bool is_synced = fsync(part->fd) == 0 || fail(err, part->part_path, "cannot be synced");

	return is_synced && store_copy_check(part->part_path, facts, err) && name_it(part, err) &&
	        sync_folder(part->path, err);
}

/* -------------------------------------------------------------------- command */

static int print_done(
        struct cli_call *call, const struct part *part, const struct store_copy_facts *facts)
{
	char when[CLI_TEXT_TIME_BYTES];

	if (call->is_json) {
		json_t *json = json_pack("{s:s, s:I, s:I, s:I, s:I}", "file", part->path, "bytes",
		        (json_int_t)part->bytes, "made_at_ms", (json_int_t)facts->made_at_ms,
		        "schema", (json_int_t)facts->schema, "employees",
		        (json_int_t)facts->employees);
		int status = cli_call_print_json(call, json);
		json_decref(json);
		return status;
	}
	cli_text_time(when, facts->made_at_ms);
	cli_call_print(call,
	        "%s: the store as of %s, %lld employees, %lld bytes, checked\n"
	        "It is personal data. The master key, the settings file and the admin token are"
	        " not in it: keep them elsewhere.\n",
	        part->path, when, (long long)facts->employees, (long long)part->bytes);
	return CLI_DONE;
}

static bool fetch(struct cli_call *call, struct part *part, struct err *err)
{
	const struct cli_request request = {
	        .method = "POST", .path = "/api/v1/backup", .body = cli_call_body()};

	if (cli_call_fetch(call, &request, write_piece, part, err)) {
		return true;
	}
	if (err_is_set(&part->err)) {
		*err = part->err;
	}
	return false;
}

int command_backup(struct cli_call *call)
{
	struct err err = ERR_INIT;
	struct part part;
	struct store_copy_facts facts;

	if (!cli_call_read(call, NULL, CLI_NEEDS_WORD, &err) ||
	        !open_part(&part, call->word, &err)) {
		return cli_call_fail(call, &err);
	}
	bool is_done = fetch(call, &part, &err) && finish_part(&part, &facts, &err);
	close(part.fd);
	if (!is_done) {
		(void)unlink(part.part_path);
		return cli_call_fail(call, &err);
	}
	return print_done(call, &part, &facts);
}
