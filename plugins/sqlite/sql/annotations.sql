-- SPDX-License-Identifier: Apache-2.0
-- Submitting, skipping, removing.

-- name: standing
SELECT seq, status, fence, annotator, revision, skips FROM examples WHERE event_id = ?;

-- name: annotation-insert
INSERT INTO annotations (id, seq, revision, annotator, created_at, quality_score, lead_time_ms, digest, notes,
  corrected_detections)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: annotation-labels-clear
DELETE FROM annotation_labels WHERE seq = ?;

-- name: annotation-label-insert
INSERT INTO annotation_labels (seq, label) VALUES (?, ?) ON CONFLICT DO NOTHING;

-- name: example-complete
UPDATE examples
SET status = 2, revision = ?, annotator = ?, finished_at = ?, leased_at = NULL, expires_at = NULL
WHERE seq = ?;

-- name: skip-insert
INSERT INTO skips (seq, annotator, created_at, reason) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: skip-exists
SELECT 1 FROM skips WHERE seq = ? AND annotator = ?;

-- name: example-return
UPDATE examples
SET status = 0, skips = skips + 1, annotator = NULL, leased_at = NULL, expires_at = NULL
WHERE seq = ?;

-- name: example-retire
UPDATE examples
SET status = 3, skips = skips + 1, annotator = ?, finished_at = ?, leased_at = NULL, expires_at = NULL
WHERE seq = ?;
