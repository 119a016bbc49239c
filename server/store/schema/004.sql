-- The store, version 4: people in time.

ALTER TABLE employees ADD COLUMN lowered_at_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE employees ADD COLUMN activated_at_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE employees ADD COLUMN mailed_at_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE employees ADD COLUMN mails INTEGER NOT NULL DEFAULT 0;
ALTER TABLE employees ADD COLUMN is_compared INTEGER NOT NULL DEFAULT 0;
ALTER TABLE employees ADD COLUMN wanted TEXT NOT NULL DEFAULT '';
ALTER TABLE employees ADD COLUMN revoke_row TEXT NOT NULL DEFAULT 'none'
	CHECK (revoke_row IN ('none', 'wanted', 'found', 'missing'));
ALTER TABLE employees ADD COLUMN revoke_row_asked_at_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE employees ADD COLUMN linked_at_ms INTEGER NOT NULL DEFAULT 0;
-- L6: the closing instant that a read told, and when it last did.
ALTER TABLE employees ADD COLUMN confirmed_end_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE employees ADD COLUMN confirmed_at_ms INTEGER NOT NULL DEFAULT 0;
-- A move to another connection of the same company: since when, and where to.
ALTER TABLE employees ADD COLUMN move_since_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE employees ADD COLUMN move_to TEXT NOT NULL DEFAULT '';
-- As waits_for, of colleagues whose login the rows used: ids, comma-separated; NULL: nobody.
ALTER TABLE employees ADD COLUMN refers_to TEXT;

-- Who is to be closed although Bob cannot be read (L6).
CREATE INDEX employees_ending ON employees (connection, confirmed_end_ms)
	WHERE confirmed_end_ms > 0 AND okta_id <> ''
	AND present_status NOT IN ('SUSPENDED', 'DEPROVISIONED');

-- Who was linked before this version has been compared many times over.
UPDATE employees SET is_compared = 1 WHERE okta_id <> '';
