-- The store: what was done, in numbers, for 32 days.

-- One row a quarter of an hour and thing that is counted: days of every time zone are made of
-- quarters. measure and detail: history.h. Numbers alone: about nobody.
CREATE TABLE history (
	connection TEXT NOT NULL,
	slot_ms INTEGER NOT NULL, -- its beginning
	measure TEXT NOT NULL CHECK (measure IN ('event', 'action', 'run', 'write', 'nothing')),
	detail TEXT NOT NULL,
	count INTEGER NOT NULL,
	PRIMARY KEY (connection, slot_ms, measure, detail)
) STRICT, WITHOUT ROWID;
CREATE INDEX history_slot ON history (slot_ms);

-- When the oldest event came that no run has answered yet, by a change in Okta or by finding that
-- there is nothing to change; 0: none.
ALTER TABLE employees ADD COLUMN unanswered_since_ms INTEGER NOT NULL DEFAULT 0;

-- Whose dates come within the next days.
CREATE INDEX employees_policy_due ON employees (connection, policy_due_at_ms)
	WHERE policy_due_at_ms > 0;
