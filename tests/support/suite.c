/* SPDX-License-Identifier: MIT */
#include "tests/support/suite.h"

#include "server/evaluator/evaluator.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What this process was started as: /proc has it, and no main of a test needs to pass it on. */
static bool is_spawner(int *status)
{
	char name[64] = "";
	char *argv[] = {name, NULL};
	FILE *arguments = fopen("/proc/self/cmdline", "re");
	if (arguments == NULL || fread(name, 1, sizeof(name) - 1, arguments) == 0) {
		name[0] = '\0';
	}
	if (arguments != NULL) {
		fclose(arguments);
	}
	return evaluator_main(1, argv, status);
}

int suite_run(Suite *suite)
{
	int status = EXIT_FAILURE;
	if (is_spawner(&status)) {
		_exit(status); /* the suite is nobody's leak */
	}
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
