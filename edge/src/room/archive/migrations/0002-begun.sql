-- Generations that were begun, each for one loss of Redis's memory. A number is given once, also when Redis loses the
-- memory of having begun it: others may have been told places in it.
CREATE TABLE begun (
  room_id TEXT NOT NULL,
  gen INTEGER NOT NULL,
  -- the sequencer's name of the loss
  loss TEXT NOT NULL,
  PRIMARY KEY (room_id, gen)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX begun_by_loss ON begun (room_id, loss);
