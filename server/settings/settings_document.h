/* SPDX-License-Identifier: MIT */
#ifndef SERVER_SETTINGS_SETTINGS_DOCUMENT_H
#define SERVER_SETTINGS_SETTINGS_DOCUMENT_H

/*
 * The settings document as JSON, where it is kept, shown and sent: without its
 * secrets. Which keys are secrets is what the table of keys says
 * (settings_keys.def). A secret that stands in the document itself becomes
 * {"kept": true}; {"env"}, {"file"} and {"stored"} say only where one is, and
 * stay. No threads; a json_t belongs to one thread.
 */

#include "server/base/attr.h"
#include "server/base/err.h"
#include "server/settings/settings.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* ------------------------------------------------------------------- a file */

/* What stands in a settings file; holds secrets. */
struct settings_file {
	json_t *document; /* owned */
	char *folder; /* where relative {"file"} paths start; owned */
	char hash[17]; /* first 16 hex digits of the bytes' SHA-256 */
};

/* From bytes; NULL with the report filled in: a mistake of JSON. Wipe it. */
json_t *settings_parse(const char *bytes, size_t len, char hash[17], struct settings_report *report,
        struct err *err) MUST_CHECK;
/* False with the report filled in (a mistake of JSON), or err alone (not readable). */
bool settings_file_read(struct settings_file *file, const char *path,
        struct settings_report *report, struct err *err) MUST_CHECK;
/* Overwrites the secrets in it, and frees. */
void settings_file_wipe(struct settings_file *file);
/* The same for any document with secrets; takes the reference. */
void settings_document_wipe(json_t *document);
/* The hash of a document as it is kept; false when out of memory. */
bool settings_document_hash(const json_t *document, char hash[17]) MUST_CHECK;

/*
 * Checks and loads a whole document, secrets filled in. NULL as settings_load; number and version
 * of the result are not set.
 */
struct settings *settings_load_document(const json_t *document, const char *base_dir,
        enum settings_plain plain, struct settings_report *report, struct err *err) MUST_CHECK;

/* --------------------------------------------------- managed from the console */

/* The document of a first start without a settings file: nothing is set up. New reference; NULL:
 * out of memory. */
json_t *settings_console_first(void) MUST_CHECK;
/*
 * As settings_load_document, of a document that no file stands behind: every secret is in the
 * store, and a connection in dry_run may lack what is not set up yet (connection_settings.lacks).
 */
struct settings *settings_console_load(const json_t *document, enum settings_plain plain,
        struct settings_report *report, struct err *err) MUST_CHECK;
/*
 * Whether the API may give this document in the place of the present one: addresses are Okta's own
 * and Bob's own or those that are in force already (U-01), loopback with plain; secrets are
 * {"stored": true}, those of targets of alarms too; nothing is said that only a file may say. False
 * with mistakes in the report.
 */
bool settings_console_accepts(const json_t *document, const json_t *present,
        enum settings_plain plain, struct settings_report *report) MUST_CHECK;
/*
 * A copy of a redacted document in which every secret is in the store, as is fit where no file
 * stands behind it. NULL: out of memory.
 */
json_t *settings_console_from(const json_t *document) MUST_CHECK;

/* ------------------------------------------------------------------ secrets */

/* A copy without secrets, and without keys that the table does not have; NULL: out of memory. */
json_t *settings_redact(const json_t *document) MUST_CHECK;
/*
 * A copy of a document from outside, with the secrets of the file's connection of the same name in
 * the places of {"kept": true}. Mistakes go to the report, and NULL comes back: a secret that is
 * written out, a reference the file does not have (engine rule 20), a connection that is not in the
 * file, and another address than the file's (a token is bound to its host). Wipe the copy.
 */
json_t *settings_fill(
        const json_t *document, const json_t *file, struct settings_report *report) MUST_CHECK;
/*
 * A copy of an old version in which every secret is the one that the file has now, redacted: what
 * settings_fill then takes. NULL: out of memory.
 */
json_t *settings_with_present_secrets(const json_t *document, const json_t *file) MUST_CHECK;

/* -------------------------------------------------------------- expressions */

/* Says of each program whether it compiles, as evaluator_pool_compile does. */
typedef bool (*settings_compiler)(void *context, const char *const *programs, size_t count,
        struct evaluation *results, struct err *err);
/*
 * Has every expression of every connection compiled, and adds what cannot be as a mistake at its
 * place in the document ("connections[0].mapping[3].expr"). False with err when the compiler could
 * not be asked.
 */
bool settings_check_expressions(const struct settings *settings, const json_t *document,
        struct settings_report *report, settings_compiler compile, void *context,
        struct err *err) MUST_CHECK;

/*
 * The same for one mapping: connection is an object with its "mapping" (and "provisioning"), and
 * places begin there ("mapping[3].expr").
 */
struct settings_compile {
	settings_compiler compile;
	void *context;
	const char *place; /* where the object stands ("connections[2]"); NULL: it is all there is
	                    */
};
bool settings_check_rules(const struct map_rules *rules, const json_t *connection,
        struct settings_report *report, const struct settings_compile *compile,
        struct err *err) MUST_CHECK;

/* --------------------------------------------------------------- difference */

/*
 * What is different, value by value: a list of {"path", "from", "to"}; a key that one side does not
 * have is left out of the entry. Connections are matched by name and rows by attribute, so that
 * their order makes no difference; a path names them so: "connections[default].mapping[title].bob".
 * Both are documents without secrets. New reference; NULL: out of memory.
 */
json_t *settings_diff(const json_t *from, const json_t *to) MUST_CHECK;
/* An entry as a line: "connections[default].mode: dry_run -> live". Cut where it does not fit. */
void settings_diff_line(const json_t *entry, char *to, size_t size);

#endif
