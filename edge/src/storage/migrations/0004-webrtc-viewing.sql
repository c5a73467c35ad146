-- Whether a room's viewers may watch by WebRTC.
ALTER TABLE rooms ADD COLUMN webrtc INTEGER NOT NULL DEFAULT 0;
