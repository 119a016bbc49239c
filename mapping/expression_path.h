/* SPDX-License-Identifier: MIT */
#ifndef MAPPING_EXPRESSION_PATH_H
#define MAPPING_EXPRESSION_PATH_H

/* From a path in an expression to the Bob field it reads; internal to expressions. */

#include "server/base/attr.h"

#include <stdbool.h>
#include <stddef.h>

#define EXPRESSION_PATH_BYTES 160

/* Adds a part to a dotted path; false when it is too long or no part of a field's id. */
bool expression_path_add(char *path, size_t size, const char *part, size_t part_len) MUST_CHECK;
/* The field's id for a path from the input; false when it names none. */
bool expression_path_field(const char *path, char *id, size_t size) MUST_CHECK;
/* Whether the path begins with one of Bob's own categories. */
bool expression_path_is_bobs(const char *path);
/* Whether the text has the shape of a field's id: two words or more with dots between. */
bool expression_path_is_id(const char *text);
/* Whether "payroll.employment" is but the section of "payroll.employment.type". */
bool expression_path_is_section_of(const char *section, const char *id);

#endif
