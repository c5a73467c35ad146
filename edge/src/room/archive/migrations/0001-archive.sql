CREATE TABLE entries (
  id INTEGER PRIMARY KEY,
  room_id TEXT NOT NULL,
  gen INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  cid TEXT NOT NULL,
  kind TEXT NOT NULL,
  user_id TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  media_ms INTEGER,
  -- the entry as the sequencer keeps it
  json TEXT NOT NULL,
  -- cid of the act that withdrew it
  gone_by TEXT,
  UNIQUE (room_id, gen, seq)
) STRICT;
CREATE INDEX entries_by_cid ON entries (room_id, cid);
CREATE INDEX entries_by_user ON entries (room_id, user_id, gen, seq);
CREATE INDEX entries_by_time ON entries (room_id, at_ms);

-- Ends of generations: what stood behind `last` was never durable.
CREATE TABLE generations (
  room_id TEXT NOT NULL,
  gen INTEGER NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY (room_id, gen)
) STRICT, WITHOUT ROWID;

-- Words of an entry's text, cut by `split-words.ts`; rowid is the entry's id.
CREATE VIRTUAL TABLE words USING fts5 (text, content = '', contentless_delete = 1, tokenize = 'unicode61');
