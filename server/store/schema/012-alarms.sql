-- The store: alarms, so that they outlive a restart, and what only a run knows of them.

-- One row a subject of an alarm, from when it was first seen. Ages are running time (engine rule
-- 19): a clock that jumps opens, repeats and ends nothing.
CREATE TABLE alarms (
	alarm_id INTEGER PRIMARY KEY AUTOINCREMENT,
	connection TEXT NOT NULL, -- '': the process
	name TEXT NOT NULL,
	subject TEXT NOT NULL, -- an employee id, a system, or '': the connection as a whole
	since_ms INTEGER NOT NULL,
	seen_running_ms INTEGER NOT NULL, -- running time when first seen
	opened_at_ms INTEGER NOT NULL DEFAULT 0, -- 0: not old enough yet
	sent_at_ms INTEGER NOT NULL DEFAULT 0, -- last sent; 0: not yet
	sent_running_ms INTEGER NOT NULL DEFAULT 0,
	sends INTEGER NOT NULL DEFAULT 0,
	acknowledged_by TEXT NOT NULL DEFAULT '',
	acknowledged_at_ms INTEGER NOT NULL DEFAULT 0,
	ended_at_ms INTEGER NOT NULL DEFAULT 0,
	is_end_sent INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX alarms_live ON alarms (connection, name, subject) WHERE ended_at_ms = 0;
CREATE INDEX alarms_untold ON alarms (alarm_id) WHERE ended_at_ms > 0 AND is_end_sent = 0;

-- The rule by which the last run found something that needs a human at once; '': none did.
ALTER TABLE employees ADD COLUMN alarm TEXT NOT NULL DEFAULT '';
CREATE INDEX employees_alarm ON employees (connection, alarm, employee_id) WHERE alarm <> '';
CREATE INDEX employees_revoke_row ON employees (connection, employee_id)
	WHERE revoke_row = 'missing';
CREATE INDEX employees_revoked_unlinked ON employees (connection, employee_id)
	WHERE revoke_triggered_at_ms > 0 AND okta_id = '';
