-- The store, version 13: the way back.

-- The action that this one takes back; 0: none.
ALTER TABLE intents ADD COLUMN undoes INTEGER NOT NULL DEFAULT 0;
CREATE INDEX intents_undoes ON intents (undoes) WHERE undoes <> 0;
-- When Okta last showed present_status and present_profile; 0: not known.
ALTER TABLE employees ADD COLUMN present_at_ms INTEGER NOT NULL DEFAULT 0;
