/* SPDX-License-Identifier: MIT */
/* Any document as Okta's user schema; a few values are then fitted into each of its attributes. */
#include "tests/fuzz/target.h"

#include "mapping/mapping.h"
#include "server/base/json.h"

#include <assert.h>

static const char *const VALUES[] = {"\"\"", "\"Łódź\"", "\"12\"", "\"yes\"", "12", "1.5", "true",
        "[]", "[\"a\",\"b\"]", "[1,2]", "{}", "null"};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static void fit(const struct attribute *attribute, const char *text, enum too_long too_long)
{
	char reason[ROW_REASON_BYTES] = "";
	json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
	const bool is_fit = attribute_fit(attribute, too_long, &value, reason, sizeof(reason));
	assert(is_fit ? value != NULL : reason[0] != '\0');
	json_decref(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *schema = json_parse((const char *)data, size, NULL);
	struct attribute_catalog *catalog = attribute_catalog_parse(schema, NULL);
	for (size_t i = 0; catalog != NULL && i < attribute_catalog_count(catalog); i++) {
		const struct attribute *attribute = attribute_catalog_at(catalog, i);
		assert(attribute_catalog_find(catalog, attribute->name) != NULL);
		for (size_t k = 0; k < sizeof(VALUES) / sizeof(VALUES[0]); k++) {
			fit(attribute, VALUES[k], TOO_LONG_FAILS);
			fit(attribute, VALUES[k], TOO_LONG_TRUNCATES);
		}
	}
	attribute_catalog_destroy(catalog);
	json_decref(schema);
	return 0;
}
