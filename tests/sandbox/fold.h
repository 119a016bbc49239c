/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_FOLD_H
#define TESTS_SANDBOX_FOLD_H

/*
 * Folding of texts for comparison. The only user of GLib in the sandbox. Any thread; the caller
 * frees the results. Text that is not UTF-8 comes back as it is.
 */

/* Without case and diacritics: what Okta compares logins by. */
char *fold_login(const char *text);
/* Without case only: what Okta's search compares strings by. */
char *fold_case(const char *text);

#endif
