-- SPDX-License-Identifier: Apache-2.0
-- Putting, getting and counting examples. A line `-- name: NAME` begins a statement, {NAME} stands for the text of another.

-- name: example-columns
e.seq, e.event_id, e.camera_id, e.timestamp, e.priority, e.status, e.annotator, e.skips, e.revision, e.finished_at,
e.received_at, e.frame_type, e.frame_sha256, e.source_topic, e.source_partition, e.source_offset, e.labels,
e.face_hashes, e.detections, e.payload

-- The frame of a row of the batch that follows, unless its example is there.
-- name: put-frame
INSERT INTO annotationd.frames (seq, bytes)
SELECT annotationd.frame_place_1 ($1), $2
WHERE NOT EXISTS (SELECT 1 FROM annotationd.examples AS e WHERE e.event_id = $3);

-- name: put-examples
SELECT p.last, p.seqs
FROM annotationd.put_examples_1 ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) AS p;

-- name: position
SELECT p.epoch, p.seq, (SELECT sum (t.pending)::bigint FROM annotationd.tallies AS t)
FROM annotationd.position AS p WHERE p.only_row;

-- name: example-get
SELECT {example-columns}, f.bytes,
       CASE WHEN e.status = 1 THEN greatest (annotationd.now_1 () - e.leased_at, 1) ELSE 0 END
FROM annotationd.examples AS e LEFT JOIN annotationd.frames AS f ON $2 AND f.seq = e.seq
WHERE e.event_id = $1;

-- name: count-by-status
SELECT sum (CASE $1 WHEN 0 THEN t.pending WHEN 1 THEN t.leased WHEN 2 THEN t.completed WHEN 3 THEN t.skipped
            ELSE t.pending + t.leased + t.completed + t.skipped END)::bigint
FROM annotationd.tallies AS t;

-- name: tallies
SELECT sum (t.pending)::bigint, sum (t.leased)::bigint, sum (t.completed)::bigint, sum (t.skipped)::bigint,
       sum (t.outgoing)::bigint, sum (t.retrying)::bigint,
       (SELECT o.created_at FROM annotationd.outbox AS o ORDER BY o.number LIMIT 1)
FROM annotationd.tallies AS t;

-- name: count-by-label
SELECT c.label, sum (c.count)::bigint FROM annotationd.label_counts AS c
GROUP BY c.label HAVING sum (c.count) > 0 ORDER BY 2 DESC, 1 LIMIT 100;

-- name: count-by-annotator
SELECT c.annotator, sum (c.count)::bigint FROM annotationd.annotator_counts AS c
GROUP BY c.annotator HAVING sum (c.count) > 0 ORDER BY 2 DESC, 1;

-- name: count-by-hour
SELECT to_char (to_timestamp (c.hour * 3600) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24":00:00Z"'), sum (c.count)::bigint
FROM annotationd.hour_counts AS c
WHERE c.hour > annotationd.now_1 () / 3600000000 - 24
GROUP BY c.hour HAVING sum (c.count) > 0 ORDER BY c.hour;

-- name: probe-read
SELECT pg_is_in_recovery () OR current_setting ('transaction_read_only')::boolean, current_setting ('server_version'),
       p.epoch
FROM annotationd.position AS p WHERE p.only_row;

-- name: probe-write
SELECT annotationd.probe_write_1 ();
