/* SPDX-License-Identifier: MIT */
#include "server/store/audit.h"

#include "server/base/str.h"

static const struct {
	const char *word;
	enum audit_sight sight;
} KINDS[] = {
#define KIND(word, sight, means) {word, AUDIT_SIGHT_##sight},
#include "server/store/audit_kinds.def"
#undef KIND
};

enum audit_sight audit_kind_sight(const char *kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(KINDS); i++) {
		if (str_equal(KINDS[i].word, kind)) {
			return KINDS[i].sight;
		}
	}
	return AUDIT_SIGHT_NOTHING;
}

json_t *audit_report_json(const struct audit_report *report, size_t heads)
{
	char head[AUDIT_HEAD_BYTES];
	audit_head_format(&report->head, head);
	return json_pack("{s:s, s:I, s:s, s:I, s:I, s:I, s:I, s:s, s:I, s:I}", "finding",
	        audit_finding_name(report->finding), "bad_seq", (json_int_t)report->bad_seq,
	        "sentence", report->sentence, "records", (json_int_t)report->records, "first_seq",
	        (json_int_t)report->first_seq, "begun_at_ms", (json_int_t)report->begun_at_ms,
	        "erased_payloads", (json_int_t)report->erased_payloads, "head", head, "heads",
	        (json_int_t)heads, "heads_met", (json_int_t)report->heads_met);
}
