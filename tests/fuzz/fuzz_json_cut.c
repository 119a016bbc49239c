/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a list that comes in pieces: what the strict parser takes as a
 * whole is cut into the same elements, wherever the pieces end.
 */
#include "tests/fuzz/target.h"

#include "server/base/json.h"
#include "server/base/json_cut.h"

#include <assert.h>

#define PIECES      3 /* sizes that are tried */
#define ELEMENT_MAX 4096

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static bool keep(void *context, const json_t *element)
{
	json_array_append_new(context, json_deep_copy(element));
	return true;
}

static bool cut(const char *bytes, size_t size, size_t piece, json_t *found)
{
	struct json_cut_options options = {.array = "employees",
	        .element_max_bytes = ELEMENT_MAX,
	        .count_max = ELEMENT_MAX,
	        .on_element = keep,
	        .context = found};
	struct json_cut cutter;
	bool is_taken = true;

	json_cut_init(&cutter, &options);
	for (size_t at = 0; at < size && is_taken; at += piece) {
		size_t len = size - at < piece ? size - at : piece;
		is_taken = json_cut_take(&cutter, bytes + at, len, NULL);
	}
	is_taken = is_taken && json_cut_end(&cutter, NULL);
	json_cut_finish(&cutter);
	return is_taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t sizes[PIECES] = {1, 7, SIZE_MAX / 2};
	const char *bytes = (const char *)data;
	json_t *whole = json_parse(bytes, size, NULL);
	json_t *wanted = json_object_get(whole, "employees");

	for (size_t i = 0; i < PIECES; i++) {
		json_t *found = json_array();
		bool is_taken = cut(bytes, size, sizes[i], found);
		if (json_is_array(wanted) && size <= ELEMENT_MAX) {
			assert(is_taken && json_equal(found, wanted));
		}
		json_decref(found);
	}
	json_decref(whole);
	return 0;
}
