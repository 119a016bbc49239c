/* SPDX-License-Identifier: MIT */
#include "server/engine/stored_targets.h"

#include "server/base/log.h"
#include "server/base/str.h"
#include "server/settings/target_secrets.h"

#include <stdlib.h>

#define LACK_BYTES 512

static const struct stored_secret *find(
        const struct stored_secret_list *list, const char *target, enum target_secret which)
{
	char name[TARGET_SECRET_NAME_BYTES];
	target_secret_format(name, target, which);
	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].slot == SECRET_NEWEST && str_equal(list->items[i].name, name)) {
			return &list->items[i];
		}
	}
	return NULL;
}

/* The webhook's address is a secret itself: its fingerprint says which it is. */
void stored_targets_host(char host[SECRET_HOST_BYTES], const struct stored_secret_list *list,
        const struct alarm_target *target, enum target_secret which)
{
	host[0] = '\0';
	if (which == TARGET_PASSWORD && target->smtp != NULL) {
		str_format_cut(host, SECRET_HOST_BYTES, "%s", target->smtp);
	} else if (which == TARGET_BEARER) {
		const struct stored_secret *webhook = find(list, target->name, TARGET_WEBHOOK);
		if (webhook != NULL && webhook->fingerprint[0] != '\0') {
			str_format_cut(host, SECRET_HOST_BYTES, "webhook %s", webhook->fingerprint);
		}
	}
}

/* ------------------------------------------------------------------- filling in */

static bool set_lack(struct alarm_target *target, enum target_secret which, const char *why)
{
	char name[TARGET_SECRET_NAME_BYTES];
	char text[LACK_BYTES];
	if (target->lack != NULL) {
		return true;
	}
	target_secret_format(name, target->name, which);
	str_format_cut(text, sizeof(text), "%s %s: enter it with bob2okta secret set %s",
	        target_secret_help(which), why, name);
	target->lack = str_dup(text);
	return target->lack != NULL;
}

static bool fill_one(struct alarm_target *target, const struct stored_secret_list *list,
        enum target_secret which)
{
	char host[SECRET_HOST_BYTES];
	const struct stored_secret *found = find(list, target->name, which);
	if (found == NULL) {
		return set_lack(target, which, "is not entered yet");
	}
	if (!secret_is_set(&found->value)) {
		return set_lack(target, which, "was changed in the store and cannot be read");
	}
	stored_targets_host(host, list, target, which);
	if (!str_equal(found->host, host)) {
		return set_lack(target, which, "was entered for another address");
	}
	return secret_set(target_secret_of(target, which), secret_reveal(&found->value));
}

static bool fill_target(struct alarm_target *target, const struct stored_secret_list *list)
{
	bool done = true;
	for (int which = 0; which < TARGET_SECRET_COUNT && done; which++) {
		done = !target->is_stored[which] ||
		        fill_one(target, list, (enum target_secret)which);
	}
	return done;
}

bool stored_targets_fill(struct store *store, struct alarm_settings *alarms, struct err *err)
{
	struct stored_secret_list list;
	bool done = true;
	if (alarms->target_count == 0) {
		return true;
	}
	if (!store_secret_list(store, STORED_TARGETS_CONNECTION, &list, err)) {
		return false;
	}
	for (size_t i = 0; i < alarms->target_count && done; i++) {
		done = fill_target(&alarms->targets[i], &list);
	}
	if (!done) {
		err_set(err, ERR_NO_MEMORY, "no memory for secrets");
	}
	stored_secret_list_finish(&list);
	return done;
}

/* --------------------------------------------------------------------- clearing */

/* Why it goes; NULL: it stays. */
static const char *why_foreign(const struct stored_secret *secret,
        const struct stored_secret_list *list, const struct alarm_settings *alarms)
{
	struct target_secret_name name;
	char host[SECRET_HOST_BYTES];
	if (!target_secret_parse(secret->name, &name)) {
		return NULL;
	}
	const struct alarm_target *target = target_find(alarms, name.target);
	if (target == NULL) {
		return "cleared: the settings have no such target any more";
	}
	stored_targets_host(host, list, target, name.which);
	return host[0] != '\0' && !str_equal(host, secret->host)
	        ? "cleared: it was entered for another address"
	        : NULL;
}

static void clear(struct store *store, const struct stored_secret *secret, const char *why)
{
	struct err err = ERR_INIT;
	const struct secret_removal removal = {
	        .connection = secret->connection, .name = secret->name, .by = "server", .why = why};
	if (store_secret_remove(store, &removal, &err)) {
		log_warn("secret of a target of alarms cleared", F("secret", secret->name),
		        F("why", why));
	} else {
		log_error("secret of a target of alarms not cleared", F("secret", secret->name),
		        F("cause", err.text));
	}
}

void stored_targets_clear_foreign(struct store *store, const struct alarm_settings *alarms)
{
	struct stored_secret_list list;
	struct err err = ERR_INIT;
	if (!store_secret_list(store, STORED_TARGETS_CONNECTION, &list, &err)) {
		log_error("secrets in the store not looked at", F("cause", err.text));
		return;
	}
	for (size_t i = 0; i < list.count; i++) {
		const char *why = why_foreign(&list.items[i], &list, alarms);
		if (why != NULL) {
			clear(store, &list.items[i], why);
		}
	}
	stored_secret_list_finish(&list);
}
