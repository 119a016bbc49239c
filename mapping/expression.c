/* SPDX-License-Identifier: MIT */
/* The text of an expression, and which Bob fields it reads. */
#include "mapping/rule.h"

#include "server/base/str.h"

#include <stdlib.h>

bool map_expression_init(struct map_expression *expression, const char *text, struct err *err)
{
	*expression = (struct map_expression){.text = str_dup(text)};
	if (expression->text == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for an expression");
		return false;
	}
	return true;
}

void map_expression_finish(struct map_expression *expression)
{
	for (size_t i = 0; i < expression->field_count; i++) {
		free(expression->fields[i]);
	}
	free(expression->fields);
	free(expression->text);
	*expression = (struct map_expression){0};
}
