-- SPDX-License-Identifier: Apache-2.0
-- A claim that is bounded in bytes, a skip that may be sent again under its token, retention that counts last, and a
-- write that needs space.

-- No more are claimed than the bytes allow, but for the first.
CREATE FUNCTION annotationd.claim_2 (account text, wanted integer, seconds integer, most_bytes bigint)
RETURNS SETOF annotationd.examples
LANGUAGE plpgsql SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off AS $$
DECLARE
  now bigint := annotationd.now_1 ();
  claimed bigint;
BEGIN
  RETURN QUERY
  WITH chosen AS MATERIALIZED (
    SELECT e.seq, e.priority, octet_length (e.payload) + octet_length (e.detections) AS bytes
    FROM annotationd.examples AS e
    WHERE e.status = 0
      AND NOT EXISTS (SELECT 1 FROM annotationd.skips AS s WHERE s.seq = e.seq AND s.annotator = account)
    ORDER BY e.priority DESC, e.seq
    LIMIT wanted
    FOR UPDATE OF e SKIP LOCKED
  ), sized AS MATERIALIZED (
    SELECT c.seq, row_number () OVER w AS place, sum (c.bytes) OVER w AS bytes
    FROM chosen AS c WINDOW w AS (ORDER BY c.priority DESC, c.seq)
  )
  UPDATE annotationd.examples AS e
  SET status = 1, fence = e.fence + 1, annotator = account, leased_at = now,
      expires_at = now + seconds * 1000000::bigint
  FROM sized AS s WHERE e.seq = s.seq AND (s.place = 1 OR s.bytes <= most_bytes)
  RETURNING e.*;
  GET DIAGNOSTICS claimed = ROW_COUNT;
  IF claimed > 0 THEN
    PERFORM annotationd.tally_1 (- claimed, claimed, 0, 0, 0, 0);
  END IF;
END
$$;

-- skipped, unknown, finished, taken, ended. An account counts once, and its skip is known again by the account: whoever
-- did not get the answer has no lease any more, and must not be told that it came too late.
CREATE FUNCTION annotationd.skip_2 (of_event text, account text, token_seq bigint, token_fence bigint, why text,
  max_skips bigint, out_id text, out_topic text, out_key text, out_event text, out_inline boolean, out_due bigint,
  out_payload text, OUT outcome text, OUT status smallint)
LANGUAGE plpgsql SET jit = off SET enable_seqscan = off AS $$
DECLARE
  example annotationd.examples;
BEGIN
  SELECT * INTO outcome, status
  FROM annotationd.skip_1 (of_event, account, token_seq, token_fence, why, max_skips, out_id, out_topic, out_key,
                           out_event, out_inline, out_due, out_payload);
  IF outcome IN ('skipped', 'unknown') OR status = 2 THEN
    RETURN;
  END IF;
  SELECT * INTO example FROM annotationd.examples AS e WHERE e.event_id = of_event;
  IF EXISTS (SELECT 1 FROM annotationd.skips AS s WHERE s.seq = example.seq AND s.annotator = account) THEN
    outcome := 'skipped';
    status := CASE WHEN example.status = 3 THEN 3 ELSE 0 END;
  END IF;
END
$$;

-- What ended so long ago (microseconds by the database's clock; 0: nothing), at most so much of each, and never what a message still needs. A message may have been
-- written between the choice and the lock, so that is looked at once more. What counts comes last, so that no slot is
-- held meanwhile, and what others hold is left to the next time.
CREATE FUNCTION annotationd.retain_2 (completed_age bigint, frames_age bigint, wanted integer, grace bigint,
  OUT examples bigint, OUT frames bigint, OUT annotations bigint, OUT outgoing bigint)
LANGUAGE plpgsql SET jit = off SET enable_seqscan = off AS $$
DECLARE
  now bigint := annotationd.now_1 ();
  ended bigint[];
  framed bigint[];
  forgotten bigint;
BEGIN
  ended := ARRAY (SELECT e.seq FROM annotationd.examples AS e
                  WHERE completed_age > 0 AND e.finished_at IS NOT NULL AND e.finished_at < now - completed_age
                    AND NOT EXISTS (SELECT 1 FROM annotationd.outbox AS o WHERE o.event_id = e.event_id)
                  ORDER BY e.finished_at LIMIT wanted FOR UPDATE OF e SKIP LOCKED);
  framed := ARRAY (SELECT e.seq FROM annotationd.examples AS e
                   WHERE frames_age > 0 AND e.finished_at IS NOT NULL AND e.frame_type <> 0
                     AND e.finished_at < now - frames_age
                     AND NOT EXISTS (SELECT 1 FROM annotationd.outbox AS o WHERE o.event_id = e.event_id)
                     AND e.seq <> ALL (ended)
                   ORDER BY e.finished_at LIMIT wanted FOR UPDATE OF e SKIP LOCKED);
  framed := ARRAY (SELECT e.seq FROM annotationd.examples AS e
                   WHERE e.seq = ANY (framed)
                     AND NOT EXISTS (SELECT 1 FROM annotationd.outbox AS o WHERE o.event_id = e.event_id));
  DELETE FROM annotationd.frames AS f WHERE f.seq = ANY (framed);
  GET DIAGNOSTICS forgotten = ROW_COUNT;
  UPDATE annotationd.examples AS e SET frame_type = 0, frame_sha256 = NULL WHERE e.seq = ANY (framed);

  DELETE FROM annotationd.sessions AS s
  WHERE s.jti IN (SELECT x.jti FROM annotationd.sessions AS x WHERE x.expires_at <= now - grace
                  ORDER BY x.expires_at LIMIT wanted FOR UPDATE SKIP LOCKED);
  DELETE FROM annotationd.tokens AS t
  WHERE t.id IN (SELECT x.id FROM annotationd.tokens AS x WHERE x.expires_at > 0 AND x.expires_at <= now
                 LIMIT wanted FOR UPDATE SKIP LOCKED);
  -- The statistic shows 24 hours; a day more for clocks that were set back.
  DELETE FROM annotationd.hour_counts AS h
  USING (SELECT x.hour, x.slot FROM annotationd.hour_counts AS x WHERE x.hour < now / 3600000000 - 48
         FOR UPDATE SKIP LOCKED) AS old
  WHERE h.hour = old.hour AND h.slot = old.slot;
  DELETE FROM annotationd.label_counts AS c
  USING (SELECT x.label, x.slot FROM annotationd.label_counts AS x WHERE x.count = 0 FOR UPDATE SKIP LOCKED) AS zero
  WHERE c.label = zero.label AND c.slot = zero.slot;
  DELETE FROM annotationd.annotator_counts AS c
  USING (SELECT x.annotator, x.slot FROM annotationd.annotator_counts AS x WHERE x.count = 0
         FOR UPDATE SKIP LOCKED) AS zero
  WHERE c.annotator = zero.annotator AND c.slot = zero.slot;

  SELECT r.examples, r.frames + forgotten, r.annotations, r.outgoing INTO examples, frames, annotations, outgoing
  FROM annotationd.erase_examples_1 (ARRAY (
    SELECT e.seq FROM annotationd.examples AS e
    WHERE e.seq = ANY (ended) AND NOT EXISTS (SELECT 1 FROM annotationd.outbox AS o WHERE o.event_id = e.event_id)))
    AS r;
END
$$;

-- Whether there is space again. A small change tells nothing: it finds room in pages that are there. So a megabyte is
-- written to a file that is new, and given back. Only the owner may truncate, so it is done in the owner's name.
CREATE TABLE annotationd.scratch (
  filler text NOT NULL
);
ALTER TABLE annotationd.scratch ALTER COLUMN filler SET STORAGE PLAIN;

CREATE FUNCTION annotationd.probe_write_1 () RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET jit = off AS $$
BEGIN
  TRUNCATE annotationd.scratch;
  INSERT INTO annotationd.scratch (filler) SELECT repeat (md5 (n::text), 240) FROM generate_series (1, 128) AS n;
  TRUNCATE annotationd.scratch;
END
$$;
