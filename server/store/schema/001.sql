-- The store, version 1. A column has the name of its field in record.h; enums
-- are stored as their words. Times are Unix ms, 0: none. docs: store.h.

CREATE TABLE store_state (
	name TEXT NOT NULL PRIMARY KEY,
	value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE connection_values (
	connection TEXT NOT NULL,
	name TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (connection, name)
) STRICT, WITHOUT ROWID;

-- One row a distinct body; a duplicate only counts up deliveries (engine rule 14).
CREATE TABLE events (
	event_id INTEGER PRIMARY KEY,
	connection TEXT NOT NULL,
	sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
	employee_id TEXT NOT NULL DEFAULT '',
	state TEXT NOT NULL DEFAULT 'received'
		CHECK (state IN ('received', 'accepted', 'ignored', 'unusable', 'foreign')),
	type TEXT NOT NULL DEFAULT '',
	reason TEXT NOT NULL DEFAULT '',
	received_at_ms INTEGER NOT NULL,
	triggered_at_ms INTEGER NOT NULL DEFAULT 0,
	last_seen_at_ms INTEGER NOT NULL,
	deliveries INTEGER NOT NULL DEFAULT 1,
	body BLOB
) STRICT;
CREATE UNIQUE INDEX events_sha256 ON events (connection, sha256);
CREATE INDEX events_state ON events (connection, state);
CREATE INDEX events_received ON events (event_id) WHERE state = 'received';
CREATE INDEX events_employee ON events (connection, employee_id, event_id) WHERE employee_id <> '';
CREATE INDEX events_seen ON events (last_seen_at_ms);
CREATE INDEX events_body ON events (received_at_ms) WHERE body IS NOT NULL AND state <> 'received';

CREATE TABLE employees (
	connection TEXT NOT NULL,
	employee_id TEXT NOT NULL,
	state TEXT NOT NULL DEFAULT 'idle'
		CHECK (state IN ('idle', 'dirty', 'working', 'waiting', 'failed', 'parked')),
	lane TEXT NOT NULL DEFAULT 'sweep'
		CHECK (lane IN ('revoke', 'leave', 'join', 'update', 'sweep')),

	generation INTEGER NOT NULL DEFAULT 0,
	claimed_generation INTEGER NOT NULL DEFAULT 0,
	settled_generation INTEGER NOT NULL DEFAULT 0,
	lease_token INTEGER NOT NULL DEFAULT 0,
	claimed_at_ms INTEGER NOT NULL DEFAULT 0,
	lease_until_mono_ms INTEGER NOT NULL DEFAULT 0, -- monotonic: a clock jump ends no lease
	is_in_hand INTEGER NOT NULL DEFAULT 0, -- a worker runs it: only then a crash counts (rule 6)
	is_retry_waived INTEGER NOT NULL DEFAULT 0, -- revoke or leave came while it was worked on
	last_event_at_ms INTEGER NOT NULL DEFAULT 0,
	dirty_since_ms INTEGER NOT NULL DEFAULT 0,

	policy_due_at_ms INTEGER NOT NULL DEFAULT 0,
	reread_at_ms INTEGER NOT NULL DEFAULT 0,
	retry_not_before_ms INTEGER NOT NULL DEFAULT 0,
	attempts INTEGER NOT NULL DEFAULT 0,
	failing_since_ms INTEGER NOT NULL DEFAULT 0,
	crashes INTEGER NOT NULL DEFAULT 0,

	deleted_at_ms INTEGER NOT NULL DEFAULT 0,
	revoke_triggered_at_ms INTEGER NOT NULL DEFAULT 0,
	revoke_handled_at_ms INTEGER NOT NULL DEFAULT 0,
	revoke_is_doubtful INTEGER NOT NULL DEFAULT 0,
	left_event_at_ms INTEGER NOT NULL DEFAULT 0,

	read_at_ms INTEGER NOT NULL DEFAULT 0,
	absent_since_ms INTEGER NOT NULL DEFAULT 0,
	lifecycle TEXT NOT NULL DEFAULT '',
	was_terminated INTEGER NOT NULL DEFAULT 0,
	empty_since_ms INTEGER NOT NULL DEFAULT 0,
	empty_fields TEXT,
	set_back TEXT,

	okta_id TEXT NOT NULL DEFAULT '',
	origin TEXT NOT NULL DEFAULT 'none',
	activation TEXT NOT NULL DEFAULT '',
	is_activated INTEGER NOT NULL DEFAULT 0,
	present_status TEXT NOT NULL DEFAULT 'NONE',
	present_profile TEXT,
	lowered TEXT NOT NULL DEFAULT 'none',
	is_sessions_due INTEGER NOT NULL DEFAULT 0,
	is_sourced_elsewhere INTEGER NOT NULL DEFAULT 0,
	bob_login TEXT,
	bob_email TEXT,
	display_name TEXT,

	last_rule TEXT NOT NULL DEFAULT '',
	last_sentence TEXT NOT NULL DEFAULT '',
	last_error TEXT NOT NULL DEFAULT '',
	last_run_at_ms INTEGER NOT NULL DEFAULT 0,
	is_last_run_good INTEGER NOT NULL DEFAULT 0,
	approvals INTEGER NOT NULL DEFAULT 0,
	login TEXT, -- the folded login in present_profile (engine rule 8)

	-- From when a claim may take the row; NULL: no time is set. A dirty row
	-- without a retry time is in employees_ready instead, so that a clock that
	-- was set back holds nobody up; one worked on is in employees_leased. The
	-- backoff is never undercut. A failed or parked row has been run for every
	-- time up to its claim, so that only later times, and for a parked one
	-- news, wake it: else it would be claimed again and again.
	due_at_ms INTEGER GENERATED ALWAYS AS (
		CASE
		WHEN state = 'working' THEN NULL
		WHEN state = 'dirty' THEN nullif(retry_not_before_ms, 0)
		WHEN state = 'parked' AND generation > claimed_generation
		THEN max(retry_not_before_ms, 1)
		WHEN state IN ('failed', 'parked') THEN nullif(max(retry_not_before_ms, min(
			iif(policy_due_at_ms > claimed_at_ms, policy_due_at_ms, 9223372036854775807),
			iif(reread_at_ms > claimed_at_ms, reread_at_ms, 9223372036854775807)
		)), 9223372036854775807)
		ELSE nullif(max(retry_not_before_ms, min(
			iif(policy_due_at_ms > 0, policy_due_at_ms, 9223372036854775807),
			iif(reread_at_ms > 0, reread_at_ms, 9223372036854775807),
			iif(state = 'waiting' AND retry_not_before_ms > 0, retry_not_before_ms,
				9223372036854775807)
		)), 9223372036854775807)
		END
	) VIRTUAL,

	PRIMARY KEY (connection, employee_id)
) STRICT;
CREATE INDEX employees_ready ON employees (connection, lane, dirty_since_ms)
	WHERE state = 'dirty' AND retry_not_before_ms = 0;
CREATE INDEX employees_due ON employees (connection, lane, due_at_ms) WHERE due_at_ms IS NOT NULL;
CREATE INDEX employees_leased ON employees (connection, lease_until_mono_ms) WHERE state = 'working';
CREATE INDEX employees_next ON employees (connection, due_at_ms) WHERE due_at_ms IS NOT NULL;
CREATE INDEX employees_state ON employees (connection, state, lane, dirty_since_ms);
CREATE UNIQUE INDEX employees_okta_id ON employees (connection, okta_id) WHERE okta_id <> '';
CREATE INDEX employees_login ON employees (connection, login) WHERE okta_id <> '';
-- Managed active users: what percentages of limits are taken of (policy M2, R2).
CREATE INDEX employees_active ON employees (connection) WHERE okta_id <> '' AND present_status
	IN ('PROVISIONED', 'ACTIVE', 'LOCKED_OUT', 'PASSWORD_EXPIRED', 'RECOVERY');

-- An intent and, from outcome on, what became of it.
CREATE TABLE intents (
	intent_id INTEGER PRIMARY KEY AUTOINCREMENT,
	connection TEXT NOT NULL,
	employee_id TEXT NOT NULL,
	lease_token INTEGER NOT NULL,
	claimed_generation INTEGER NOT NULL,
	kind TEXT NOT NULL,
	"limit" TEXT NOT NULL,
	is_rename INTEGER NOT NULL,
	is_approved INTEGER NOT NULL,
	approvals_used INTEGER NOT NULL,
	lower_cause TEXT NOT NULL,
	lane TEXT NOT NULL,
	rule TEXT NOT NULL,
	reason TEXT NOT NULL,
	okta_id TEXT NOT NULL,
	login TEXT,
	body TEXT,
	before TEXT,
	sends_email INTEGER NOT NULL,
	sets_sessions_due INTEGER NOT NULL,
	opened_at_ms INTEGER NOT NULL,
	running_ms INTEGER NOT NULL, -- accumulated running time, which windows count in (rule 19)

	outcome TEXT NOT NULL DEFAULT 'open'
		CHECK (outcome IN ('open', 'done', 'refused', 'not_sent', 'dry_run')),
	http_status INTEGER NOT NULL DEFAULT 0,
	code TEXT NOT NULL DEFAULT '',
	request_id TEXT NOT NULL DEFAULT '',
	sentence TEXT NOT NULL DEFAULT '',
	is_resolved INTEGER NOT NULL DEFAULT 0,
	closed_at_ms INTEGER NOT NULL DEFAULT 0,
	FOREIGN KEY (connection, employee_id) REFERENCES employees (connection, employee_id)
) STRICT;
CREATE INDEX intents_employee ON intents (connection, employee_id, intent_id);
CREATE INDEX intents_open ON intents (intent_id) WHERE outcome = 'open';
CREATE UNIQUE INDEX intents_open_login ON intents (connection, login, employee_id, intent_id)
	WHERE outcome = 'open' AND login IS NOT NULL;
CREATE INDEX intents_window ON intents (connection, "limit", running_ms, employee_id)
	WHERE outcome NOT IN ('not_sent', 'dry_run');

CREATE TABLE holds (
	connection TEXT NOT NULL,
	employee_id TEXT NOT NULL,
	kind TEXT NOT NULL,
	cause TEXT NOT NULL,
	"by" TEXT NOT NULL,
	since_ms INTEGER NOT NULL,
	is_rejected INTEGER NOT NULL DEFAULT 0,
	okta_id TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (connection, employee_id, kind),
	FOREIGN KEY (connection, employee_id) REFERENCES employees (connection, employee_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
	audit_id INTEGER PRIMARY KEY AUTOINCREMENT,
	at_ms INTEGER NOT NULL,
	connection TEXT NOT NULL,
	employee_id TEXT NOT NULL,
	who TEXT NOT NULL,
	what TEXT NOT NULL
) STRICT;
CREATE INDEX audit_employee ON audit (connection, employee_id, audit_id);
