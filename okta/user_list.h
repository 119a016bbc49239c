/* SPDX-License-Identifier: MIT */
#ifndef OKTA_USER_LIST_H
#define OKTA_USER_LIST_H

/* Lists of users in answers, for okta/ alone. Pure. */

#include "okta/okta.h"

/* False, and an empty list, unless it is an array of users. */
bool okta_user_list_parse(const json_t *json, struct okta_user_list *users) MUST_CHECK;

#endif
