-- The store, version 5: groups, and the memberships we gave.

-- A membership belongs to the Okta user: it goes along when the account is linked to another
-- record. employee_id is who it was given for.
CREATE TABLE employee_groups (
	connection TEXT NOT NULL,
	okta_id TEXT NOT NULL,
	group_id TEXT NOT NULL,
	employee_id TEXT NOT NULL,
	given_at_ms INTEGER NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('given', 'found', 'lapsed')),
	PRIMARY KEY (connection, okta_id, group_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX employee_groups_group ON employee_groups (connection, group_id, state);

-- A closed account that is open again, whoever opened it: Okta may have dropped its memberships
-- (okta.md 1.6), so that what we gave is to be given again where it is still wanted.
CREATE TRIGGER employee_groups_lapse AFTER UPDATE OF present_status ON employees
	WHEN OLD.present_status = 'DEPROVISIONED' AND NEW.present_status <> 'DEPROVISIONED'
BEGIN
	UPDATE employee_groups SET state = 'lapsed'
		WHERE connection = NEW.connection AND okta_id = NEW.okta_id AND state = 'given';
END;

ALTER TABLE intents ADD COLUMN group_id TEXT NOT NULL DEFAULT '';
