/* SPDX-License-Identifier: MIT */
#ifndef MAPPING_POLICY_H
#define MAPPING_POLICY_H

/*
 * Who gets, keeps and loses an account. One pure function; rules carry the
 * ids of the policy (docs/policy.md), which reasons and tests cite. First
 * matching line wins, in the order of section 1 of the policy.
 */

#include "mapping/person.h"
#include "mapping/profile.h"
#include "server/base/account.h"
#include "server/base/words.h"
#include "server/base/zone.h"

enum creation_time { CREATE_ON_CREATION, CREATE_ON_START_DATE };
enum activation_mode { ACTIVATION_BOB_STATUS, ACTIVATION_ALWAYS, ACTIVATION_NEVER };
enum leaver_action { LEAVER_DEACTIVATE, LEAVER_SUSPEND };
enum out_of_scope { SCOPE_KEEP, SCOPE_SUSPEND, SCOPE_DEACTIVATE };

/* Stable words: "on_creation", "bob_status", "deactivate", "keep". */
const char *creation_time_name(enum creation_time create);
const char *activation_mode_name(enum activation_mode mode);
/* ACTIVATION_BOB_STATUS for an unknown word. */
enum activation_mode activation_mode_parse(const char *text);

struct site_zone {
	char *site; /* as work.site names it */
	struct zone *zone;
};

struct policy_settings {
	enum creation_time create;
	enum activation_mode activation;
	bool is_activation_email_sent;
	char **email_domains; /* folded, without @; {"*"} means any */
	size_t email_domain_count;
	struct zone *zone; /* default time zone */
	struct site_zone *sites;
	size_t site_count;
	char **protected_accounts; /* folded logins, or Okta ids */
	size_t protected_count;
	enum leaver_action leaver;
	bool ends_sessions;
	enum out_of_scope out_of_scope;
	char *match_okta; /* match attribute; NULL: the default rule of G4 */
	char *match_bob;
};

void policy_settings_finish(struct policy_settings *settings);

enum presence {
	PRESENCE_READ, /* person is what Bob said now */
	PRESENCE_NOT_READ, /* Bob was not asked, or could not answer */
	PRESENCE_ABSENT, /* Bob answered others, without this person */
	PRESENCE_DISAPPEARED, /* absent in two reads at least 30 s apart, was read before (engine
	                         rule 3) */
};

/* What we know beside the person; filled in by the engine from the employee's record. */
struct account_facts {
	bool is_linked;
	enum account_status status; /* present Okta status; NONE while not linked */
	bool is_status_stale; /* not read in this run: suspend is called, not judged (engine rule
	                         10) */
	const char *login; /* present login, folded; NULL while unknown; for protected */
	const char *okta_id; /* NULL while not linked */
	enum account_origin origin;
	enum activation_mode activation; /* the mode that governs this account (R5) */
	bool is_activated; /* the first activation has happened (R1 latch) */
	enum lower_cause lowered; /* our own recorded lowering */
	bool was_terminated; /* seen as leaver and not rehired since */
	bool is_deleted; /* a signed employee.deleted arrived after the last good read */
	bool is_left_announced; /* left or inactivated arrived after the last good read */
	bool is_revoke_pending; /* a usable revocation is not carried out yet */
	bool is_revoke_doubtful; /* V1: its time cannot be trusted */
	bool is_revoked; /* hold `revoked` stands */
	unsigned holds; /* bit per enum hold_kind */
	unsigned approvals; /* bit per enum hold_kind a human released, unused yet */
	int64_t hold_since_ms[HOLD_KIND_COUNT]; /* for G6's 72 hours */
};

enum wanted_account {
	WANTED_NONE, /* no account wanted, none is made; an existing one is left as it is */
	WANTED_UNCHANGED, /* do not touch the status */
	WANTED_STAGED, /* exists, not activated yet */
	WANTED_ACTIVE, /* exists and is activated */
	WANTED_SUSPENDED,
	WANTED_DEACTIVATED,
};
/* Stable words: "none", "unchanged", "staged", "active", "suspended", "deactivated". */
const char *wanted_account_name(enum wanted_account wanted);

enum policy_rule {
#define RULE(symbol, id, text) RULE_##symbol,
#include "mapping/rules.def"
#undef RULE
	RULE_COUNT
};
const char *policy_rule_id(enum policy_rule rule); /* "G1", "L1" */
const char *policy_rule_text(enum policy_rule rule);

struct decision {
	enum wanted_account wanted;
	enum policy_rule rule;
	char reason[200]; /* a sentence for an administrator; no personal data */
	enum lane lane; /* how urgent the result is */
	int64_t due_at_ms; /* when the answer may change by itself; 0: never. Without a read
	                      (presence is not READ) 0 says nothing: keep the one that is known. */
	bool may_create; /* an account may be created or adopted (G1, in scope) */
	bool may_write_profile; /* C rules allow profile writes */
	bool may_rename; /* C2: never for a leaver, a revoked person, or a foreign domain */
	enum lower_cause lower_cause; /* with SUSPENDED and DEACTIVATED */
	enum hold_kind hold; /* HOLD_KIND_COUNT: none; else what a human is asked */
	char hold_cause[200];
	bool is_alarm; /* say it loudly: a leaver that cannot be closed, and the like */
	bool is_revocation; /* carrying it out handles the pending revocation; not linked: look the
	                       account up, close what is adopted, else raise an alarm (V1) */
	bool is_leaver; /* person counts as leaver now; the record keeps was_terminated */
	bool is_rehired; /* seen hired or employed again after terminated */
};

struct policy_input {
	const struct person *person; /* NULL unless presence is READ */
	enum presence presence;
	const struct account_facts *account;
	const struct policy_settings *settings;
	int64_t now_ms;
	enum scope_answer scope; /* provisioning.scope, from the profile */
	const char *scope_reason; /* with SCOPE_UNKNOWN; NULL: none */
};

void policy_decide(const struct policy_input *input, struct decision *decision);

/* The zone of a person's site, else the default. */
const struct zone *policy_zone(const struct policy_settings *settings, const struct person *person);
/* True when the address lies in provisioning.email_domains. */
bool policy_domain_allowed(const struct policy_settings *settings, const char *email);
bool policy_is_protected(
        const struct policy_settings *settings, const char *login, const char *okta_id);

#endif
