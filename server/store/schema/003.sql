-- The store, version 3: what mapping rows could not do for an employee, and who waits for whom.

ALTER TABLE employees ADD COLUMN row_problems TEXT; -- JSON array, no personal data; NULL: none
ALTER TABLE employees ADD COLUMN again_since_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE employees ADD COLUMN waits_for TEXT; -- employee ids, comma-separated; NULL: nobody
CREATE INDEX employees_row_problems ON employees (connection) WHERE row_problems IS NOT NULL;

-- waits_for once more, one row an id, so that a new account finds those who wait for it.
CREATE TABLE employee_waits (
	connection TEXT NOT NULL,
	waits_for TEXT NOT NULL,
	employee_id TEXT NOT NULL,
	PRIMARY KEY (connection, waits_for, employee_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX employee_waits_employee ON employee_waits (connection, employee_id);
