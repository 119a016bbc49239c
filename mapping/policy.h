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
/* Which date closes; Bob's word "terminated" and a deleted file do in any case (L1). */
enum leaver_trigger {
	LEAVER_AT_EARLIEST,
	LEAVER_AT_TERMINATION_DATE,
	LEAVER_AT_LAST_DAY, /* of work; the termination date where Bob has no last day */
	LEAVER_AT_DELETION,
};
/* What a leaver's memberships become, as far as we gave them. */
enum leaver_groups { LEAVER_KEEPS_GROUPS, LEAVER_LOSES_GROUPS };
enum leave_access { LEAVE_KEEPS_ACCESS, LEAVE_SUSPENDS };
enum rehire { REHIRE_REACTIVATE, REHIRE_HOLD };

/* Stable words: "on_creation", "bob_status", "deactivate", "keep". */
const char *creation_time_name(enum creation_time create);
const char *activation_mode_name(enum activation_mode mode);
/* ACTIVATION_BOB_STATUS for an unknown word. */
enum activation_mode activation_mode_parse(const char *text);

#define LEAD_NOT_GIVEN (-1)

/*
 * How many days before the start date; LEAD_NOT_GIVEN: the next wider setting
 * decides. Times of day are in minutes from the day's start (zone.h).
 */
struct lead_days {
	int create;
	int activation;
};

struct site_settings {
	char *site; /* as work.site names it */
	struct zone *zone; /* NULL: the default */
	struct lead_days lead;
};

/* Of one payroll.employment.type; goes before the site's. */
struct employment_settings {
	char *type; /* the label, folded */
	struct lead_days lead;
};

/* A leave by its lifecycle word in Bob; naming one makes the word known (K1). */
struct leave_type {
	char *word; /* folded */
	enum leave_access access;
};

struct leaver_settings {
	enum leaver_trigger trigger;
	int at_minute; /* of the day that closes; DAY_MINUTES: its end */
	enum leaver_action action;
	int then_deactivate_after_days; /* with suspend; 0: never */
	bool ends_sessions;
	bool revokes_tokens; /* OAuth tokens, with the sessions */
	enum leaver_groups groups;
};

struct activation_email {
	bool is_sent;
	bool is_timed; /* false: with the activation */
	int days_before; /* the start date; with is_timed */
	int at_minute; /* local time of that day; with is_timed */
	int resend_after_days; /* once, while still PROVISIONED; 0: never */
};

struct policy_settings {
	enum creation_time create;
	int create_at_minute; /* local time of the day an account is created on */
	enum activation_mode activation;
	int activation_at_minute;
	struct lead_days lead; /* both given */
	struct activation_email activation_email;
	char **email_domains; /* folded, without @; {"*"} means any */
	size_t email_domain_count;
	struct zone *zone; /* default time zone */
	struct site_settings *sites;
	size_t site_count;
	struct employment_settings *employments;
	size_t employment_count;
	char **protected_accounts; /* folded logins, or Okta ids */
	size_t protected_count;
	struct leaver_settings leaver;
	enum leave_access leave; /* of leaves not named below */
	struct leave_type *leave_types;
	size_t leave_type_count;
	enum rehire rehire;
	enum out_of_scope out_of_scope;
	char *old_login_attribute; /* keeps the login before a rename; NULL: nothing does */
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
	int64_t activated_at_ms; /* of the last activation that was ours; 0: none */
	int64_t mailed_at_ms; /* of the last activation mail that was ours; 0: none */
	int mails; /* activation mails since the last activation */
	int64_t lowered_at_ms; /* of `lowered`; 0: not known */
	bool is_compared; /* a run since the link found no leaver, or an event named the person
	                     since: else M3 holds the first lowering */
	int64_t confirmed_end_ms; /* L6: closing instant of a termination that a read confirmed; 0:
	                             none */
	int64_t confirmed_at_ms; /* when a read last said so */
	int64_t unread_since_ms; /* since when Bob cannot be read; 0: it can */
	bool is_move_pending; /* another connection of this company is about to open an account for
	                         this person: leaving our scope waits for it */
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
	bool is_mail_due; /* an activation mail of an account that is PROVISIONED */
	bool is_mail_with_activation; /* the activation itself may send it */
	enum lower_cause lower_cause; /* with SUSPENDED and DEACTIVATED */
	enum hold_kind hold; /* HOLD_KIND_COUNT: none; else what a human is asked */
	char hold_cause[200];
	bool is_alarm; /* say it loudly: a leaver that cannot be closed, and the like */
	bool is_revocation; /* carrying it out handles the pending revocation; not linked: look the
	                       account up, close what is adopted, else raise an alarm (V1) */
	int64_t closes_at_ms; /* closing instant that this read saw, come or to come; 0: none. For
	                         confirmed_end_ms; without a read it says nothing. */
	bool clears_groups; /* a leaver loses the memberships we gave */
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
/*
 * The row of leave_types for this person's lifecycle word; NULL for none, and
 * for words that have a meaning of their own (employed, garden leave).
 */
const struct leave_type *policy_leave_type(
        const struct policy_settings *settings, const struct person *person);
/* True when the address lies in provisioning.email_domains. */
bool policy_domain_allowed(const struct policy_settings *settings, const char *email);
/* True when payroll.employment.type decides about lead days: reads must ask for it. */
bool policy_needs_employment_type(const struct policy_settings *settings);
bool policy_is_protected(
        const struct policy_settings *settings, const char *login, const char *okta_id);

#endif
