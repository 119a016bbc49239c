/* SPDX-License-Identifier: MIT */
#ifndef SERVER_SETTINGS_OPTIONS_H
#define SERVER_SETTINGS_OPTIONS_H

/*
 * Process options: one table (options.c) of flags, each also a BOB2OKTA_*
 * variable (and *_FILE where the value is a secret), with default, bounds and
 * one line of help. A flag beats the variable, the variable the default.
 */

#include "server/base/attr.h"
#include "server/base/err.h"
#include "server/base/log.h"

#include <stdbool.h>

struct options {
	char listen[128];
	char admin_listen[128];
	char store[1024]; /* "sqlite:PATH" */
	char settings[1024]; /* path */
	int workers; /* 2..64 */
	enum log_format log_format;
	enum log_level log_level;
	bool allow_insecure_loopback;
};

/*
 * Reads flags out of argv from argv[1] on; what is no flag of the table stays, in order, as
 * argv[1..*argc-1] for the command. ERR_USAGE names the flag and the mend.
 */
bool options_parse(struct options *options, int *argc, char **argv, struct err *err) MUST_CHECK;
/* The table as help text. */
void options_print_help(void);

#endif
