-- SPDX-License-Identifier: Apache-2.0
-- Reading the whole database as records, and writing such records into an empty one. Columns and parameters bear the
-- names of the records' members (docs/records.md).

-- name: copy-mark
SELECT value FROM meta WHERE name = 'unfinished-copy';

-- name: dump-store
SELECT 'store' AS record, ? AS format, 'sqlite' AS plugin,
       (SELECT user_version FROM pragma_user_version) AS version,
       (SELECT value FROM meta WHERE name = 'epoch') AS epoch,
       (SELECT value FROM counters WHERE name = 'seq') AS seq,
       (SELECT count (*) FROM accounts) + (SELECT count (*) FROM tokens) + (SELECT count (*) FROM sessions)
         + (SELECT count (*) FROM secrets) + (SELECT count (*) FROM audit) + (SELECT count (*) FROM examples)
         + (SELECT count (*) FROM annotations) + (SELECT count (*) FROM skips)
         + (SELECT count (*) FROM outbox) + 2 AS records;

-- name: dump-accounts
SELECT 'account' AS record, name AS name, password_hash AS password_hash, roles AS roles, disabled AS disabled,
       created_at AS created_at
FROM accounts ORDER BY name;

-- name: dump-tokens
SELECT 'token' AS record, id AS id, account AS account, description AS description, hash AS hash, roles AS roles,
       created_at AS created_at, expires_at AS expires_at
FROM tokens ORDER BY id;

-- name: dump-sessions
SELECT 'session' AS record, jti AS jti, account AS account, expires_at AS expires_at, revoked AS revoked
FROM sessions ORDER BY jti;

-- name: dump-secrets
SELECT 'secret' AS record, name AS name, value AS value FROM secrets ORDER BY name;

-- name: dump-audit
SELECT 'audit' AS record, number AS number, at AS at, actor AS actor, action AS action, details AS details
FROM audit ORDER BY number;

-- A leased example is pending again. The frame must stand last.
-- name: dump-examples
SELECT 'example' AS record, e.seq AS seq, e.event_id AS event_id, e.camera_id AS camera_id, e.timestamp AS timestamp,
       e.priority AS priority, iif (e.status = 1, 0, e.status) AS status, e.fence AS fence,
       iif (e.status = 1, NULL, e.annotator) AS annotator, e.skips AS skips, e.revision AS revision,
       e.finished_at AS finished_at, e.received_at AS received_at, e.frame_type AS frame_type,
       e.frame_sha256 AS frame_sha256, e.source_topic AS source_topic, e.source_partition AS source_partition,
       e.source_offset AS source_offset, e.labels AS labels, e.face_hashes AS face_hashes,
       (SELECT json_group_array (l.label) FROM annotation_labels AS l WHERE l.seq = e.seq) AS corrected_labels,
       e.detections AS detections, e.payload AS payload, f.bytes AS frame
FROM examples AS e LEFT JOIN frames AS f ON f.seq = e.seq
ORDER BY e.seq;

-- name: dump-annotations
SELECT 'annotation' AS record, seq AS seq, id AS id, revision AS revision, annotator AS annotator,
       created_at AS created_at, quality_score AS quality_score, lead_time_ms AS lead_time_ms, digest AS digest,
       notes AS notes, corrected_detections AS corrected_detections
FROM annotations ORDER BY seq, revision;

-- name: dump-skips
SELECT 'skip' AS record, seq AS seq, annotator AS annotator, created_at AS created_at, reason AS reason
FROM skips ORDER BY seq, annotator;

-- name: dump-outgoing
SELECT 'outgoing' AS record, number AS number, id AS id, topic AS topic, key AS key, event_id AS event_id,
       inline_frame AS inline_frame, created_at AS created_at, attempts AS attempts, last_error AS last_error,
       payload AS payload
FROM outbox ORDER BY number;

-- What a database that a copy may go into has none of.
-- name: restore-occupied
SELECT (SELECT count (*) FROM examples), (SELECT count (*) FROM accounts), (SELECT count (*) FROM outbox),
       (SELECT count (*) FROM audit), (SELECT value FROM counters WHERE name = 'seq');

-- name: restore-begin
INSERT INTO meta (name, value) VALUES ('unfinished-copy', :epoch)
ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: restore-epoch
UPDATE meta SET value = :epoch WHERE name = 'epoch';

-- name: restore-seq
UPDATE counters SET value = :seq WHERE name = 'seq';

-- name: restore-account
INSERT INTO accounts (name, password_hash, roles, disabled, created_at)
VALUES (:name, :password_hash, :roles, :disabled, :created_at)
ON CONFLICT DO NOTHING;

-- name: restore-token
INSERT INTO tokens (id, account, description, hash, roles, created_at, expires_at)
VALUES (:id, :account, :description, :hash, :roles, :created_at, :expires_at)
ON CONFLICT DO NOTHING;

-- name: restore-session
INSERT INTO sessions (jti, account, expires_at, revoked) VALUES (:jti, :account, :expires_at, :revoked)
ON CONFLICT DO NOTHING;

-- name: restore-secret
INSERT INTO secrets (name, value) VALUES (:name, :value) ON CONFLICT DO NOTHING;

-- name: restore-audit
INSERT INTO audit (number, at, actor, action, details) VALUES (:number, :at, :actor, :action, :details)
ON CONFLICT DO NOTHING;

-- name: restore-example
INSERT INTO examples (seq, event_id, camera_id, timestamp, priority, status, fence, annotator, skips, revision,
  finished_at, received_at, frame_type, frame_sha256, source_topic, source_partition, source_offset, labels,
  face_hashes, detections, payload)
VALUES (:seq, :event_id, :camera_id, :timestamp, :priority, :status, :fence, :annotator, :skips, :revision,
  :finished_at, :received_at, :frame_type, :frame_sha256, :source_topic, :source_partition, :source_offset, :labels,
  :face_hashes, :detections, :payload)
ON CONFLICT DO NOTHING;

-- name: restore-frame
INSERT INTO frames (seq, bytes) SELECT :seq, $frame WHERE $frame IS NOT NULL ON CONFLICT DO NOTHING;

-- name: restore-labels
INSERT INTO example_labels (label, seq) SELECT value, :seq FROM json_each (:labels) WHERE TRUE ON CONFLICT DO NOTHING;

-- name: restore-subjects
INSERT INTO subjects (face_hash, seq) SELECT value, :seq FROM json_each (:face_hashes) WHERE TRUE
ON CONFLICT DO NOTHING;

-- name: restore-corrected-labels
INSERT INTO annotation_labels (seq, label) SELECT :seq, value FROM json_each (:corrected_labels) WHERE TRUE
ON CONFLICT DO NOTHING;

-- name: restore-annotation
INSERT INTO annotations (id, seq, revision, annotator, created_at, quality_score, lead_time_ms, digest, notes,
  corrected_detections)
VALUES (:id, :seq, :revision, :annotator, :created_at, :quality_score, :lead_time_ms, :digest, :notes,
  :corrected_detections)
ON CONFLICT DO NOTHING;

-- name: restore-skip
INSERT INTO skips (seq, annotator, created_at, reason) VALUES (:seq, :annotator, :created_at, :reason)
ON CONFLICT DO NOTHING;

-- name: restore-outgoing
INSERT INTO outbox (number, id, topic, key, event_id, inline_frame, created_at, attempts, due_at, last_error, payload)
VALUES (:number, :id, :topic, :key, :event_id, :inline_frame, :created_at, :attempts, 0, :last_error, :payload)
ON CONFLICT DO NOTHING;

-- name: restore-counts
SELECT (SELECT count (*) FROM accounts) AS account, (SELECT count (*) FROM tokens) AS token,
       (SELECT count (*) FROM sessions) AS session, (SELECT count (*) FROM secrets) AS secret,
       (SELECT count (*) FROM audit) AS audit, (SELECT count (*) FROM examples) AS example,
       (SELECT count (*) FROM frames) AS frame, (SELECT count (*) FROM annotations) AS annotation,
       (SELECT count (*) FROM skips) AS skip, (SELECT count (*) FROM outbox) AS outgoing;

-- The counts that no trigger keeps while rows are inserted.
-- name: restore-counters
UPDATE counters SET value = CASE name
  WHEN 'pending' THEN (SELECT count (*) FROM examples WHERE status = 0)
  WHEN 'leased' THEN 0
  WHEN 'completed' THEN (SELECT count (*) FROM examples WHERE status = 2)
  WHEN 'skipped' THEN (SELECT count (*) FROM examples WHERE status = 3)
  WHEN 'outgoing' THEN (SELECT count (*) FROM outbox)
  WHEN 'retrying' THEN (SELECT count (*) FROM outbox WHERE attempts > 0)
  ELSE value END;

-- name: restore-annotator-counts
INSERT INTO annotator_counts (annotator, count)
SELECT annotator, count (*) FROM examples WHERE status = 2 AND annotator IS NOT NULL GROUP BY annotator
ON CONFLICT (annotator) DO UPDATE SET count = excluded.count;

-- name: restore-end
DELETE FROM meta WHERE name = 'unfinished-copy';
