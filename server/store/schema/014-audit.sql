-- The store, version 14: the audit trail as a chain, and who was erased.

-- mac is made from everything in the row and the mac before it (docs/audit.md), so that the rows
-- can be checked, and not be made, without the key. AUTOINCREMENT keeps the highest number.
CREATE TABLE audit_records (
	seq INTEGER PRIMARY KEY AUTOINCREMENT,
	at_ms INTEGER NOT NULL,
	connection TEXT NOT NULL,
	kind TEXT NOT NULL,
	person TEXT NOT NULL, -- keyed pseudonym; '': about nobody
	who TEXT NOT NULL,
	origin TEXT NOT NULL, -- the address a request came from; '': the server itself
	settings_version INTEGER NOT NULL, -- in force, or that planned it
	meta TEXT NOT NULL, -- JSON object, no personal data
	payload_mac BLOB NOT NULL,
	mac BLOB NOT NULL
) STRICT;
CREATE INDEX audit_records_person ON audit_records (person, seq) WHERE person <> '';
CREATE INDEX audit_records_at ON audit_records (at_ms);

-- What names somebody, sealed under the person's key: may go while the chain stays whole.
CREATE TABLE audit_payloads (
	seq INTEGER PRIMARY KEY,
	sealed BLOB NOT NULL -- nonce, ciphertext, tag
) STRICT;

-- One key a person ('': of records about nobody), sealed under a data key.
CREATE TABLE person_keys (
	person TEXT NOT NULL PRIMARY KEY,
	sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Where the chain begins once a prefix was cut; at most one row, signed with the chain's key.
CREATE TABLE audit_checkpoint (
	checkpoint_id INTEGER PRIMARY KEY CHECK (checkpoint_id = 1),
	seq INTEGER NOT NULL, -- the last record that was cut
	seq_mac BLOB NOT NULL,
	at_ms INTEGER NOT NULL,
	mac BLOB NOT NULL
) STRICT;

-- Who was erased: a keyed pseudonym, so that a late event does not bring the person back.
CREATE TABLE erased_people (
	person TEXT NOT NULL PRIMARY KEY,
	erased_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX erased_people_at ON erased_people (erased_at_ms);

-- For the job that empties what is kept no longer.
CREATE INDEX intents_closed ON intents (closed_at_ms)
	WHERE outcome <> 'open' AND (body IS NOT NULL OR before IS NOT NULL OR login IS NOT NULL);
