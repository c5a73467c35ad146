-- Who did what to which stream key; rows are only ever added.
CREATE TABLE stream_key_events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  stream_key_id TEXT NOT NULL REFERENCES stream_keys (id),
  kind TEXT NOT NULL CHECK (kind IN ('created', 'retired', 'revoked')),
  -- the account that asked
  actor_id TEXT NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX stream_key_events_by_key ON stream_key_events (stream_key_id, id);

INSERT INTO stream_key_events (stream_key_id, kind, actor_id, at_ms)
SELECT k.id, 'created', r.host_id, k.created_at_ms FROM stream_keys k JOIN rooms r ON r.id = k.room_id;
