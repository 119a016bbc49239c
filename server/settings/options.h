/* SPDX-License-Identifier: MIT */
#ifndef SERVER_SETTINGS_OPTIONS_H
#define SERVER_SETTINGS_OPTIONS_H

/*
 * Process options: one table (options.c) of flags, each also a BOB2OKTA_*
 * variable, with default, bounds and one line of help. A flag beats the
 * variable, the variable the default. No option is a secret: those are in the
 * settings document, as {"env"} or {"file"}, or in the store.
 */

#include "server/base/address.h"
#include "server/base/attr.h"
#include "server/base/err.h"
#include "server/base/host_names.h"
#include "server/base/log.h"

#include <stdbool.h>
#include <stdio.h>

struct options {
	char listen[128];
	char admin_listen[128];
	struct host_names admin_hosts;
	char store[1024]; /* "sqlite:PATH" */
	char key_file[1024]; /* path; "": master-key beside the store */
	char settings[1024]; /* path */
	int workers; /* 2..64 */
	enum log_format log_format;
	enum log_level log_level;
	struct address_ranges trusted_proxies;
	bool allow_insecure_loopback;
	char public_url[320]; /* where Bob reaches the public listener; "": not told */
};

/*
 * Reads flags out of argv from argv[1] on; what is no flag of the table stays, in order, as
 * argv[1..*argc-1] for the command. Everything after "--" stays. ERR_USAGE names the flag or the
 * variable, and the mend.
 */
bool options_parse(struct options *options, int *argc, char **argv, struct err *err) MUST_CHECK;
/* For a command without arguments: ERR_USAGE naming the first that stayed behind the command. */
bool options_check_rest(int argc, char **argv, struct err *err) MUST_CHECK;
/* The table as help text. */
void options_print_help(FILE *out);
/* The n-th flag with its dashes, NULL after the last; for "did you mean". */
const char *options_flag(size_t n);

#endif
