-- Words of a room (room_id) or of the site (room_id = '').
CREATE TABLE word_rules (
  id TEXT PRIMARY KEY,
  room_id TEXT NOT NULL,
  word TEXT NOT NULL,
  action TEXT NOT NULL CHECK (action IN ('mask', 'hold', 'block')),
  -- JSON: pinyin, homophones, initials, inside, variants
  options TEXT NOT NULL,
  by_id TEXT NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX word_rules_by_room ON word_rules (room_id, at_ms);
CREATE TABLE word_allowances (
  room_id TEXT NOT NULL,
  text TEXT NOT NULL,
  by_id TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (room_id, text)
) STRICT;

CREATE TABLE notes (
  id TEXT PRIMARY KEY,
  room_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  text TEXT NOT NULL,
  by_id TEXT NOT NULL,
  by_name TEXT NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX notes_by_user ON notes (room_id, user_id, at_ms);

-- Messages that wait for a moderator; the cid is the draft's, so that a resend waits once.
CREATE TABLE holds (
  id TEXT PRIMARY KEY,
  room_id TEXT NOT NULL,
  cid TEXT NOT NULL,
  speaker TEXT NOT NULL,
  draft TEXT NOT NULL,
  why TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'approved', 'rejected')),
  at_ms INTEGER NOT NULL,
  decided_by TEXT,
  decided_at_ms INTEGER
) STRICT;
CREATE UNIQUE INDEX holds_by_cid ON holds (room_id, cid);
CREATE INDEX holds_by_state ON holds (room_id, state, at_ms);

CREATE TABLE reports (
  id TEXT PRIMARY KEY,
  room_id TEXT NOT NULL,
  -- the message reported; empty when a person is
  cid TEXT NOT NULL,
  subject_id TEXT NOT NULL,
  subject_name TEXT NOT NULL,
  excerpt TEXT NOT NULL,
  reporter_id TEXT NOT NULL,
  reporter_name TEXT NOT NULL,
  reason TEXT NOT NULL,
  text TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'upheld', 'dismissed')),
  at_ms INTEGER NOT NULL,
  decided_by TEXT,
  decided_at_ms INTEGER
) STRICT;
-- one report by one person of one thing
CREATE UNIQUE INDEX reports_once ON reports (room_id, reporter_id, subject_id, cid) WHERE state = 'open';
CREATE INDEX reports_by_state ON reports (room_id, state, at_ms);

CREATE TABLE follows (
  user_id TEXT NOT NULL,
  room_id TEXT NOT NULL,
  since_ms INTEGER NOT NULL,
  PRIMARY KEY (user_id, room_id)
) STRICT;
CREATE INDEX follows_by_room ON follows (room_id, since_ms);

CREATE TABLE members (
  user_id TEXT NOT NULL,
  room_id TEXT NOT NULL,
  by_id TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (user_id, room_id)
) STRICT;

-- People who have spoken in a room: known to it when its shield is up.
CREATE TABLE speakers (
  user_id TEXT NOT NULL,
  room_id TEXT NOT NULL,
  first_at_ms INTEGER NOT NULL,
  PRIMARY KEY (user_id, room_id)
) STRICT;

-- How a room answers what looks like a raid.
CREATE TABLE raid_options (
  room_id TEXT PRIMARY KEY,
  answer TEXT NOT NULL CHECK (answer IN ('ignore', 'suggest', 'shield'))
) STRICT;
