/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CONSOLE_MASKING_H
#define SERVER_CONSOLE_MASKING_H

/*
 * What of an answer whoever asked may see (A-11, G-10). Every answer of the
 * API goes through here on its way out (args_answer); what was masked says so
 * with "is_masked". Of an object about a person a viewer sees only what is
 * listed in masking.c as harmless: what nobody thought of is masked.
 */

#include "server/console/args.h"

#define MASKING_TEXT "(masked)" /* in the place of what is not shown */

/* Masks in place what args's caller may not see; json may share nothing with anybody. */
void masking_apply(const struct args *args, json_t *json);
/* A value of an attribute, whatever it is; false: there is none, which may be seen. */
bool masking_value(json_t *object, const char *key);

#endif
