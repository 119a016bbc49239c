-- The store, version 7: adoption, who is matched with whom in an org that had users before.

-- One row a person who is not linked, and what a human decided about it.
CREATE TABLE adoption (
	connection TEXT NOT NULL,
	employee_id TEXT NOT NULL,
	scan INTEGER NOT NULL, -- the last scan that saw this person
	display_name TEXT,
	class TEXT NOT NULL CHECK (class IN ('exact', 'doubtful', 'unmatched')),
	rule TEXT NOT NULL, -- '': none found anybody
	why TEXT NOT NULL,
	is_left INTEGER NOT NULL,
	is_wanted INTEGER NOT NULL, -- today's settings want an account
	is_sourced_elsewhere INTEGER NOT NULL,
	okta_id TEXT NOT NULL, -- the candidate; '': none
	login TEXT,
	status TEXT NOT NULL,
	others TEXT, -- JSON array of further candidates: {okta_id, login, status}; NULL: none
	other_employee_id TEXT NOT NULL, -- who has, or matches, the same user; '': nobody
	facts TEXT NOT NULL, -- digest of what the class was made from

	decision TEXT NOT NULL DEFAULT 'none'
		CHECK (decision IN ('none', 'link', 'create', 'ignore')),
	decided_on TEXT NOT NULL DEFAULT '', -- facts, class and why as the human saw them
	chosen TEXT, -- the Okta id or login a human named; NULL: the candidate
	decided_by TEXT NOT NULL DEFAULT '',
	decided_at_ms INTEGER NOT NULL DEFAULT 0,
	state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'refused')),
	sentence TEXT NOT NULL DEFAULT '', -- why it was refused
	PRIMARY KEY (connection, employee_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX adoption_okta_id ON adoption (connection, okta_id) WHERE okta_id <> '';
CREATE INDEX adoption_open ON adoption (connection, employee_id)
	WHERE decision <> 'none' AND state = 'open';
