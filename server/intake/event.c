/* SPDX-License-Identifier: MIT */
#include "server/intake/event.h"

#include "server/base/attr.h"
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"

#include <string.h>

#define ID_DIGITS_MAX (EMPLOYEE_ID_BYTES - 1)

struct event_type {
	const char *name;
	enum event_kind kind;
	enum lane lane;
};

/* What concerns accounts; the same names in both payload versions. */
static const struct event_type TYPES[] = {
        {"employee.created", EVENT_KIND_JOIN, LANE_JOIN},
        {"employee.joined", EVENT_KIND_JOIN, LANE_JOIN},
        {"employee.activated", EVENT_KIND_JOIN, LANE_JOIN},
        {"employee.updated", EVENT_KIND_CHANGE, LANE_UPDATE},
        {"employee.temporaryLeave", EVENT_KIND_CHANGE, LANE_UPDATE},
        {"employee.inactivated", EVENT_KIND_LEFT, LANE_LEAVE},
        {"employee.left", EVENT_KIND_LEFT, LANE_LEAVE},
        {"employee.deleted", EVENT_KIND_DELETED, LANE_LEAVE},
        {"employee.access.revoked.immediately", EVENT_KIND_REVOKE, LANE_REVOKE},
        {"table.entry.created", EVENT_KIND_CHANGE, LANE_UPDATE},
        {"table.entry.updated", EVENT_KIND_CHANGE, LANE_UPDATE},
};

/* Why whole families of types are of no use here (bob.md 1.5). */
static const struct {
	const char *prefix;
	const char *reason;
} IGNORED[] = {
        {"timeoff.", "type: time off does not change an account"},
        {"task", "type: tasks do not change an account"},
        {"employee.", "type: an employee event this version does not know"},
        {"table.", "type: a table event this version does not know"},
        {"", "type: not one that concerns accounts"},
};

static const char *const ID_PLACES[] = {"data.employeeId", "employee.id", "employeeId"};

static bool give_up(struct event_verdict *out, enum event_state state, const char *reason)
{
	out->state = state;
	str_format_cut(out->reason, sizeof(out->reason), "%s", reason);
	return false;
}

static bool unusable(struct event_verdict *out, const char *place, const char *what)
{
	out->state = EVENT_UNUSABLE;
	str_format_cut(out->reason, sizeof(out->reason), "%s: %s", place, what);
	return false;
}

static bool is_absent(const json_t *json)
{
	return json == NULL || json_is_null(json);
}

/* Engine rule 15. */
static bool read_id(const json_t *json, char *to, size_t size)
{
	return json_id_text(json, to, size) && str_is_digits(to, ID_DIGITS_MAX);
}

static json_t *parse_object(const char *body, size_t len, struct event_verdict *out)
{
	struct err err = ERR_INIT;
	json_t *root = json_parse(body, len, &err);
	if (root == NULL && err.code == ERR_NO_MEMORY) {
		out->state = EVENT_RECEIVED; /* says nothing of the body */
		return NULL;
	}
	if (root == NULL) {
		unusable(out, "body", err.text);
		return NULL;
	}
	if (!json_is_object(root)) {
		unusable(out, "body", "not a JSON object");
		json_decref(root);
		return NULL;
	}
	return root;
}

static bool read_type(const json_t *root, struct event_verdict *out)
{
	const json_t *type = json_object_get(root, "type");
	if (is_absent(type)) {
		return unusable(out, "type", "missing");
	}
	const char *text = json_string_value(type);
	if (!str_is_word(text, sizeof(out->type) - 1, "._-") ||
	        !str_copy(out->type, sizeof(out->type), text)) {
		return unusable(out, "type", "not the name of an event");
	}
	return true;
}

/* W-11: compared as text, since Bob sends a number and settings may hold a string. */
static bool check_company(const json_t *root, const char *company_id, struct event_verdict *out)
{
	char id[EMPLOYEE_ID_BYTES];
	const json_t *company = json_object_get(root, "companyId");
	if (is_absent(company)) {
		return unusable(out, "companyId", "missing");
	}
	if (!read_id(company, id, sizeof(id))) {
		return unusable(out, "companyId", "not 1 to 32 digits");
	}
	if (!str_equal(id, company_id)) {
		return give_up(out, EVENT_FOREIGN, "companyId: of another company");
	}
	return true;
}

static const struct event_type *find_type(struct event_verdict *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(TYPES); i++) {
		if (str_equal(TYPES[i].name, out->type)) {
			return &TYPES[i];
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(IGNORED); i++) {
		if (str_starts_with(out->type, IGNORED[i].prefix)) {
			give_up(out, EVENT_IGNORED, IGNORED[i].reason);
			break;
		}
	}
	return NULL;
}

/* The first place that holds anything decides; a bad id there is not papered over. */
static bool read_employee(const json_t *root, struct event_verdict *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(ID_PLACES); i++) {
		const json_t *id = json_get_path(root, ID_PLACES[i]);
		if (is_absent(id)) {
			continue;
		}
		if (!read_id(id, out->employee_id, sizeof(out->employee_id))) {
			out->employee_id[0] = '\0';
			return unusable(out, ID_PLACES[i], "not 1 to 32 digits");
		}
		return true;
	}
	return unusable(out, "data.employeeId", "missing, as are employee.id and employeeId");
}

/* 0 when missing or nonsense. A creationDate never stands in for a bad triggeredAt. */
static int64_t read_time(const json_t *root)
{
	const json_t *time = json_object_get(root, "triggeredAt");
	if (is_absent(time)) {
		time = json_object_get(root, "creationDate");
	}
	int64_t wall_ms = 0;
	return time_parse(json_string_value(time), &wall_ms) && wall_ms > 0 ? wall_ms : 0;
}

static void doubt(struct event_verdict *out, const char *reason)
{
	out->is_doubtful = true;
	str_format_cut(out->reason, sizeof(out->reason), "%s", reason);
}

/* V1: the one event that acts by itself, hence the only one whose own time matters. */
static void judge_revocation(const json_t *root, struct event_verdict *out)
{
	int64_t age_ms = out->received_at_ms - out->triggered_at_ms;
	if (out->triggered_at_ms == 0 || is_absent(json_object_get(root, "triggeredAt"))) {
		doubt(out, "triggeredAt: missing or not a time");
	} else if (age_ms < -EVENT_REVOKE_MAX_AHEAD_MS) {
		doubt(out, "triggeredAt: too far ahead");
	} else if (age_ms >= EVENT_REVOKE_MAX_AGE_MS + EVENT_ZONE_DOUBT_MS) {
		out->kind = EVENT_KIND_CHANGE;
		out->lane = LANE_UPDATE;
		str_format_cut(out->reason, sizeof(out->reason),
		        "triggeredAt: stale, a revocation acts for 4 days; taken as a change");
	}
}

static bool is_lifecycle_row(const json_t *root)
{
	return str_equal_fold(json_string_value(json_get_path(root, "data.tableId")), "lifecycle");
}

static void parse_root(const json_t *root, const char *company_id, struct event_verdict *out)
{
	out->triggered_at_ms = read_time(root);
	if (!read_type(root, out) || !check_company(root, company_id, out)) {
		return;
	}
	const struct event_type *type = find_type(out);
	if (type == NULL || !read_employee(root, out)) {
		return;
	}
	out->state = EVENT_ACCEPTED;
	out->kind = type->kind;
	out->lane = type->lane;
	if (out->kind == EVENT_KIND_REVOKE) {
		judge_revocation(root, out);
	} else if (is_lifecycle_row(root)) {
		/* A termination is entered here: leavers are never late behind edits. */
		out->lane = LANE_LEAVE;
	}
}

void event_parse(const char *body, size_t len, const char *company_id, int64_t received_at_ms,
        struct event_verdict *out)
{
	memset(out, 0, sizeof(*out));
	out->state = EVENT_UNUSABLE;
	out->kind = EVENT_KIND_CHANGE;
	out->lane = LANE_UPDATE;
	out->received_at_ms = received_at_ms;
	json_t *root = parse_object(body, len, out);
	if (root == NULL) {
		return;
	}
	parse_root(root, company_id, out);
	json_decref(root);
}
