-- SPDX-License-Identifier: Apache-2.0
-- Submitting, skipping, removing.

-- name: annotation-columns
a.id, a.revision, a.annotator, a.created_at, a.quality_score, a.lead_time_ms, a.digest, a.notes,
a.corrected_detections

-- name: submit
SELECT s.outcome, s.status, s.revision, (s.latest).id, (s.latest).revision, (s.latest).annotator,
       (s.latest).created_at, (s.latest).quality_score, (s.latest).lead_time_ms, (s.latest).digest, (s.latest).notes,
       (s.latest).corrected_detections
FROM annotationd.submit_1 ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
  AS s;

-- name: skip
SELECT s.outcome, s.status
FROM annotationd.skip_3 ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) AS s;

-- name: remove
SELECT annotationd.remove_1 ($1, $2, $3, $4, $5, $6, $7, $8);
