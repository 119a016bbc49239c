/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzz target over the seeds in tests/fuzz/corpus/NAME, NAME being the
 * program's own; libFuzzer is not needed for that. Prints what check prints, so
 * that tests/run-unit counts it.
 */
#include "tests/fuzz/target.h"

#include "server/base/str.h"
#include "server/settings/file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEED_MAX_BYTES (1024 * 1024)
#define CORPUS         "tests/fuzz/corpus/"

static const char *own_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	return str_starts_with(name, "fuzz_") ? name + strlen("fuzz_") : name;
}

/* 1: run. A target that finds something wrong ends the process. */
static int replay(const char *folder, const char *name)
{
	char path[1024];
	struct file_content content;
	if (name[0] == '.' || !str_format(path, sizeof(path), "%s/%s", folder, name)) {
		return 0;
	}
	if (!file_read(path, SEED_MAX_BYTES, &content, NULL)) {
		fprintf(stderr, "%s cannot be read\n", path);
		exit(EXIT_FAILURE);
	}
	(void)LLVMFuzzerTestOneInput((const uint8_t *)content.bytes, content.len);
	file_content_wipe(&content);
	return 1;
}

int main(int argc, char **argv)
{
	char folder[512];
	int count = 0;
	(void)LLVMFuzzerInitialize(&argc, &argv);
	if (!str_format(folder, sizeof(folder), CORPUS "%s", own_name(argv[0]))) {
		return EXIT_FAILURE;
	}
	DIR *seeds = opendir(folder);
	for (struct dirent *seed = seeds != NULL ? readdir(seeds) : NULL; seed != NULL;
	        seed = readdir(seeds)) {
		count += replay(folder, seed->d_name);
	}
	if (seeds != NULL) {
		closedir(seeds);
	}
	printf("%d%%: Checks: %d, Failures: 0, Errors: %d\n", count > 0 ? 100 : 0, count,
	        count > 0 ? 0 : 1);
	return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
