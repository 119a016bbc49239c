-- The store, version 10: the brake.

-- A hold of a limit is for that limit alone, and a person may have one of each.
CREATE TABLE holds_by_limit (
	connection TEXT NOT NULL,
	employee_id TEXT NOT NULL,
	kind TEXT NOT NULL,
	"limit" TEXT NOT NULL DEFAULT 'none', -- with kind limit: which one
	cause TEXT NOT NULL,
	"by" TEXT NOT NULL,
	since_ms INTEGER NOT NULL,
	is_rejected INTEGER NOT NULL DEFAULT 0,
	okta_id TEXT NOT NULL DEFAULT '',
	rule TEXT NOT NULL DEFAULT '',
	action TEXT NOT NULL DEFAULT '', -- what is kept back
	wanted TEXT, -- what it would make of the account: JSON, personal
	PRIMARY KEY (connection, employee_id, kind, "limit"),
	FOREIGN KEY (connection, employee_id) REFERENCES employees (connection, employee_id)
) STRICT, WITHOUT ROWID;
-- Until now the cause named the limit.
INSERT INTO holds_by_limit (connection, employee_id, kind, "limit", cause, "by", since_ms,
	is_rejected, okta_id)
	SELECT connection, employee_id, kind, CASE
		WHEN kind <> 'limit' THEN 'none'
		WHEN instr(cause, 'the limit "lower"') > 0 THEN 'lower'
		WHEN instr(cause, 'the limit "rename"') > 0 THEN 'rename'
		WHEN instr(cause, 'the limit "raise"') > 0 THEN 'raise'
		WHEN instr(cause, 'the limit "create"') > 0 THEN 'create'
		WHEN instr(cause, 'the limit "revoke"') > 0 THEN 'revoke'
		WHEN instr(cause, 'the limit "leave_group"') > 0 THEN 'leave_group'
		ELSE 'none' END,
		cause, "by", since_ms, is_rejected, okta_id FROM holds;
DROP TABLE holds;
ALTER TABLE holds_by_limit RENAME TO holds;

-- A release of a limit that was not used yet did not say of which: it is asked for again.
UPDATE employees SET approvals = approvals & ~2;

-- The settings version whose mapping filled the account last (limits.update_by_settings).
ALTER TABLE employees ADD COLUMN mapped_version INTEGER NOT NULL DEFAULT 0;
UPDATE employees SET mapped_version = (SELECT coalesce(max(version), 0) FROM settings_versions)
	WHERE okta_id <> '' AND is_compared = 1;

-- What counts in a window. A call whose answer never came counts even if Okta shows nothing of it.
DROP INDEX intents_window;
CREATE INDEX intents_window ON intents (connection, "limit", running_ms, employee_id)
	WHERE outcome NOT IN ('not_sent', 'dry_run') OR is_resolved = 1;
-- Whose account came, or came back, lately: no percentage is taken of these.
CREATE INDEX intents_fresh ON intents (connection, running_ms, employee_id)
	WHERE kind IN ('create', 'activate', 'reactivate', 'unsuspend', 'link')
	AND outcome NOT IN ('not_sent', 'dry_run');

-- What a human let go, so that one can see what became of it.
CREATE TABLE releases (
	release_id INTEGER NOT NULL,
	connection TEXT NOT NULL,
	employee_id TEXT NOT NULL,
	kind TEXT NOT NULL,
	"limit" TEXT NOT NULL,
	"by" TEXT NOT NULL,
	at_ms INTEGER NOT NULL,
	generation INTEGER NOT NULL, -- a run that captured this one, or a later one, is the answer
	after_intent_id INTEGER NOT NULL, -- later intents belong to the release
	PRIMARY KEY (release_id, connection, employee_id, kind, "limit")
) STRICT, WITHOUT ROWID;
CREATE INDEX releases_employee ON releases (connection, employee_id, release_id);
