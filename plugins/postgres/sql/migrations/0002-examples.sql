-- SPDX-License-Identifier: Apache-2.0
-- Putting examples, and what the other functions share.
--
-- The functions that work on large tables switch the plans off that read all of a table: a session keeps its plans, and
-- one that was made while the table was small must not be kept while it grows by millions.

-- Deadlines go by this clock. A query by an index takes it from a variable: a clock in the condition itself is asked for
-- each row of the table.
CREATE FUNCTION annotationd.now_1 () RETURNS bigint
LANGUAGE sql VOLATILE AS $$
  SELECT (extract (epoch FROM clock_timestamp ()) * 1000000)::bigint
$$;

CREATE FUNCTION annotationd.slot_1 () RETURNS integer
LANGUAGE sql STABLE AS $$
  SELECT pg_backend_pid () % 32
$$;

-- Counts what a transaction has changed, as its last change, so that the slot is locked for as short as can be.
CREATE FUNCTION annotationd.tally_1 (pending bigint, leased bigint, completed bigint, skipped bigint, outgoing bigint,
  retrying bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE annotationd.tallies AS t
  SET pending = t.pending + tally_1.pending, leased = t.leased + tally_1.leased,
      completed = t.completed + tally_1.completed, skipped = t.skipped + tally_1.skipped,
      outgoing = t.outgoing + tally_1.outgoing, retrying = t.retrying + tally_1.retrying
  WHERE t.slot = annotationd.slot_1 ();
END
$$;

-- One example went from one status to another.
CREATE FUNCTION annotationd.tally_move_1 (from_status smallint, to_status smallint, outgoing integer) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM annotationd.tally_1 ((to_status = 0)::int - (from_status = 0)::int,
                               (to_status = 1)::int - (from_status = 1)::int,
                               (to_status = 2)::int - (from_status = 2)::int,
                               (to_status = 3)::int - (from_status = 3)::int, outgoing, 0);
END
$$;

-- Where a frame lies between its coming and the moment that its example gets a number: below all numbers, and apart from
-- what other sessions put at the same time.
CREATE FUNCTION annotationd.frame_place_1 (place integer) RETURNS bigint
LANGUAGE sql STABLE AS $$
  SELECT - (pg_backend_pid ()::bigint << 32 | place)
$$;

-- Puts a batch. Each array has one element a row, but for names and the row (from 1) that each belongs to, and for the
-- rows that have a frame, whose frames came earlier in the transaction, unless their examples were there. Answers the
-- last number before the batch and every row's own: a row whose number is not larger was there already.
--
-- Nothing that has to come over the network may follow in the transaction: a client that stands still, or a host that is
-- cut off, would hold the position, and with it the intake of all others, until somebody ends its session.
CREATE FUNCTION annotationd.put_examples_1 (event_ids text[], camera_ids text[], timestamps bigint[],
  priorities double precision[], frame_types integer[], frame_hashes text[], topics text[], partitions integer[],
  offsets bigint[], labels_json text[], faces_json text[], detections_json text[], payloads text[],
  label_names text[], label_rows integer[], face_names text[], face_rows integer[], frame_rows integer[],
  OUT last bigint, OUT seqs bigint[])
LANGUAGE plpgsql SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  fresh bigint;
  framed bigint;
BEGIN
  SELECT p.seq INTO last FROM annotationd.position AS p WHERE p.only_row FOR UPDATE;

  -- Nobody else puts now, so what is not found here is new.
  SELECT array_agg (coalesce (r.known, last + r.place) ORDER BY r.n), max (r.place)
  INTO seqs, fresh
  FROM (
    SELECT u.n, e.seq AS known, count (*) FILTER (WHERE e.seq IS NULL) OVER (ORDER BY u.n) AS place
    FROM unnest (event_ids) WITH ORDINALITY AS u (event_id, n)
    LEFT JOIN annotationd.examples AS e ON e.event_id = u.event_id
  ) AS r;
  IF cardinality (frame_rows) > 0 THEN
    UPDATE annotationd.frames AS f SET seq = seqs[r.row]
    FROM (SELECT unnest (frame_rows) AS row) AS r
    WHERE f.seq = annotationd.frame_place_1 (r.row) AND seqs[r.row] > last;
    GET DIAGNOSTICS framed = ROW_COUNT;
    -- Its example was there when the frame came, and has been removed since: once more, and it is a new one.
    IF framed < (SELECT count (*) FROM unnest (frame_rows) AS r (row) WHERE seqs[r.row] > last) THEN
      RAISE 'an example was removed while it was put' USING ERRCODE = 'serialization_failure';
    END IF;
    -- And the other way round: it came meanwhile, with its own frame or none.
    DELETE FROM annotationd.frames AS f
    USING (SELECT unnest (frame_rows) AS row) AS r WHERE f.seq = annotationd.frame_place_1 (r.row);
  END IF;
  IF fresh = 0 THEN
    RETURN;
  END IF;

  INSERT INTO annotationd.examples (seq, event_id, camera_id, timestamp, priority, received_at, frame_type,
    frame_sha256, source_topic, source_partition, source_offset, labels, face_hashes, detections, payload)
  SELECT r.seq, r.event_id, r.camera_id, r.timestamp, r.priority, annotationd.now_1 (), r.frame_type, r.frame_sha256,
         r.source_topic, r.source_partition, r.source_offset, r.labels, r.face_hashes, r.detections, r.payload
  FROM (
    SELECT unnest (seqs) AS seq, unnest (event_ids) AS event_id, unnest (camera_ids) AS camera_id,
           unnest (timestamps) AS timestamp, unnest (priorities) AS priority, unnest (frame_types) AS frame_type,
           unnest (frame_hashes) AS frame_sha256, unnest (topics) AS source_topic,
           unnest (partitions) AS source_partition, unnest (offsets) AS source_offset, unnest (labels_json) AS labels,
           unnest (faces_json) AS face_hashes, unnest (detections_json) AS detections, unnest (payloads) AS payload
  ) AS r
  WHERE r.seq > last;

  INSERT INTO annotationd.example_labels (label, seq)
  SELECT r.name, seqs[r.row]
  FROM (SELECT unnest (label_names) AS name, unnest (label_rows) AS row) AS r
  WHERE seqs[r.row] > last
  ON CONFLICT DO NOTHING;

  IF cardinality (face_names) > 0 THEN
    INSERT INTO annotationd.subjects (face_hash, seq)
    SELECT r.name, seqs[r.row]
    FROM (SELECT unnest (face_names) AS name, unnest (face_rows) AS row) AS r
    WHERE seqs[r.row] > last
    ON CONFLICT DO NOTHING;
  END IF;

  UPDATE annotationd.position AS p SET seq = p.seq + fresh WHERE p.only_row;
  PERFORM annotationd.tally_1 (fresh, 0, 0, 0, 0, 0);
END
$$;

-- Deletes examples with all that belongs to them, their messages too. Those that are gone already do not count.
CREATE FUNCTION annotationd.erase_examples_1 (seqs bigint[],
  OUT examples bigint, OUT frames bigint, OUT annotations bigint, OUT outgoing bigint)
LANGUAGE plpgsql SET jit = off SET enable_seqscan = off AS $$
DECLARE
  pending bigint;
  leased bigint;
  completed bigint;
  skipped bigint;
  retrying bigint;
BEGIN
  seqs := ARRAY (SELECT e.seq FROM annotationd.examples AS e WHERE e.seq = ANY (seqs) ORDER BY e.seq FOR UPDATE);
  SELECT count (*), count (*) FILTER (WHERE e.status = 0), count (*) FILTER (WHERE e.status = 1),
         count (*) FILTER (WHERE e.status = 2), count (*) FILTER (WHERE e.status = 3)
  INTO examples, pending, leased, completed, skipped
  FROM annotationd.examples AS e WHERE e.seq = ANY (seqs);

  PERFORM 1 FROM annotationd.outbox AS o
  WHERE o.event_id IN (SELECT e.event_id FROM annotationd.examples AS e WHERE e.seq = ANY (seqs))
  ORDER BY o.number FOR UPDATE;
  WITH gone AS (
    DELETE FROM annotationd.outbox AS o
    WHERE o.event_id IN (SELECT e.event_id FROM annotationd.examples AS e WHERE e.seq = ANY (seqs))
    RETURNING o.attempts
  )
  SELECT count (*), count (*) FILTER (WHERE gone.attempts > 0) INTO outgoing, retrying FROM gone;

  DELETE FROM annotationd.frames AS f WHERE f.seq = ANY (seqs);
  GET DIAGNOSTICS frames = ROW_COUNT;
  DELETE FROM annotationd.example_labels AS l
  USING (SELECT e.seq, json_array_elements_text (e.labels::json) AS label FROM annotationd.examples AS e
         WHERE e.seq = ANY (seqs)) AS d
  WHERE l.label = d.label AND l.seq = d.seq;
  DELETE FROM annotationd.subjects AS s
  USING (SELECT e.seq, json_array_elements_text (e.face_hashes::json) AS face_hash FROM annotationd.examples AS e
         WHERE e.seq = ANY (seqs)) AS d
  WHERE s.face_hash = d.face_hash AND s.seq = d.seq;

  INSERT INTO annotationd.label_counts AS c (label, slot, count)
  SELECT l.label, annotationd.slot_1 (), - count (*) FROM annotationd.annotation_labels AS l
  WHERE l.seq = ANY (seqs) GROUP BY l.label ORDER BY l.label
  ON CONFLICT (label, slot) DO UPDATE SET count = c.count + excluded.count;
  INSERT INTO annotationd.annotator_counts AS c (annotator, slot, count)
  SELECT e.annotator, annotationd.slot_1 (), - count (*) FROM annotationd.examples AS e
  WHERE e.seq = ANY (seqs) AND e.status = 2 GROUP BY e.annotator ORDER BY e.annotator
  ON CONFLICT (annotator, slot) DO UPDATE SET count = c.count + excluded.count;
  INSERT INTO annotationd.hour_counts AS c (hour, slot, count)
  SELECT a.created_at / 3600000000, annotationd.slot_1 (), - count (*) FROM annotationd.annotations AS a
  WHERE a.seq = ANY (seqs) GROUP BY 1 ORDER BY 1
  ON CONFLICT (hour, slot) DO UPDATE SET count = c.count + excluded.count;

  DELETE FROM annotationd.annotation_labels AS l WHERE l.seq = ANY (seqs);
  DELETE FROM annotationd.skips AS s WHERE s.seq = ANY (seqs);
  DELETE FROM annotationd.annotations AS a WHERE a.seq = ANY (seqs);
  GET DIAGNOSTICS annotations = ROW_COUNT;
  DELETE FROM annotationd.examples AS e WHERE e.seq = ANY (seqs);
  PERFORM annotationd.tally_1 (- pending, - leased, - completed, - skipped, - outgoing, - retrying);
END
$$;
