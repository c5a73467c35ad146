CREATE TABLE rooms (
  id TEXT PRIMARY KEY,
  slug TEXT NOT NULL,
  title TEXT NOT NULL,
  cover_url TEXT NOT NULL,
  host_id TEXT NOT NULL REFERENCES users (id),
  takeover TEXT NOT NULL CHECK (takeover IN ('refuse', 'newest')),
  grace_ms INTEGER NOT NULL,
  part_target_ms INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL,
  -- set when the room is deleted: its keys must stay known to be refused
  deleted_at_ms INTEGER
) STRICT;
CREATE UNIQUE INDEX rooms_by_slug ON rooms (slug) WHERE deleted_at_ms IS NULL;
CREATE INDEX rooms_by_host ON rooms (host_id, created_at_ms) WHERE deleted_at_ms IS NULL;
CREATE INDEX rooms_by_age ON rooms (created_at_ms, id) WHERE deleted_at_ms IS NULL;

CREATE TABLE stream_keys (
  id TEXT PRIMARY KEY,
  room_id TEXT NOT NULL REFERENCES rooms (id),
  label TEXT NOT NULL,
  -- SHA-256 (hex): enough for 190 random bits, and ingest looks keys up by it
  key_hash TEXT NOT NULL UNIQUE,
  hint TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('active', 'retired', 'revoked')),
  created_at_ms INTEGER NOT NULL,
  changed_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX stream_keys_by_room ON stream_keys (room_id, created_at_ms);
