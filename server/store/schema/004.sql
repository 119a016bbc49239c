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

-- Who was linked before this version has been compared many times over.
UPDATE employees SET is_compared = 1 WHERE okta_id <> '';
