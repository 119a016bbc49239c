-- Versions of the settings: what ran when, by whom. The document holds no secret.

CREATE TABLE settings_versions (
	version INTEGER PRIMARY KEY AUTOINCREMENT,
	at_ms INTEGER NOT NULL,
	author TEXT NOT NULL,
	note TEXT NOT NULL DEFAULT '',
	source TEXT NOT NULL CHECK (source IN ('file', 'api', 'rollback')),
	hash TEXT NOT NULL, -- of the document as it came: 16 hex digits of its SHA-256
	document TEXT NOT NULL
) STRICT;
CREATE INDEX settings_versions_source ON settings_versions (source, version);

-- The version an action was planned under; 0: from before versions were kept.
ALTER TABLE intents ADD COLUMN settings_version INTEGER NOT NULL DEFAULT 0;
-- The version that was in force when the line was written.
ALTER TABLE audit ADD COLUMN settings_version INTEGER NOT NULL DEFAULT 0;
