/* SPDX-License-Identifier: MIT */
/* The settings a seed runs with, as the document an administrator writes. */
#include "server/base/str.h"
#include "server/settings/settings.h"
#include "tests/simulation/sim.h"
#include "tests/simulation/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const ACTIVATIONS[] = {"bob_status", "always", "never"};
static const char *const SCOPES[] = {"keep", "suspend", "deactivate"};

void scenario_choose(struct sim *sim)
{
	struct random random = {sim->seed * 7919 + 13};

	sim->scenario = (struct scenario){
	        .is_on_start_date = random_chance(&random, 300),
	        .activation = random_chance(&random, 600) ? 0 : 1 + random_below(&random, 2),
	        .sends_email = random_chance(&random, 600),
	        .suspends_leavers = random_chance(&random, 300),
	        .ends_sessions = random_chance(&random, 700),
	        .out_of_scope = random_below(&random, 3),
	        .holds_existing = random_chance(&random, 400),
	        .shows_future_ends = random_chance(&random, 600),
	        .uses_garden = random_chance(&random, 400),
	        .suspends_leaves = random_chance(&random, 300),
	};
	if (random_chance(&random, 400)) {
		sim->scenario.create_days_before = 1 + random_below(&random, 14);
		sim->scenario.activation_days_before = random_below(&random, 4);
	}
	bool is_narrow = random_chance(&random, 500);
	sim->scenario.limit_hour = is_narrow ? 1 : 5;
	sim->scenario.limit_day = is_narrow ? 3 : 10;
	sim->scenario.limit_week = is_narrow ? 8 : 20;
}

/* Nobody has to be asked, so that every life ends by itself. */
void scenario_for_orders(struct sim *sim)
{
	int settings = (int)((sim->seed - 1) % ORDERS_SETTINGS);

	sim->scenario = (struct scenario){
	        .is_on_start_date = settings == 1,
	        .activation = settings == 2 ? 1 : 0,
	        .sends_email = settings != 1,
	        .suspends_leavers = settings == 3,
	        .ends_sessions = true,
	        .shows_future_ends = true,
	        .limit_hour = 100000,
	        .limit_day = 100000,
	        .limit_week = 100000,
	};
}

const char *scenario_text(const struct sim *sim)
{
	static char text[240];
	const struct scenario *scenario = &sim->scenario;

	str_format_cut(text, sizeof(text),
	        "create %s, activation %s, email %d, leaver %s, sessions %d, out of scope %s,"
	        " existing %s, future ends %d, garden %d, leave %s, days before %d, %d,"
	        " limits %d/%d/%d",
	        scenario->is_on_start_date ? "on_start_date" : "on_creation",
	        ACTIVATIONS[scenario->activation], scenario->sends_email,
	        scenario->suspends_leavers ? "suspend" : "deactivate", scenario->ends_sessions,
	        SCOPES[scenario->out_of_scope], scenario->holds_existing ? "hold" : "create",
	        scenario->shows_future_ends, scenario->uses_garden,
	        scenario->suspends_leaves ? "suspend" : "keep", scenario->create_days_before,
	        scenario->activation_days_before, scenario->limit_hour, scenario->limit_day,
	        scenario->limit_week);
	return text;
}

static json_t *provisioning(const struct scenario *scenario)
{
	json_t *sites = json_object();

	for (int i = 0; i < SITE_COUNT; i++) {
		json_object_set_new(
		        sites, site_name(i), json_pack("{s:s}", "time_zone", site_zone(i)));
	}
	json_t *made =
	        json_pack("{s:i, s:i, s:s, s:s, s:s, s:b, s:[s], s:s, s:o, s:{s:s, s:b}, s:s, s:s}",
	                "create_days_before", scenario->create_days_before,
	                "activation_days_before", scenario->activation_days_before, "leave",
	                scenario->suspends_leaves ? "suspend" : "keep", "create",
	                scenario->is_on_start_date ? "on_start_date" : "on_creation", "activation",
	                ACTIVATIONS[scenario->activation], "activation_email",
	                scenario->sends_email, "email_domains", "example.com", "time_zone",
	                "Europe/London", "sites", sites, "leaver", "action",
	                scenario->suspends_leavers ? "suspend" : "deactivate", "end_sessions",
	                scenario->ends_sessions, "out_of_scope", SCOPES[scenario->out_of_scope],
	                "existing", scenario->holds_existing ? "hold" : "create");
	/* Days before what never happens are a mistake in the settings. */
	if (!scenario->is_on_start_date) {
		json_object_del(made, "create_days_before");
	}
	if (scenario->activation != 0) {
		json_object_del(made, "activation_days_before");
	}
	return made;
}

static json_t *limits(const struct scenario *scenario)
{
	return json_pack("{s:{s:i}, s:{s:i}, s:{s:i, s:i, s:i}, s:{s:i, s:i, s:i}}", "create",
	        "per_hour", scenario->limit_hour > 500 ? scenario->limit_hour : 500, "raise",
	        "per_hour", scenario->limit_hour > 100 ? scenario->limit_hour : 100, "lower",
	        "per_hour", scenario->limit_hour, "per_day", scenario->limit_day, "per_week",
	        scenario->limit_week, "rename", "per_hour", scenario->limit_hour, "per_day",
	        scenario->limit_day, "per_week", scenario->limit_week);
}

struct settings *scenario_settings(const struct sim *sim)
{
	struct settings_report report = {0};
	struct err err = ERR_INIT;
	json_t *document = json_pack(
	        "{s:[{s:s, s:s, s:{s:s, s:s, s:s, s:s, s:[s]}, s:{s:s, s:s}, s:o, s:o}]}",
	        "connections", "name", "default", "mode", "live", "bob", "company_id", "636192",
	        "base_url", "http://127.0.0.1:9/v1", "service_user_id", "SERVICE-1",
	        "service_user_token", "bob-token", "webhook_secrets", "secret-of-bob", "okta",
	        "base_url", "http://127.0.0.1:9", "api_token", "okta-token", "provisioning",
	        provisioning(&sim->scenario), "limits", limits(&sim->scenario));
	char *text = json_dumps(document, JSON_COMPACT);
	must(text != NULL, "settings", NULL);
	struct settings *settings = settings_load(
	        text, strlen(text), "/tmp", SETTINGS_PLAIN_ON_LOOPBACK, &report, &err);
	if (settings == NULL && report.count > 0) {
		printf("%s: %s\n", report.mistakes[0].path, report.mistakes[0].text);
	}
	must(settings != NULL, "settings", &err);
	free(text);
	json_decref(document);
	return settings;
}
