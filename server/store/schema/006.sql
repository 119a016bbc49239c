-- The store, version 6: sweeps and what they found.

-- What Okta is suspected to say otherwise than the record; the next run asks Okta.
ALTER TABLE employees ADD COLUMN doubt TEXT NOT NULL DEFAULT 'none'
	CHECK (doubt IN ('none', 'status', 'user'));

CREATE TABLE sweeps (
	sweep_id INTEGER PRIMARY KEY AUTOINCREMENT,
	connection TEXT NOT NULL,
	cause TEXT NOT NULL CHECK (cause IN ('nightly', 'by_hand', 'downtime', 'silence', 'repeat')),
	"by" TEXT NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'fault')),
	phase TEXT NOT NULL DEFAULT 'none',
	done INTEGER NOT NULL DEFAULT 0,
	total INTEGER NOT NULL DEFAULT 0,
	accepts_shorter INTEGER NOT NULL DEFAULT 0,
	asked_at_ms INTEGER NOT NULL,
	started_at_ms INTEGER NOT NULL DEFAULT 0,
	ended_at_ms INTEGER NOT NULL DEFAULT 0,
	bob_calls INTEGER NOT NULL DEFAULT 0,
	okta_calls INTEGER NOT NULL DEFAULT 0,
	sentence TEXT NOT NULL DEFAULT '',
	counts TEXT -- JSON: what was read, found and marked; NULL before it is done
) STRICT;
CREATE INDEX sweeps_connection ON sweeps (connection, state, sweep_id);

CREATE TABLE sweep_findings (
	finding_id INTEGER PRIMARY KEY AUTOINCREMENT,
	sweep_id INTEGER NOT NULL REFERENCES sweeps (sweep_id) ON DELETE CASCADE,
	kind TEXT NOT NULL,
	employee_id TEXT NOT NULL,
	okta_id TEXT NOT NULL,
	login TEXT, -- of users nobody is known for
	detail TEXT NOT NULL -- no personal data
) STRICT;
CREATE INDEX sweep_findings_sweep ON sweep_findings (sweep_id, kind, finding_id);
