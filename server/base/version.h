/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_VERSION_H
#define SERVER_BASE_VERSION_H

/* What was built: "0.1.0", the commit, and "bob2okta/0.1.0" for User-Agent. */

const char *version_number(void);
const char *version_commit(void);
const char *version_user_agent(void);

#endif
