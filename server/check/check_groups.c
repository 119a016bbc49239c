/* SPDX-License-Identifier: MIT */
/* The groups that the settings name: found, of a kind that can be used, and filled by nobody else.
 */
#include "server/check/check.h"

#include "server/base/str.h"
#include "server/engine/group_page.h"

static void report_entry(struct check_report *report, const struct group_entry *entry)
{
	char what[300];
	char found[300];
	str_format_cut(what, sizeof(what), "okta: group %s", entry->rule->group);
	str_format_cut(found, sizeof(found), "%s (%s)", entry->name, entry->id);
	switch (entry->state) {
	case GROUP_USABLE: check_report_add(report, CHECK_OK, what, found, NULL); break;
	case GROUP_REFUSED:
		check_report_add(report, CHECK_FAILURE, what, entry->reason,
		        "nobody joins or leaves it through this row");
		break;
	case GROUP_NOT_KNOWN:
		check_report_add(report, CHECK_UNKNOWN, what, entry->reason, "check again");
		break;
	}
}

static void report_guard(struct check_report *report, const struct connection_settings *connection,
        const struct group_page *page)
{
	char what[300];
	char found[80];
	if (connection->protected_group == NULL) {
		return;
	}
	str_format_cut(what, sizeof(what), "okta: protected group %s", connection->protected_group);
	if (page->is_guard_known) {
		str_format_cut(
		        found, sizeof(found), "%zu members, never changed", page->members.count);
		check_report_add(report, CHECK_OK, what, found, NULL);
	} else {
		check_report_add(report, CHECK_FAILURE, what, page->guard_reason,
		        "nothing is written to Okta until its members can be read");
	}
}

void check_groups(struct check_report *report, const struct connection_settings *connection,
        struct okta_client *client)
{
	struct group_reader reader;
	if (connection->rules.group_count == 0 && connection->protected_group == NULL) {
		return;
	}
	if (!group_reader_init(&reader, connection, NULL)) {
		check_report_add(report, CHECK_UNKNOWN, "okta: groups", "out of memory", NULL);
		return;
	}
	while (group_reader_step(&reader, client)) {
	}
	for (size_t i = 0; i < reader.page->count; i++) {
		report_entry(report, &reader.page->entries[i]);
	}
	if (reader.page->rules_reason[0] != '\0') {
		check_report_add(report, CHECK_UNKNOWN, "okta: group rules",
		        reader.page->rules_reason,
		        "look in Okta whether a rule fills one of these groups, or let the token's"
		        " owner see groups and their rules");
	}
	report_guard(report, connection, reader.page);
	group_reader_finish(&reader);
}
