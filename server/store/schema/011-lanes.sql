-- The store: who and what the process ended on (engine rule 6).

-- Was in a worker's hands when the process ended, and has had no outcome since: runs alone.
ALTER TABLE employees ADD COLUMN is_suspect INTEGER NOT NULL DEFAULT 0;
-- How often the process ended while this event was being read.
ALTER TABLE inbox ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE events ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;
CREATE INDEX events_crashes ON events (connection, event_id) WHERE crashes > 0;

-- However the hold ends, three more crashes make the next one.
CREATE TRIGGER holds_crash_over AFTER DELETE ON holds WHEN OLD.kind = 'crash'
BEGIN
	UPDATE employees SET crashes = 0
		WHERE connection = OLD.connection AND employee_id = OLD.employee_id;
END;
