-- Which process writes: an epoch that every batch checks inside its own transaction.
CREATE TABLE writer_lease (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  epoch INTEGER NOT NULL,
  -- loopback address and token under which the holder takes the commands of other processes
  address TEXT NOT NULL,
  token TEXT NOT NULL,
  until_ms INTEGER NOT NULL
) STRICT;
INSERT INTO writer_lease VALUES (1, 0, '', '', 0);

CREATE TABLE accounts (
  id INTEGER PRIMARY KEY,
  -- 'user': coins to spend. 'host': income. 'platform': the operator's share.
  -- 'payments' and 'grants': where coins come from; what they owe is what has been issued.
  kind TEXT NOT NULL CHECK (kind IN ('user', 'host', 'platform', 'payments', 'grants')),
  owner TEXT NOT NULL,
  -- kept for users only, by a trigger: all others are sums of their entries, so that no row is hot
  balance INTEGER CHECK (balance >= 0),
  CHECK ((kind = 'user') = (balance IS NOT NULL)),
  UNIQUE (kind, owner)
) STRICT;

CREATE TABLE transfers (
  id INTEGER PRIMARY KEY,
  tx TEXT NOT NULL UNIQUE,
  -- who asked, and under which id of theirs: asking again changes nothing
  asked_by TEXT NOT NULL,
  cid TEXT NOT NULL,
  -- digest of what was asked for
  content TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('gift', 'paid', 'grant', 'top-up', 'refund')),
  amount INTEGER NOT NULL CHECK (amount > 0),
  at_ms INTEGER NOT NULL,
  -- days and months of caps and leaderboards
  day TEXT NOT NULL,
  -- whose coins: they pay, or get them
  user_id TEXT NOT NULL,
  room_id TEXT,
  room TEXT,
  program_id TEXT,
  host_id TEXT,
  gift_id TEXT,
  catalogue_version INTEGER,
  quantity INTEGER CHECK (quantity > 0),
  unit_price INTEGER CHECK (unit_price > 0),
  combo_id TEXT,
  -- text of a paid message; reason of a refund or grant; reference of a top-up
  note TEXT,
  refunds INTEGER UNIQUE REFERENCES transfers (id),
  UNIQUE (asked_by, cid),
  CHECK ((kind = 'refund') = (refunds IS NOT NULL)),
  CHECK (kind <> 'gift' OR amount = quantity * unit_price),
  CHECK (kind NOT IN ('gift', 'paid') OR (room_id IS NOT NULL AND room IS NOT NULL AND host_id IS NOT NULL))
) STRICT;
CREATE INDEX transfers_by_user ON transfers (user_id, id);
CREATE INDEX transfers_by_room ON transfers (room_id, id) WHERE room_id IS NOT NULL;

-- The entries of a transfer are written first, the transfer last: it closes them, and none is left open at the commit.
CREATE TABLE entries (
  transfer_id INTEGER NOT NULL REFERENCES transfers (id) DEFERRABLE INITIALLY DEFERRED,
  account_id INTEGER NOT NULL REFERENCES accounts (id),
  amount INTEGER NOT NULL CHECK (amount <> 0),
  PRIMARY KEY (transfer_id, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX entries_by_account ON entries (account_id, transfer_id);

CREATE TRIGGER entries_come_before_their_transfer BEFORE INSERT ON entries
WHEN EXISTS (SELECT 1 FROM transfers WHERE id = NEW.transfer_id)
BEGIN
  SELECT RAISE(ABORT, 'the transfer is closed');
END;
CREATE TRIGGER entries_move_coins_of_users AFTER INSERT ON entries
BEGIN
  UPDATE accounts SET balance = balance + NEW.amount WHERE id = NEW.account_id AND kind = 'user';
END;
CREATE TRIGGER transfers_sum_to_zero AFTER INSERT ON transfers
WHEN (SELECT count(*) < 2 OR sum(amount) <> 0 FROM entries WHERE transfer_id = NEW.id)
BEGIN
  SELECT RAISE(ABORT, 'the entries do not sum to zero');
END;
CREATE TRIGGER transfers_stay BEFORE UPDATE ON transfers BEGIN SELECT RAISE(ABORT, 'transfers are never changed'); END;
CREATE TRIGGER transfers_remain BEFORE DELETE ON transfers BEGIN SELECT RAISE(ABORT, 'transfers are never removed'); END;
CREATE TRIGGER entries_stay BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END;
CREATE TRIGGER entries_remain BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'entries are never removed'); END;

-- Sums of accounts that are not kept in place, up to and with a transfer.
CREATE TABLE snapshots (
  account_id INTEGER NOT NULL REFERENCES accounts (id),
  through_id INTEGER NOT NULL,
  balance INTEGER NOT NULL,
  PRIMARY KEY (account_id, through_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE combos (
  id TEXT PRIMARY KEY,
  room_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  gift_id TEXT NOT NULL,
  host_id TEXT NOT NULL,
  last_tx TEXT NOT NULL,
  -- absolute: readers overwrite what they knew
  quantity INTEGER NOT NULL CHECK (quantity >= 0),
  value INTEGER NOT NULL CHECK (value >= 0),
  sends INTEGER NOT NULL,
  last_at_ms INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'final'))
) STRICT;
CREATE UNIQUE INDEX one_open_combo ON combos (room_id, user_id, gift_id) WHERE state = 'open';
CREATE INDEX open_combos ON combos (last_at_ms) WHERE state = 'open';

-- What the room's log must get, exactly once, in this order.
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY,
  cid TEXT NOT NULL UNIQUE,
  transfer_id INTEGER UNIQUE REFERENCES transfers (id),
  room_id TEXT NOT NULL,
  -- author, kind and body of the entry; JSON
  author TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('gift', 'paid', 'system')),
  body TEXT NOT NULL,
  media_ms INTEGER,
  at_ms INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'refused')),
  gen INTEGER,
  seq INTEGER,
  CHECK ((state = 'delivered') = (gen IS NOT NULL AND seq IS NOT NULL))
) STRICT;
CREATE INDEX outbox_waiting ON outbox (id) WHERE state = 'waiting';

-- Projections: written with the transfer, and made again from transfers by the reconciliation to compare.
CREATE TABLE scores (
  room_id TEXT NOT NULL,
  -- 'all', 'day YYYY-MM-DD', 'program ID'
  period TEXT NOT NULL,
  user_id TEXT NOT NULL,
  value INTEGER NOT NULL CHECK (value >= 0),
  PRIMARY KEY (room_id, period, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX scores_by_value ON scores (room_id, period, value DESC);
CREATE TABLE spending (
  user_id TEXT NOT NULL,
  -- 'day YYYY-MM-DD', 'month YYYY-MM'
  period TEXT NOT NULL,
  value INTEGER NOT NULL CHECK (value >= 0),
  PRIMARY KEY (user_id, period)
) STRICT, WITHOUT ROWID;
-- As they were last seen, for lists and entries.
CREATE TABLE people (
  user_id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  role TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE catalogues (
  version INTEGER PRIMARY KEY,
  made_by TEXT NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE catalogue_gifts (
  version INTEGER NOT NULL REFERENCES catalogues (version),
  position INTEGER NOT NULL,
  id TEXT NOT NULL,
  name_en TEXT NOT NULL,
  name_zh TEXT NOT NULL,
  price INTEGER NOT NULL CHECK (price > 0),
  art TEXT NOT NULL,
  combo INTEGER NOT NULL CHECK (combo IN (0, 1)),
  PRIMARY KEY (version, id)
) STRICT, WITHOUT ROWID;
