-- The store: deliveries that nobody has parsed yet.

-- Durable when the 200 is sent, and no more than that: no index and no digest, since every
-- delivery waits for what is written here. Settled ones are in events (sqlite_event.c).
CREATE TABLE inbox (
	event_id INTEGER PRIMARY KEY, -- of its row in events, if its body is new
	connection TEXT NOT NULL,
	received_at_ms INTEGER NOT NULL,
	body BLOB NOT NULL
) STRICT;

INSERT INTO inbox (event_id, connection, received_at_ms, body)
	SELECT event_id, connection, last_seen_at_ms, body FROM events
	WHERE state = 'received' AND body IS NOT NULL;
DELETE FROM events WHERE state = 'received';
DROP INDEX events_received;
