-- The store, version 15: the data keys, each sealed under a master key that is in no database.

CREATE TABLE data_keys (
	purpose TEXT NOT NULL PRIMARY KEY,
	sealed BLOB NOT NULL, -- version of the master key, nonce, ciphertext, tag
	made_at_ms INTEGER NOT NULL,
	sealed_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
