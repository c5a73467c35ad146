-- What acts have left of a room's state, field by field as the sequencer holds it in Redis.
CREATE TABLE room_state (
  room_id TEXT NOT NULL,
  part TEXT NOT NULL CHECK (part IN ('people', 'meta')),
  field TEXT NOT NULL,
  value TEXT NOT NULL,
  -- the act that set it
  cid TEXT NOT NULL,
  PRIMARY KEY (room_id, part, field)
) STRICT, WITHOUT ROWID;

-- Tokens of a person with a lower version are refused.
CREATE TABLE token_versions (
  user_id TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  changed_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Keys that sign our own tokens; the newest signs, the others still verify.
CREATE TABLE signing_keys (
  kid TEXT PRIMARY KEY,
  private_jwk TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Systems whose people come in by a signed token of theirs.
CREATE TABLE tenants (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE tenant_keys (
  tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  kid TEXT NOT NULL,
  public_jwk TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  revoked_at_ms INTEGER,
  PRIMARY KEY (tenant_id, kid)
) STRICT, WITHOUT ROWID;

-- Days that a room's archive is kept; no row: for good.
CREATE TABLE retentions (
  room_id TEXT PRIMARY KEY,
  days INTEGER NOT NULL CHECK (days > 0)
) STRICT, WITHOUT ROWID;
