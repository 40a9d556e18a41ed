-- SPDX-License-Identifier: Apache-2.0
-- Erasing a data subject, and retention.

-- name: subject-examples
SELECT e.seq, e.event_id,
       EXISTS (SELECT 1 FROM frames AS f WHERE f.seq = e.seq),
       (SELECT count (*) FROM annotations AS a WHERE a.seq = e.seq)
FROM subjects AS s JOIN examples AS e ON e.seq = s.seq
WHERE s.face_hash = ?;

-- name: audit-insert
INSERT INTO audit (at, actor, action, details) VALUES (?, ?, ?, ?);

-- name: retain-examples
SELECT e.seq, e.event_id,
       EXISTS (SELECT 1 FROM frames AS f WHERE f.seq = e.seq),
       (SELECT count (*) FROM annotations AS a WHERE a.seq = e.seq)
FROM examples AS e INDEXED BY examples_by_finish
WHERE e.finished_at IS NOT NULL AND e.finished_at < ?
  AND NOT EXISTS (SELECT 1 FROM outbox AS o WHERE o.event_id = e.event_id)
ORDER BY e.finished_at
LIMIT ?;

-- name: retain-frames
SELECT e.seq
FROM examples AS e INDEXED BY examples_by_frame_finish
WHERE e.finished_at IS NOT NULL AND e.frame_type <> 0 AND e.finished_at < ?
  AND NOT EXISTS (SELECT 1 FROM outbox AS o WHERE o.event_id = e.event_id)
ORDER BY e.finished_at
LIMIT ?;

-- name: frame-delete
DELETE FROM frames WHERE seq = ?;

-- name: frame-forget
UPDATE examples SET frame_type = 0, frame_sha256 = NULL WHERE seq = ?;

-- name: hours-old-delete
DELETE FROM hour_counts WHERE hour < ?;
