-- SPDX-License-Identifier: Apache-2.0
-- Erasing a data subject, and retention.

-- The audit says who erased when how much: nothing that leads to the person.
CREATE FUNCTION annotationd.erase_subject_1 (of_hash text, by_account text, out_id text, out_topic text, out_key text,
  out_event text, out_inline boolean, out_due bigint, out_payload text,
  OUT examples bigint, OUT frames bigint, OUT annotations bigint, OUT outgoing bigint)
LANGUAGE plpgsql SET jit = off SET enable_seqscan = off AS $$
BEGIN
  SELECT r.examples, r.frames, r.annotations, r.outgoing INTO examples, frames, annotations, outgoing
  FROM annotationd.erase_examples_1 (ARRAY (SELECT s.seq FROM annotationd.subjects AS s WHERE s.face_hash = of_hash))
    AS r;
  PERFORM annotationd.tally_1 (0, 0, 0, 0,
    annotationd.write_outgoing_1 (out_id, out_topic, out_key, out_event, out_inline, out_due, out_payload), 0);
  INSERT INTO annotationd.audit (at, actor, action, details)
  VALUES (annotationd.now_1 (), by_account, 'erase-subject',
          json_build_object ('examples', examples, 'frames', frames, 'annotations', annotations,
                             'outgoing', outgoing)::text);
END
$$;

-- What ended so long ago, at most so much of each, and never what a message still needs. A message may have been
-- written between the choice and the lock, so that is looked at once more.
CREATE FUNCTION annotationd.retain_1 (completed_before bigint, frames_before bigint, wanted integer, grace bigint,
  OUT examples bigint, OUT frames bigint, OUT annotations bigint, OUT outgoing bigint)
LANGUAGE plpgsql SET jit = off SET enable_seqscan = off AS $$
DECLARE
  now bigint := annotationd.now_1 ();
  chosen bigint[];
  forgotten bigint;
BEGIN
  chosen := ARRAY (SELECT e.seq FROM annotationd.examples AS e
                   WHERE e.finished_at IS NOT NULL AND e.finished_at < completed_before
                     AND NOT EXISTS (SELECT 1 FROM annotationd.outbox AS o WHERE o.event_id = e.event_id)
                   ORDER BY e.finished_at LIMIT wanted FOR UPDATE OF e SKIP LOCKED);
  SELECT r.examples, r.frames, r.annotations, r.outgoing INTO examples, frames, annotations, outgoing
  FROM annotationd.erase_examples_1 (ARRAY (
    SELECT e.seq FROM annotationd.examples AS e
    WHERE e.seq = ANY (chosen) AND NOT EXISTS (SELECT 1 FROM annotationd.outbox AS o WHERE o.event_id = e.event_id)))
    AS r;

  chosen := ARRAY (SELECT e.seq FROM annotationd.examples AS e
                   WHERE e.finished_at IS NOT NULL AND e.frame_type <> 0 AND e.finished_at < frames_before
                     AND NOT EXISTS (SELECT 1 FROM annotationd.outbox AS o WHERE o.event_id = e.event_id)
                   ORDER BY e.finished_at LIMIT wanted FOR UPDATE OF e SKIP LOCKED);
  chosen := ARRAY (SELECT e.seq FROM annotationd.examples AS e
                   WHERE e.seq = ANY (chosen)
                     AND NOT EXISTS (SELECT 1 FROM annotationd.outbox AS o WHERE o.event_id = e.event_id));
  DELETE FROM annotationd.frames AS f WHERE f.seq = ANY (chosen);
  GET DIAGNOSTICS forgotten = ROW_COUNT;
  frames := frames + forgotten;
  UPDATE annotationd.examples AS e SET frame_type = 0, frame_sha256 = NULL WHERE e.seq = ANY (chosen);

  DELETE FROM annotationd.sessions AS s
  WHERE s.jti IN (SELECT x.jti FROM annotationd.sessions AS x WHERE x.expires_at <= now - grace
                  ORDER BY x.expires_at LIMIT wanted FOR UPDATE SKIP LOCKED);
  DELETE FROM annotationd.tokens AS t
  WHERE t.id IN (SELECT x.id FROM annotationd.tokens AS x WHERE x.expires_at > 0 AND x.expires_at <= now
                 LIMIT wanted FOR UPDATE SKIP LOCKED);
  -- The statistic shows 24 hours; a day more for clocks that were set back.
  DELETE FROM annotationd.hour_counts AS h WHERE h.hour < now / 3600000000 - 48;
  DELETE FROM annotationd.label_counts AS c WHERE c.count = 0;
  DELETE FROM annotationd.annotator_counts AS c WHERE c.count = 0;
END
$$;
