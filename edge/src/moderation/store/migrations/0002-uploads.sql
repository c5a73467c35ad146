-- Files of messages. Bytes are at DATA_DIR/uploads; a row without `cid` has not been said yet.
CREATE TABLE uploads (
  id TEXT PRIMARY KEY,
  room_id TEXT NOT NULL,
  owner_id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('image', 'voice', 'file')),
  type TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  width INTEGER,
  height INTEGER,
  at_ms INTEGER NOT NULL,
  -- the message that shows it
  cid TEXT,
  -- withdrawn with its message: not served, and deleted after a while
  withdrawn_at_ms INTEGER
) STRICT;
CREATE INDEX uploads_by_owner ON uploads (owner_id, at_ms);
CREATE INDEX uploads_by_cid ON uploads (room_id, cid);
CREATE INDEX uploads_by_age ON uploads (at_ms);
