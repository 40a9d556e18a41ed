-- SPDX-License-Identifier: Apache-2.0
-- Putting, getting and listing examples. A line `-- name: NAME` begins a statement, {NAME} stands for the text of another.

-- name: example-columns
e.seq, e.event_id, e.camera_id, e.timestamp, e.priority, e.status, e.annotator, e.skips, e.revision, e.finished_at,
e.received_at, e.frame_type, e.frame_sha256, e.source_topic, e.source_partition, e.source_offset, e.labels,
e.face_hashes, e.detections, e.payload

-- name: example-insert
INSERT INTO examples (seq, event_id, camera_id, timestamp, priority, received_at, frame_type, frame_sha256,
  source_topic, source_partition, source_offset, labels, face_hashes, detections, payload)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (event_id) DO NOTHING;

-- name: example-seq
SELECT seq FROM examples WHERE event_id = ?;

-- name: example-label-insert
INSERT INTO example_labels (label, seq) VALUES (?, ?) ON CONFLICT DO NOTHING;

-- name: subject-insert
INSERT INTO subjects (face_hash, seq) VALUES (?, ?) ON CONFLICT DO NOTHING;

-- name: frame-insert
INSERT INTO frames (seq, bytes) VALUES (?, ?);

-- name: frame-get
SELECT bytes FROM frames WHERE seq = ?;

-- name: seq-get
SELECT value FROM counters WHERE name = 'seq';

-- name: seq-advance
UPDATE counters SET value = value + ? WHERE name IN ('seq', 'pending');

-- name: example-get
SELECT {example-columns}, e.leased_at FROM examples AS e WHERE e.event_id = ?;

-- name: example-delete
DELETE FROM examples WHERE seq = ?;

-- name: position
SELECT (SELECT value FROM meta WHERE name = 'epoch'),
       (SELECT value FROM counters WHERE name = 'seq'),
       (SELECT value FROM counters WHERE name = 'pending');

-- name: annotation-latest
SELECT a.id, a.revision, a.annotator, a.created_at, a.quality_score, a.lead_time_ms, a.digest, a.notes,
       a.corrected_detections
FROM annotations AS a WHERE a.seq = ? ORDER BY a.revision DESC LIMIT 1;

-- name: counters
SELECT name, value FROM counters;

-- name: count-by-status
SELECT total (value) FROM counters
WHERE CASE WHEN ?1 IS NULL THEN name IN ('pending', 'leased', 'completed', 'skipped') ELSE name = ?1 END;

-- name: count-by-label
SELECT label, count FROM label_counts ORDER BY count DESC, label LIMIT 100;

-- name: count-by-annotator
SELECT annotator, count FROM annotator_counts ORDER BY count DESC, annotator;

-- name: count-by-hour
SELECT strftime ('%Y-%m-%dT%H:00:00Z', hour * 3600, 'unixepoch'), count
FROM hour_counts WHERE hour > ? AND count > 0 ORDER BY hour;

-- name: oldest-outgoing
SELECT created_at FROM outbox ORDER BY number LIMIT 1;

-- name: probe-write
UPDATE meta SET value = strftime ('%s') WHERE name = 'probe';

-- name: probe-read
SELECT value FROM meta WHERE name = 'epoch';
