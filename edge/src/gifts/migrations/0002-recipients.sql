-- Who on the room's stage a gift was for; null when it was for the host.
ALTER TABLE transfers ADD COLUMN to_id TEXT;
-- Gifts for different people are different combos.
ALTER TABLE combos RENAME COLUMN host_id TO to_id;
DROP INDEX one_open_combo;
CREATE UNIQUE INDEX one_open_combo ON combos (room_id, user_id, gift_id, to_id) WHERE state = 'open';
