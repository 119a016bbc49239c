/* SPDX-License-Identifier: MIT */
#ifndef MAPPING_ATTRIBUTE_CHECK_H
#define MAPPING_ATTRIBUTE_CHECK_H

/* What the schema says about a value that has the right type; internal to mapping/. */

#include "mapping/attribute.h"

/* Why the attribute cannot be written at all; NULL: it can. */
const char *attribute_not_writable(const struct attribute *attribute);
/* Code points of a text. */
size_t attribute_characters(const json_t *text);
/* Format and pattern: what is wrong with a value; NULL: nothing that can be told here. */
const char *attribute_complaint(const struct attribute *attribute, const json_t *value);
/* Whether the schema lists the value, and every item of a list. */
bool attribute_is_allowed(const struct attribute *attribute, const json_t *value);
/* What an attribute is taken for where the org's schema is not known; owns nothing. */
struct attribute attribute_assumed(const char *okta, const json_t *value);
/* A number as text: "412", "0.8". */
bool attribute_number_text(const json_t *number, char *to, size_t size) MUST_CHECK;

#endif
