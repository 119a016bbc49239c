/* SPDX-License-Identifier: MIT */
#ifndef SERVER_SETTINGS_SETTINGS_H
#define SERVER_SETTINGS_SETTINGS_H

/*
 * The settings document (D9): one JSON file, checked against one table of keys
 * (settings_keys.c) with every mistake named by its JSON path, unknown keys
 * included. Loading resolves secrets ({"env"}, {"file"} or a plain string) but
 * for {"stored"}, and opens time zones. A loaded struct settings is immutable
 * (once stored secrets are filled in) and may be read by any thread until it is
 * destroyed.
 */

#include "mapping/mapping.h"
#include "server/base/alarm_words.h"
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

/* The address of a side that is not set up: leads nowhere (RFC 2606). */
#define SETTINGS_NO_ADDRESS "https://not-set-up.invalid"

enum settings_mode { SETTINGS_DRY_RUN, SETTINGS_LIVE };
enum settings_existing { EXISTING_HOLD, EXISTING_CREATE }; /* policy M3, engine rule 21 */

/*
 * {"stored": true} leaves the value unset: whoever runs the document fills it in from the store
 * (engine/stored_secrets.h), if it was entered for this host; else lack says what is missing.
 */
struct token_settings {
	struct secret value;
	bool is_stored;
	char *lack; /* a sentence; NULL: nothing is missing */
};

struct bob_settings {
	char company_id[24]; /* digits; compared as text with the body's number */
	char *base_url; /* no slash at the end */
	char *service_user_id;
	struct token_settings service_user_token;
	bool has_stored_webhook_secrets; /* filled in as well */
	struct hmac_key *webhook_keys[SETTINGS_SECRETS_MAX]; /* none: the route answers 503 */
	int64_t webhook_expires_ms[SETTINGS_SECRETS_MAX]; /* of each key; 0: never */
	size_t webhook_key_count;
};

struct okta_settings {
	char *base_url; /* https://acme.okta.com, no slash at the end */
	struct token_settings api_token;
	int32_t token_expires; /* the date as days since 1970-01-01; 0: not told */
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
	/*
	 * What is missing before it can work ("okta.base_url, bob.company_id"), of settings that
	 * are managed from the console; "": it is set up. Until then it is in dry_run, and what is
	 * missing is SETTINGS_NO_ADDRESS or empty.
	 */
	char lacks[128];
};

#define SETTINGS_ALARM_TARGETS_MAX 8

enum alarm_network { ALARM_TO_PUBLIC, ALARM_TO_ANY };

/* The secrets of a target; what each is called stands in target_secrets.c. */
enum target_secret {
	TARGET_WEBHOOK,
	TARGET_BEARER,
	TARGET_HMAC_SECRET,
	TARGET_PASSWORD,
	TARGET_SECRET_COUNT
};

/* Where alarms go: a webhook or a mail server; never both. */
struct alarm_target {
	char name[CONNECTION_NAME_BYTES];
	struct secret webhook; /* the address, which often is the key, too */
	struct secret bearer;
	struct secret hmac_secret;
	char *smtp; /* smtps://host[:port], smtp://host[:port] with STARTTLS; NULL: a webhook */
	char *login; /* NULL: the mail server asks for none */
	struct secret password;
	char *from;
	char **to;
	size_t to_count;
	enum alarm_network network;
	enum alarm_severity least; /* nothing below is sent there */
	/* {"stored": true}: filled in as a token is; else lack is a sentence, and nothing is sent.
	 */
	bool is_stored[TARGET_SECRET_COUNT];
	char *lack; /* NULL: nothing is missing */
};

#define ALARM_LEVEL_OFF (-1)

struct alarm_settings {
	struct alarm_target *targets;
	size_t target_count;
	char *link; /* goes along with each message; NULL: none */
	int levels[ALARM_COUNT]; /* an enum alarm_severity, or ALARM_LEVEL_OFF */
	int64_t repeat_minutes[ALARM_SEVERITY_COUNT];
	int64_t repeat_longest_minutes;
	int64_t leaver_minutes;
	int64_t held_minutes;
	int64_t failed_hours;
	int64_t bob_silent_hours;
	int64_t token_unused_days;
	int64_t token_expires_days;
	int64_t disk_percent;
	int64_t disk_mb;
};

/* How long what is kept, in days; of all connections. */
struct retention_settings {
	int event_bodies_days;
	int event_hashes_days;
	int people_days;
	int findings_days;
	int action_values_days;
	int audit_days;
};

struct settings {
	struct alarm_settings alarms;
	struct connection_settings *connections;
	size_t connection_count;
	struct retention_settings retention;
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
 * Mapping rows alone, a list as it stands under "mapping", laid over the default rows, and with
 * them the list under "groups" (NULL: none). rules comes uninitialised; on false (report and err
 * filled in) it is empty.
 */
bool settings_load_rows(const json_t *rows, const json_t *groups, struct map_rules *rules,
        struct settings_report *report, struct err *err) MUST_CHECK;
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
void settings_alarms_finish(struct alarm_settings *alarms);
/* As the settings say; of one that is off the table's own. */
enum alarm_severity settings_alarm_severity(
        const struct alarm_settings *alarms, enum alarm_name name);
/* The report's sentence: the first mistake, and how many there are. */
void settings_report_summarise(const struct settings_report *report, struct err *err);
void settings_destroy(struct settings *settings);

/* Borrowed; NULL when there is no connection of that name. */
const struct connection_settings *settings_find(const struct settings *settings, const char *name);
/* False: something is missing (lacks), and nobody is called. */
bool settings_is_set_up(const struct connection_settings *connection);

#endif
