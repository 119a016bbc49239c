/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_DOC_SHAPE_H
#define TESTS_SUPPORT_DOC_SHAPE_H

/*
 * The answers that docs/http.md shows, as shapes: an answer of the server has
 * exactly the keys of its example, with values of the same JSON types. A key
 * "..." in an example says that there are more, {"see": ...} that the value is
 * described elsewhere. Tests run in the repository's root.
 */

#include <jansson.h>

/*
 * The first JSON example under the heading that names this route ("GET /api/v1/status"); new
 * reference. Ends the test when there is none.
 */
json_t *doc_shape_load(const char *route);
/* Ends the test when have is of another shape; what says which answer it is. */
void doc_shape_expect(const json_t *example, const json_t *have, const char *what);

#endif
