-- The store, version 8: what was approved in advance.

-- One row a person, limit and day; it counts from from_ms up to until_ms, as the person's own
-- time zone had the day when it was approved.
CREATE TABLE approvals (
	connection TEXT NOT NULL,
	day TEXT NOT NULL, -- YYYY-MM-DD
	"limit" TEXT NOT NULL,
	employee_id TEXT NOT NULL,
	"by" TEXT NOT NULL,
	at_ms INTEGER NOT NULL,
	from_ms INTEGER NOT NULL,
	until_ms INTEGER NOT NULL,
	used_at_ms INTEGER NOT NULL DEFAULT 0, -- when it first let somebody pass
	PRIMARY KEY (connection, day, "limit", employee_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX approvals_employee ON approvals (connection, employee_id, "limit", from_ms);
