-- The store, version 17: who may use the console, and from where they do.

CREATE TABLE accounts (
	account_id INTEGER PRIMARY KEY AUTOINCREMENT, -- never given twice: it is bound into seals
	name TEXT NOT NULL UNIQUE, -- lower case
	role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
	is_disabled INTEGER NOT NULL DEFAULT 0,
	password TEXT NOT NULL DEFAULT '', -- hash with its parameters and salt; '': invited, not come yet
	totp BLOB, -- the second factor's seed, sealed; NULL: none in force
	totp_version INTEGER NOT NULL DEFAULT 0, -- bound into the seal
	totp_step INTEGER NOT NULL DEFAULT 0, -- the newest time step of which a code was used
	offered_totp BLOB, -- a seed of which no code was shown yet
	offered_version INTEGER NOT NULL DEFAULT 0,
	made_at_ms INTEGER NOT NULL,
	signed_in_at_ms INTEGER NOT NULL DEFAULT 0
) STRICT;

-- One-time codes, as digests: of the first run (no account), and of invitations.
CREATE TABLE account_codes (
	digest BLOB NOT NULL PRIMARY KEY,
	account_id INTEGER UNIQUE REFERENCES accounts ON DELETE CASCADE,
	made_at_ms INTEGER NOT NULL,
	ends_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE recovery_codes (
	account_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
	digest BLOB NOT NULL,
	PRIMARY KEY (account_id, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
	session_id INTEGER PRIMARY KEY AUTOINCREMENT,
	token BLOB NOT NULL UNIQUE, -- SHA-256 of it
	account_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
	began_at_ms INTEGER NOT NULL,
	used_at_ms INTEGER NOT NULL, -- to the minute
	fresh_at_ms INTEGER NOT NULL, -- when password and second factor were shown
	ended_at_ms INTEGER NOT NULL DEFAULT 0, -- 0: not by anybody
	peer TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_by_account ON sessions (account_id, ended_at_ms);
CREATE INDEX sessions_by_use ON sessions (used_at_ms);

-- Attempts to sign in that have not succeeded, those that are being judged among them.
CREATE TABLE sign_in_failures (
	failure_id INTEGER PRIMARY KEY AUTOINCREMENT,
	at_ms INTEGER NOT NULL,
	subject TEXT NOT NULL, -- keyed digest of the name that was given, or a session's account
	network TEXT NOT NULL, -- '': from within a session
	is_forgiven INTEGER NOT NULL DEFAULT 0 -- somebody signed in since: slows nobody down any more
) STRICT;
CREATE INDEX sign_in_failures_by_time ON sign_in_failures (at_ms);
