/* SPDX-License-Identifier: MIT */
/*
 * People mapped a second, from Bob's parsed answer to the difference with what Okta has: the
 * default mapping, and 40 rows of which 10 are expressions in a real evaluator. One thread;
 * prints "rows expressions people seconds cpu_seconds" a line.
 * tests/bench/run shows it beside its aims.
 */
#include "mapping/mapping.h"
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/evaluator/evaluator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define PEOPLE     1000
#define ROWS_MAX   40
#define ENOUGH_MS  3000
#define PROGRAMS   10
#define PERSON_MAX 4096

static const char *const EXPRESSIONS[PROGRAMS] = {
        ".root.firstName + \" \" + .root.surname",
        ".root.surname | ascii | ascii_downcase",
        ".work.title.label // \"Employee\"",
        "if .work.site == \"London\" then \"GB\" else \"US\" end",
        ".root.email | domain",
        ".work.startDate | .[0:4]",
        "[.work.department.label, .work.title.label] | map(select(. != null)) | join(\" - \")",
        ".work.employeeIdInCompany | tostring | pad(6; \"0\")",
        ".work.reportsTo.email | local_part",
        ".root.displayName | proper_case",
};

/* What the server knows by then: Bob's metadata, and the org's schema. */
static const char FIELDS[] =
        "[{\"id\":\"root.id\",\"type\":\"employee-reference\"},{\"id\":\"root.email\",\"type\":\"text\"},"
        "{\"id\":\"root.firstName\",\"type\":\"text\"},{\"id\":\"root.surname\",\"type\":\"text\"},"
        "{\"id\":\"root.displayName\",\"type\":\"text\"},{\"id\":\"work.title\",\"type\":\"list\"},"
        "{\"id\":\"work.department\",\"type\":\"list\"},{\"id\":\"work.site\",\"type\":\"text\"},"
        "{\"id\":\"work.workMobile\",\"type\":\"text\"},{\"id\":\"work.workPhone\",\"type\":\"text\"},"
        "{\"id\":\"work.startDate\",\"type\":\"date\"},{\"id\":\"work.reportsTo\",\"type\":\"employee\"},"
        "{\"id\":\"work.employeeIdInCompany\",\"type\":\"number\"}]";

static const char *const BASE_ATTRIBUTES[] = {"login", "email", "displayName", "firstName",
        "lastName", "title", "mobilePhone", "primaryPhone", "department", "manager"};

struct bench {
	struct map_rules rules;
	struct map_context context;
	json_t *people[PEOPLE];
	json_t *present;
};

static double seconds_of(const struct timeval *time)
{
	return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

static double cpu_s(int who)
{
	struct rusage usage;
	getrusage(who, &usage);
	return seconds_of(&usage.ru_utime) + seconds_of(&usage.ru_stime);
}

static json_t *person_json(int number)
{
	char text[PERSON_MAX];
	str_format_cut(text, sizeof(text),
	        "{\"id\":\"%d\",\"firstName\":\"Avery %d\",\"surname\":\"Łódź-Müller\","
	        "\"displayName\":\"avery łódź-müller\",\"email\":\"avery.%d@example.com\","
	        "\"work\":{\"startDate\":\"2020-09-01\",\"title\":\"251934021\",\"department\":"
	        "\"209192163\",\"site\":\"London\",\"employeeIdInCompany\":%d,\"reportsTo\":{\"id\":"
	        "\"8\",\"displayName\":\"Sam Jones\",\"email\":\"sam.jones@example.com\"},"
	        "\"workMobile\":\"+44 7700 900123\",\"workPhone\":null},\"internal\":{\"status\":"
	        "\"Active\",\"lifecycleStatus\":\"employed\"},\"humanReadable\":{\"work\":{\"title\":"
	        "\"Analyst\",\"department\":\"Finance\"}}}",
	        1000 + number, number, number, number);
	return json_parse(text, strlen(text), NULL);
}

static struct attribute_catalog *attributes(void)
{
	json_t *base = json_object();
	json_t *custom = json_object();
	char name[32];
	for (size_t i = 0; i < sizeof(BASE_ATTRIBUTES) / sizeof(BASE_ATTRIBUTES[0]); i++) {
		json_object_set_new(base, BASE_ATTRIBUTES[i],
		        json_pack("{s:s, s:i}", "type", "string", "maxLength", 100));
	}
	for (int i = 0; i < ROWS_MAX; i++) {
		str_format_cut(name, sizeof(name), "%s%d", i < PROGRAMS ? "computed" : "copied",
		        i < PROGRAMS ? i : i - PROGRAMS);
		json_object_set_new(custom, name, json_pack("{s:s}", "type", "string"));
	}
	json_t *schema = json_pack("{s:{s:{s:o}, s:{s:o}}}", "definitions", "base", "properties",
	        base, "custom", "properties", custom);
	struct attribute_catalog *catalog = attribute_catalog_parse(schema, NULL);
	json_decref(schema);
	return catalog;
}

static struct field_catalog *fields(void)
{
	json_t *list = json_parse(FIELDS, strlen(FIELDS), NULL);
	struct field_catalog *catalog = field_catalog_parse(list, NULL);
	json_decref(list);
	return catalog;
}

static bool add_rows(struct map_rules *rules)
{
	bool is_laid = true;
	for (int i = 0; i < PROGRAMS && is_laid; i++) {
		char name[32];
		str_format_cut(name, sizeof(name), "computed%d", i);
		struct map_row row = {.okta = str_dup(name),
		        .source = ROW_FROM_EXPRESSION,
		        .expressions = calloc(1, sizeof(struct map_expression)),
		        .expression_count = 1};
		is_laid = row.okta != NULL && row.expressions != NULL &&
		        map_expression_init(&row.expressions[0], EXPRESSIONS[i], NULL) &&
		        map_rules_lay_row(rules, &row);
	}
	for (int i = 0; is_laid && rules->count < ROWS_MAX; i++) {
		char name[32];
		str_format_cut(name, sizeof(name), "copied%d", i);
		is_laid = map_rules_lay(rules, name, i % 2 == 0 ? "work.site" : "root.displayName",
		        WHEN_EMPTY_KEEP);
	}
	return is_laid;
}

static bool map_one(struct bench *bench, json_t *source)
{
	struct person person;
	struct map_profile profile;
	if (!person_parse(&person, source, NULL) ||
	        !map_profile_make(&profile, &bench->rules, &bench->context, &person, NULL)) {
		return false;
	}
	json_t *difference = map_profile_diff(&profile, DIFF_FOR_UPDATE, bench->present, NULL);
	const bool is_made = json_object_size(difference) > 0;
	json_decref(difference);
	map_profile_finish(&profile);
	person_finish(&person);
	return is_made;
}

static bool run(struct bench *bench)
{
	int people = 0;
	const double cpu_before = cpu_s(RUSAGE_SELF);
	const int64_t begun_ms = clock_mono_ms();
	int64_t taken_ms = 0;
	while (taken_ms < ENOUGH_MS) {
		for (int i = 0; i < PEOPLE; i++) {
			if (!map_one(bench, bench->people[i])) {
				return false;
			}
		}
		people += PEOPLE;
		taken_ms = clock_mono_ms() - begun_ms;
	}
	printf("%zu %zu %d %.3f %.3f\n", bench->rules.count, map_rules_program_count(&bench->rules),
	        people, (double)taken_ms / 1e3, cpu_s(RUSAGE_SELF) - cpu_before);
	fflush(stdout);
	return true;
}

static bool run_expressions(struct bench *bench, struct evaluator_spawner *spawner)
{
	const char *programs[PROGRAMS];
	if (!add_rows(&bench->rules)) {
		return false;
	}
	for (size_t i = 0; i < PROGRAMS; i++) {
		programs[i] = map_rules_program(&bench->rules, i)->text;
	}
	struct evaluator_pool *pool = evaluator_pool_create(spawner, programs, PROGRAMS, NULL);
	if (pool == NULL) {
		return false;
	}
	struct evaluator evaluator = evaluator_pool_interface(pool);
	bench->context.evaluator = &evaluator;
	/* The first one pays for compiling. */
	const bool is_done = map_one(bench, bench->people[0]) && run(bench);
	evaluator_pool_destroy(pool);
	return is_done;
}

int main(int argc, char **argv)
{
	int status = EXIT_FAILURE;
	struct err err = ERR_INIT;
	if (evaluator_main(argc, argv, &status)) {
		return status;
	}
	struct field_catalog *known_fields = fields();
	struct attribute_catalog *known_attributes = attributes();
	struct bench bench = {.present = json_object(),
	        .context = {.fields = known_fields, .attributes = known_attributes}};
	struct evaluator_spawner *spawner = evaluator_spawner_start(NULL, &err);
	for (int i = 0; i < PEOPLE; i++) {
		bench.people[i] = person_json(i);
	}
	bool is_done = spawner != NULL && map_rules_init_default(&bench.rules) && run(&bench) &&
	        run_expressions(&bench, spawner);
	for (int i = 0; i < PEOPLE; i++) {
		json_decref(bench.people[i]);
	}
	json_decref(bench.present);
	map_rules_finish(&bench.rules);
	field_catalog_destroy(known_fields);
	attribute_catalog_destroy(known_attributes);
	evaluator_spawner_stop(spawner);
	if (!is_done) {
		fprintf(stderr, "bench: mapping did not run: %s\n", err.text);
	}
	return is_done ? EXIT_SUCCESS : EXIT_FAILURE;
}
