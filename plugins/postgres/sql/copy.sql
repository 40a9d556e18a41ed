-- SPDX-License-Identifier: Apache-2.0
-- Reading the whole database as records, and writing such records into an empty one (docs/records.md). A statement that
-- dumps gives one record a row, and with it whether it has a frame; one that restores takes a JSON array of records of
-- one kind, of which some may be there already.

-- What else works on the database; sessions behind a pooler cannot be told.
-- name: copy-others
SELECT count (*) FROM pg_stat_activity AS a
WHERE a.datname = current_database () AND a.application_name = 'annotationd' AND a.pid <> pg_backend_pid ();

-- name: dump-begin
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL statement_timeout = 0;
SET LOCAL idle_in_transaction_session_timeout = 0;

-- Which versions of the rows there are: another one tells that somebody has written.
-- name: dump-fingerprint
SELECT concat_ws ('/', (SELECT p.xmin FROM annotationd.position AS p),
  (SELECT string_agg (t.xmin::text, ',' ORDER BY t.slot) FROM annotationd.tallies AS t),
  (SELECT string_agg (a.xmin::text, ',' ORDER BY a.name) FROM annotationd.accounts AS a),
  (SELECT string_agg (t.xmin::text, ',' ORDER BY t.id) FROM annotationd.tokens AS t),
  (SELECT string_agg (s.xmin::text, ',' ORDER BY s.jti) FROM annotationd.sessions AS s),
  (SELECT string_agg (s.xmin::text, ',' ORDER BY s.name) FROM annotationd.secrets AS s));

-- name: dump-store
SELECT row_to_json (r), false FROM (
  SELECT 'store' AS record, 1 AS format, 'postgres' AS plugin,
         (SELECT max (m.version) FROM annotationd.migrations AS m) AS version, p.epoch, p.seq,
         (SELECT count (*) FROM annotationd.accounts) + (SELECT count (*) FROM annotationd.tokens)
           + (SELECT count (*) FROM annotationd.sessions) + (SELECT count (*) FROM annotationd.secrets)
           + (SELECT count (*) FROM annotationd.audit) + (SELECT count (*) FROM annotationd.examples)
           + (SELECT count (*) FROM annotationd.annotations) + (SELECT count (*) FROM annotationd.skips)
           + (SELECT count (*) FROM annotationd.outbox) + 2 AS records
  FROM annotationd.position AS p) AS r;

-- name: dump-account
SELECT row_to_json (r), false FROM (
  SELECT 'account' AS record, a.name, a.password_hash, a.roles, a.disabled::integer, a.created_at
  FROM annotationd.accounts AS a ORDER BY a.name) AS r;

-- name: dump-token
SELECT row_to_json (r), false FROM (
  SELECT 'token' AS record, t.id, t.account, t.description, t.hash, t.roles, t.created_at, t.expires_at
  FROM annotationd.tokens AS t ORDER BY t.id) AS r;

-- name: dump-session
SELECT row_to_json (r), false FROM (
  SELECT 'session' AS record, s.jti, s.account, s.expires_at, s.revoked::integer
  FROM annotationd.sessions AS s ORDER BY s.jti) AS r;

-- name: dump-secret
SELECT row_to_json (r), false FROM (
  SELECT 'secret' AS record, s.name, s.value FROM annotationd.secrets AS s ORDER BY s.name) AS r;

-- name: dump-audit
SELECT row_to_json (r), false FROM (
  SELECT 'audit' AS record, a.number, a.at, a.actor, a.action, a.details
  FROM annotationd.audit AS a ORDER BY a.number) AS r;

-- A leased example is pending again.
-- name: dump-example
SELECT row_to_json (r), r.frame IS NOT NULL FROM (
  SELECT 'example' AS record, e.seq, e.event_id, e.camera_id, e.timestamp, e.priority,
         CASE e.status WHEN 1 THEN 0 ELSE e.status END AS status, e.fence,
         CASE WHEN e.status <> 1 THEN e.annotator END AS annotator, e.skips, e.revision, e.finished_at, e.received_at,
         e.frame_type, e.frame_sha256, e.source_topic, e.source_partition, e.source_offset, e.labels, e.face_hashes,
         coalesce ((SELECT json_agg (l.label ORDER BY l.label)::text FROM annotationd.annotation_labels AS l
                    WHERE l.seq = e.seq), '[]') AS corrected_labels,
         e.detections, e.payload, translate (encode (f.bytes, 'base64'), E'\n', '') AS frame
  FROM annotationd.examples AS e LEFT JOIN annotationd.frames AS f ON f.seq = e.seq ORDER BY e.seq) AS r;

-- name: dump-annotation
SELECT row_to_json (r), false FROM (
  SELECT 'annotation' AS record, a.seq, a.id, a.revision, a.annotator, a.created_at, a.quality_score, a.lead_time_ms,
         a.digest, a.notes, a.corrected_detections
  FROM annotationd.annotations AS a ORDER BY a.seq, a.revision) AS r;

-- name: dump-skip
SELECT row_to_json (r), false FROM (
  SELECT 'skip' AS record, s.seq, s.annotator, s.created_at, s.reason
  FROM annotationd.skips AS s ORDER BY s.seq, s.annotator) AS r;

-- name: dump-outgoing
SELECT row_to_json (r), false FROM (
  SELECT 'outgoing' AS record, o.number, o.id, o.topic, o.key, o.event_id, o.inline_frame::integer, o.created_at,
         o.attempts, o.last_error, o.payload
  FROM annotationd.outbox AS o ORDER BY o.number) AS r;

-- What a database that a copy may go into has none of.
-- name: restore-occupied
SELECT (SELECT count (*) FROM annotationd.examples), (SELECT count (*) FROM annotationd.accounts),
       (SELECT count (*) FROM annotationd.outbox), (SELECT count (*) FROM annotationd.audit),
       (SELECT p.seq FROM annotationd.position AS p);

-- name: restore-format
SELECT r.format FROM json_to_record ($1::json) AS r (format integer);

-- Of what an interrupted copy has left.
-- name: restore-empty
TRUNCATE annotationd.outbox, annotationd.skips, annotationd.annotations, annotationd.annotation_labels,
  annotationd.frames, annotationd.example_labels, annotationd.subjects, annotationd.examples, annotationd.tokens,
  annotationd.accounts, annotationd.sessions, annotationd.secrets, annotationd.audit, annotationd.label_counts,
  annotationd.annotator_counts, annotationd.hour_counts RESTART IDENTITY;
UPDATE annotationd.tallies SET pending = 0, leased = 0, completed = 0, skipped = 0, outgoing = 0, retrying = 0;

-- name: restore-store
WITH r AS (SELECT * FROM json_to_record ($1::json) AS r (epoch text, seq bigint)),
  marked AS (INSERT INTO annotationd.marks (name, value) SELECT 'unfinished', r.epoch FROM r
             ON CONFLICT (name) DO UPDATE SET value = excluded.value)
UPDATE annotationd.position SET epoch = r.epoch, seq = r.seq FROM r;

-- name: restore-account
INSERT INTO annotationd.accounts (name, password_hash, roles, disabled, created_at)
SELECT r.name, r.password_hash, r.roles, r.disabled <> 0, r.created_at
FROM json_to_recordset ($1::json) AS r (name text, password_hash text, roles integer, disabled integer,
  created_at bigint)
ON CONFLICT DO NOTHING;

-- name: restore-token
INSERT INTO annotationd.tokens (id, account, description, hash, roles, created_at, expires_at)
SELECT r.* FROM json_to_recordset ($1::json) AS r (id text, account text, description text, hash text, roles integer,
  created_at bigint, expires_at bigint)
ON CONFLICT DO NOTHING;

-- name: restore-session
INSERT INTO annotationd.sessions (jti, account, expires_at, revoked)
SELECT r.jti, r.account, r.expires_at, r.revoked <> 0
FROM json_to_recordset ($1::json) AS r (jti text, account text, expires_at bigint, revoked integer)
ON CONFLICT DO NOTHING;

-- name: restore-secret
INSERT INTO annotationd.secrets (name, value)
SELECT r.* FROM json_to_recordset ($1::json) AS r (name text, value text)
ON CONFLICT DO NOTHING;

-- name: restore-audit
INSERT INTO annotationd.audit (number, at, actor, action, details)
SELECT r.* FROM json_to_recordset ($1::json) AS r (number bigint, at bigint, actor text, action text, details text)
ON CONFLICT DO NOTHING;

-- name: restore-example
WITH r AS MATERIALIZED (
  SELECT * FROM json_to_recordset ($1::json) AS r (seq bigint, event_id text, camera_id text, timestamp bigint,
    priority double precision, status smallint, fence bigint, annotator text, skips integer, revision integer,
    finished_at bigint, received_at bigint, frame_type smallint, frame_sha256 text, source_topic text,
    source_partition integer, source_offset bigint, labels text, face_hashes text, corrected_labels text,
    detections text, payload text, frame text)
), frames AS (
  INSERT INTO annotationd.frames (seq, bytes) SELECT r.seq, decode (r.frame, 'base64') FROM r WHERE r.frame IS NOT NULL
  ON CONFLICT DO NOTHING
), labels AS (
  INSERT INTO annotationd.example_labels (label, seq) SELECT json_array_elements_text (r.labels::json), r.seq FROM r
  ON CONFLICT DO NOTHING
), subjects AS (
  INSERT INTO annotationd.subjects (face_hash, seq) SELECT json_array_elements_text (r.face_hashes::json), r.seq FROM r
  ON CONFLICT DO NOTHING
), corrected AS (
  INSERT INTO annotationd.annotation_labels (label, seq)
  SELECT json_array_elements_text (r.corrected_labels::json), r.seq FROM r
  ON CONFLICT DO NOTHING
)
INSERT INTO annotationd.examples (seq, event_id, camera_id, timestamp, priority, status, fence, annotator, skips,
  revision, finished_at, received_at, frame_type, frame_sha256, source_topic, source_partition, source_offset, labels,
  face_hashes, detections, payload)
SELECT r.seq, r.event_id, r.camera_id, r.timestamp, r.priority, r.status, r.fence, r.annotator, r.skips, r.revision,
       r.finished_at, r.received_at, r.frame_type, r.frame_sha256, r.source_topic, r.source_partition, r.source_offset,
       r.labels, r.face_hashes, r.detections, r.payload
FROM r
ON CONFLICT DO NOTHING;

-- name: restore-annotation
INSERT INTO annotationd.annotations (seq, id, revision, annotator, created_at, quality_score, lead_time_ms, digest,
  notes, corrected_detections)
SELECT r.* FROM json_to_recordset ($1::json) AS r (seq bigint, id text, revision integer, annotator text,
  created_at bigint, quality_score double precision, lead_time_ms bigint, digest text, notes text,
  corrected_detections text)
ON CONFLICT DO NOTHING;

-- name: restore-skip
INSERT INTO annotationd.skips (seq, annotator, created_at, reason)
SELECT r.* FROM json_to_recordset ($1::json) AS r (seq bigint, annotator text, created_at bigint, reason text)
ON CONFLICT DO NOTHING;

-- name: restore-outgoing
INSERT INTO annotationd.outbox (number, id, topic, key, event_id, inline_frame, created_at, due_at, attempts,
  last_error, payload)
SELECT r.number, r.id, r.topic, r.key, r.event_id, r.inline_frame <> 0, r.created_at, r.created_at, r.attempts,
       r.last_error, r.payload
FROM json_to_recordset ($1::json) AS r (number bigint, id text, topic text, key text, event_id text,
  inline_frame integer, created_at bigint, attempts integer, last_error text, payload text)
ON CONFLICT DO NOTHING;

-- A row for each kind of which another number is here than was given.
-- name: restore-differences
SELECT h.kind, coalesce (g.value::bigint, -1), h.n
FROM (VALUES ('account', (SELECT count (*) FROM annotationd.accounts)),
             ('token', (SELECT count (*) FROM annotationd.tokens)),
             ('session', (SELECT count (*) FROM annotationd.sessions)),
             ('secret', (SELECT count (*) FROM annotationd.secrets)),
             ('audit', (SELECT count (*) FROM annotationd.audit)),
             ('example', (SELECT count (*) FROM annotationd.examples)),
             ('frame', (SELECT count (*) FROM annotationd.frames)),
             ('annotation', (SELECT count (*) FROM annotationd.annotations)),
             ('skip', (SELECT count (*) FROM annotationd.skips)),
             ('outgoing', (SELECT count (*) FROM annotationd.outbox))) AS h (kind, n)
LEFT JOIN json_each_text ($1::json) AS g ON g.key = h.kind
WHERE g.value IS NULL OR g.value::bigint <> h.n;

-- What the functions count as they go, counted once.
-- name: restore-end
UPDATE annotationd.tallies AS t
SET pending = e.pending, leased = 0, completed = e.completed, skipped = e.skipped, outgoing = o.outgoing,
    retrying = o.retrying
FROM (SELECT count (*) FILTER (WHERE status = 0) AS pending, count (*) FILTER (WHERE status = 2) AS completed,
             count (*) FILTER (WHERE status = 3) AS skipped FROM annotationd.examples) AS e,
     (SELECT count (*) AS outgoing, count (*) FILTER (WHERE attempts > 0) AS retrying FROM annotationd.outbox) AS o
WHERE t.slot = 0;
DELETE FROM annotationd.label_counts;
INSERT INTO annotationd.label_counts (label, slot, count)
SELECT l.label, 0, count (*) FROM annotationd.annotation_labels AS l GROUP BY l.label;
DELETE FROM annotationd.annotator_counts;
INSERT INTO annotationd.annotator_counts (annotator, slot, count)
SELECT e.annotator, 0, count (*) FROM annotationd.examples AS e
WHERE e.status = 2 AND e.annotator IS NOT NULL GROUP BY e.annotator;
DELETE FROM annotationd.hour_counts;
INSERT INTO annotationd.hour_counts (hour, slot, count)
SELECT a.created_at / 3600000000, 0, count (*) FROM annotationd.annotations AS a
WHERE a.created_at / 3600000000 >= annotationd.now_1 () / 3600000000 - 48 GROUP BY 1;
SELECT setval (pg_get_serial_sequence ('annotationd.outbox', 'number'),
               (SELECT coalesce (max (number), 0) + 1 FROM annotationd.outbox), false),
       setval (pg_get_serial_sequence ('annotationd.audit', 'number'),
               (SELECT coalesce (max (number), 0) + 1 FROM annotationd.audit), false);
DELETE FROM annotationd.marks WHERE name = 'unfinished';
