-- SPDX-License-Identifier: Apache-2.0
-- Outgoing messages: written with what they tell of, claimed by a relay, deleted once the broker has them.

-- No id, no message. Answers how many were written.
CREATE FUNCTION annotationd.write_outgoing_1 (id text, topic text, key text, event_id text, inline_frame boolean,
  due_at bigint, payload text) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  now bigint := annotationd.now_1 ();
BEGIN
  IF id IS NULL THEN
    RETURN 0;
  END IF;
  INSERT INTO annotationd.outbox (id, topic, key, event_id, inline_frame, created_at, due_at, payload)
  VALUES (write_outgoing_1.id, write_outgoing_1.topic, write_outgoing_1.key, write_outgoing_1.event_id,
          write_outgoing_1.inline_frame, now, greatest (write_outgoing_1.due_at, now), write_outgoing_1.payload);
  RETURN 1;
END
$$;

-- Claims messages that are due, the longest due first, by moving their due time on: a relay that dies needs no cleaning
-- up after. Two relays never take one message, since each passes over what the other has locked or moved on; and none
-- takes a message whose example has an earlier one, because that one stays here until it is confirmed. No more are
-- taken than the frames allow, but for the first.
CREATE FUNCTION annotationd.take_outgoing_1 (wanted integer, seconds integer, frame_bytes bigint)
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
                      WHERE earlier.event_id = o.event_id AND earlier.number < o.number)
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

CREATE FUNCTION annotationd.delete_outgoing_1 (ids text[]) RETURNS bigint
LANGUAGE plpgsql SET jit = off SET enable_seqscan = off AS $$
DECLARE
  gone bigint;
  retrying bigint;
BEGIN
  PERFORM 1 FROM annotationd.outbox AS o WHERE o.id = ANY (ids) ORDER BY o.number FOR UPDATE;
  WITH deleted AS (DELETE FROM annotationd.outbox AS o WHERE o.id = ANY (ids) RETURNING o.attempts)
  SELECT count (*), count (*) FILTER (WHERE deleted.attempts > 0) INTO gone, retrying FROM deleted;
  IF gone > 0 THEN
    PERFORM annotationd.tally_1 (0, 0, 0, 0, - gone, - retrying);
  END IF;
  RETURN gone;
END
$$;

-- A reason counts an attempt. Answers whether there is such a message.
CREATE FUNCTION annotationd.postpone_outgoing_1 (of_id text, seconds bigint, reason text) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  before integer;
BEGIN
  SELECT o.attempts INTO before FROM annotationd.outbox AS o WHERE o.id = of_id FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  UPDATE annotationd.outbox AS o
  SET due_at = annotationd.now_1 () + seconds * 1000000, attempts = o.attempts + (reason IS NOT NULL)::int,
      last_error = coalesce (reason, o.last_error)
  WHERE o.id = of_id;
  IF before = 0 AND reason IS NOT NULL THEN
    PERFORM annotationd.tally_1 (0, 0, 0, 0, 0, 1);
  END IF;
  RETURN true;
END
$$;
