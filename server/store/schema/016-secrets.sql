-- Secrets that an administrator entered, each sealed with a key of its own under a data key.

CREATE TABLE secrets (
	connection TEXT NOT NULL,
	name TEXT NOT NULL, -- okta.api_token
	slot INTEGER NOT NULL CHECK (slot IN (0, 1)), -- 0: the newest, 1: the one before
	version INTEGER NOT NULL, -- counts all entries ever made; bound into the seal
	host TEXT NOT NULL, -- the address it was entered for, and is sent to alone; '': sent nowhere
	sealed BLOB NOT NULL,
	entered_at_ms INTEGER NOT NULL,
	entered_by TEXT NOT NULL,
	PRIMARY KEY (connection, name, slot)
) STRICT, WITHOUT ROWID;
