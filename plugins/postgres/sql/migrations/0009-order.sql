-- SPDX-License-Identifier: Apache-2.0
-- What waits for what in the outbox, and what a skip that is sent again answers.

-- As before, but a message waits for earlier ones of its example in its own topic only: a topic that takes nothing must
-- not hold back what goes to another.
CREATE FUNCTION annotationd.take_outgoing_2 (wanted integer, seconds integer, frame_bytes bigint)
RETURNS TABLE (number bigint, id text, topic text, key text, event_id text, inline_frame boolean, created_at bigint,
  attempts integer, due_at bigint, last_error text, payload text, frame bytea, frame_type smallint)
LANGUAGE plpgsql SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off AS $$
DECLARE
  now bigint := annotationd.now_1 ();
BEGIN
  RETURN QUERY
  WITH due AS MATERIALIZED (
    SELECT o.number FROM annotationd.outbox AS o
    WHERE o.due_at <= now
      AND NOT EXISTS (SELECT 1 FROM annotationd.outbox AS earlier
                      WHERE earlier.event_id = o.event_id AND earlier.number < o.number AND earlier.topic = o.topic)
    ORDER BY o.due_at, o.number
    LIMIT wanted
    FOR UPDATE OF o SKIP LOCKED
  ), sized AS MATERIALIZED (
    SELECT o.number, e.frame_type, f.bytes,
           sum (octet_length (f.bytes)) OVER (ORDER BY o.due_at, o.number ROWS BETWEEN UNBOUNDED PRECEDING
                                              AND 1 PRECEDING) AS before
    FROM due JOIN annotationd.outbox AS o ON o.number = due.number
    LEFT JOIN annotationd.examples AS e ON o.inline_frame AND e.event_id = o.event_id
    LEFT JOIN annotationd.frames AS f ON f.seq = e.seq
  ), taken AS (
    UPDATE annotationd.outbox AS o SET due_at = now + seconds * 1000000::bigint
    FROM sized WHERE o.number = sized.number AND coalesce (sized.before, 0) <= frame_bytes
    RETURNING o.number, o.id, o.topic, o.key, o.event_id, o.inline_frame, o.created_at, o.attempts, o.due_at,
              o.last_error, o.payload, sized.bytes, sized.frame_type
  )
  SELECT * FROM taken AS t ORDER BY t.number;
END
$$;

-- As before, but of a skip that is known the example's status is what it is by now: somebody else may have it.
CREATE FUNCTION annotationd.skip_3 (of_event text, account text, token_seq bigint, token_fence bigint, why text,
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
    status := example.status;
  END IF;
END
$$;
