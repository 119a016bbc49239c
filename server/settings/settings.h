/* SPDX-License-Identifier: MIT */
#ifndef SERVER_SETTINGS_SETTINGS_H
#define SERVER_SETTINGS_SETTINGS_H

/*
 * The settings document (D9): one JSON file, checked against one table of keys
 * (settings_keys.c) with every mistake named by its JSON path, unknown keys
 * included. Loading resolves secrets ({"env"}, {"file"} or a plain string) and
 * opens time zones. A loaded struct settings is immutable and may be read by
 * any thread until it is destroyed.
 */

#include "mapping/mapping.h"
#include "server/base/attr.h"
#include "server/base/crypto.h"
#include "server/base/err.h"
#include "server/base/sensitive.h"
#include "server/base/words.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SETTINGS_CONNECTIONS_MAX 64
#define SETTINGS_SECRETS_MAX     8
#define SETTINGS_FILE_MAX_BYTES  (1024 * 1024)

enum settings_mode { SETTINGS_DRY_RUN, SETTINGS_LIVE };
enum settings_existing { EXISTING_HOLD, EXISTING_CREATE }; /* policy M3, engine rule 21 */

struct bob_settings {
	char company_id[24]; /* digits; compared as text with the body's number */
	char *base_url; /* no slash at the end */
	char *service_user_id;
	struct secret service_user_token;
	struct hmac_key *webhook_keys[SETTINGS_SECRETS_MAX]; /* none: the route answers 503 */
	size_t webhook_key_count;
};

struct okta_settings {
	char *base_url; /* https://acme.okta.com, no slash at the end */
	struct secret api_token;
};

/* The nightly comparison of everybody. */
struct sweep_settings {
	bool is_nightly;
	int at_minute; /* local time of the default time zone, in minutes */
	bool corrects_drift; /* attributes changed by hand in Okta are set back */
};

struct connection_settings {
	char name[CONNECTION_NAME_BYTES];
	struct bob_settings bob;
	struct okta_settings okta;
	enum settings_mode mode;
	enum settings_existing existing;
	struct policy_settings policy; /* mapping/policy.h */
	struct map_rules rules; /* default mapping with the document's rows laid over */
	struct limit_set limits;
	char *protected_group; /* id or name; its members are never changed; NULL: none */
	struct sweep_settings sweep;
	int reread_after_s;
};

struct settings {
	struct connection_settings *connections;
	size_t connection_count;
	char version[17]; /* first 16 hex digits of the document's SHA-256 */
	int64_t number; /* of the settings version (store.h); 0 until it has one */
};

struct settings_mistake {
	char path[128]; /* "connections[0].limits.lower.per_hour" */
	char text[256]; /* what is wrong and the mend */
};

#define SETTINGS_MISTAKES_MAX 50

/* Every mistake that was found, in document order. */
struct settings_report {
	struct settings_mistake mistakes[SETTINGS_MISTAKES_MAX];
	size_t count;
	size_t left_out; /* beyond the maximum */
};

enum settings_plain { SETTINGS_TLS_ONLY, SETTINGS_PLAIN_ON_LOOPBACK };

/* NULL with the report filled in (and err with a summary) when the document has a mistake. */
struct settings *settings_load_file(const char *path, enum settings_plain plain,
        struct settings_report *report, struct err *err) MUST_CHECK;
/* The same from bytes; base_dir is where relative {"file"} paths start. */
struct settings *settings_load(const char *bytes, size_t len, const char *base_dir,
        enum settings_plain plain, struct settings_report *report, struct err *err) MUST_CHECK;
/*
 * Mapping rows alone, a list as it stands under "mapping", laid over the default rows. rules comes
 * uninitialised; on false (report and err filled in) it is empty.
 */
bool settings_load_rows(const json_t *rows, struct map_rules *rules, struct settings_report *report,
        struct err *err) MUST_CHECK;
/*
 * The rows, groups and provisioning.scope of one connection out of a whole document, whose other
 * parts are not looked at and may lack secrets: of drafts and of old versions. As
 * settings_load_rows.
 */
bool settings_load_mapping(const json_t *document, const char *connection, struct map_rules *rules,
        struct settings_report *report, struct err *err) MUST_CHECK;
/*
 * All of one connection but how Bob and Okta are reached: bob and okta are not looked at, and what
 * they fill stays empty. draft comes uninitialised; on false (report and err filled in) it is
 * empty. Finish it.
 */
bool settings_load_draft(const json_t *document, const char *connection,
        struct connection_settings *draft, struct settings_report *report,
        struct err *err) MUST_CHECK;
void settings_connection_finish(struct connection_settings *connection);
/* The report's sentence: the first mistake, and how many there are. */
void settings_report_summarise(const struct settings_report *report, struct err *err);
void settings_destroy(struct settings *settings);

/* Borrowed; NULL when there is no connection of that name. */
const struct connection_settings *settings_find(const struct settings *settings, const char *name);

#endif
