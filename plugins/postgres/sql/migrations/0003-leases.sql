-- SPDX-License-Identifier: Apache-2.0
-- Handing out examples, renewing, giving back, expiring. Whoever locks several examples locks them by seq, or passes
-- over what is locked.

CREATE FUNCTION annotationd.claim_1 (account text, wanted integer, seconds integer)
RETURNS SETOF annotationd.examples
LANGUAGE plpgsql SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off AS $$
DECLARE
  now bigint := annotationd.now_1 ();
  claimed bigint;
BEGIN
  RETURN QUERY
  WITH chosen AS MATERIALIZED (
    SELECT e.seq FROM annotationd.examples AS e
    WHERE e.status = 0
      AND NOT EXISTS (SELECT 1 FROM annotationd.skips AS s WHERE s.seq = e.seq AND s.annotator = account)
    ORDER BY e.priority DESC, e.seq
    LIMIT wanted
    FOR UPDATE OF e SKIP LOCKED
  )
  UPDATE annotationd.examples AS e
  SET status = 1, fence = e.fence + 1, annotator = account, leased_at = now,
      expires_at = now + seconds * 1000000::bigint
  FROM chosen WHERE e.seq = chosen.seq
  RETURNING e.*;
  GET DIAGNOSTICS claimed = ROW_COUNT;
  IF claimed > 0 THEN
    PERFORM annotationd.tally_1 (- claimed, claimed, 0, 0, 0, 0);
  END IF;
END
$$;

-- The leases among the tokens that the account holds, locked.
CREATE FUNCTION annotationd.held_1 (account text, seqs bigint[], fences bigint[]) RETURNS SETOF bigint
LANGUAGE plpgsql SET jit = off SET enable_seqscan = off AS $$
BEGIN
  RETURN QUERY
  SELECT e.seq FROM annotationd.examples AS e
  WHERE e.seq = ANY (seqs) AND e.status = 1 AND e.annotator = account
    AND (e.seq, e.fence) IN (SELECT unnest (seqs), unnest (fences))
  ORDER BY e.seq
  FOR UPDATE OF e;
END
$$;

CREATE FUNCTION annotationd.renew_1 (account text, seqs bigint[], fences bigint[], seconds integer)
RETURNS TABLE (seq bigint, fence bigint, event_id text, annotator text, leased_at bigint, expires_at bigint)
LANGUAGE plpgsql SET jit = off SET enable_seqscan = off AS $$
DECLARE
  held bigint[] := ARRAY (SELECT annotationd.held_1 (account, seqs, fences));
BEGIN
  RETURN QUERY
  UPDATE annotationd.examples AS e SET expires_at = annotationd.now_1 () + seconds * 1000000::bigint
  WHERE e.seq = ANY (held)
  RETURNING e.seq, e.fence, e.event_id, e.annotator, e.leased_at, e.expires_at;
END
$$;

CREATE FUNCTION annotationd.release_1 (account text, seqs bigint[], fences bigint[])
RETURNS TABLE (seq bigint, fence bigint, event_id text, annotator text, leased_at bigint, expires_at bigint)
LANGUAGE plpgsql SET jit = off SET enable_seqscan = off AS $$
DECLARE
  held bigint[] := ARRAY (SELECT annotationd.held_1 (account, seqs, fences));
BEGIN
  RETURN QUERY
  SELECT e.seq, e.fence, e.event_id, e.annotator, e.leased_at, e.expires_at
  FROM annotationd.examples AS e WHERE e.seq = ANY (held) ORDER BY e.seq;
  UPDATE annotationd.examples AS e SET status = 0, annotator = NULL, leased_at = NULL, expires_at = NULL
  WHERE e.seq = ANY (held);
  PERFORM annotationd.tally_1 (cardinality (held), - cardinality (held), 0, 0, 0, 0);
END
$$;

CREATE FUNCTION annotationd.expire_leases_1 (wanted integer)
RETURNS TABLE (seq bigint, fence bigint, event_id text, annotator text, leased_at bigint, expires_at bigint)
LANGUAGE plpgsql SET jit = off SET enable_seqscan = off AS $$
DECLARE
  now bigint := annotationd.now_1 ();
  over bigint[] := ARRAY (SELECT e.seq FROM annotationd.examples AS e
                          WHERE e.expires_at IS NOT NULL AND e.expires_at <= now
                          ORDER BY e.expires_at LIMIT wanted FOR UPDATE SKIP LOCKED);
BEGIN
  IF cardinality (over) = 0 THEN
    RETURN;
  END IF;
  RETURN QUERY
  SELECT e.seq, e.fence, e.event_id, e.annotator, e.leased_at, e.expires_at
  FROM annotationd.examples AS e WHERE e.seq = ANY (over) ORDER BY e.expires_at, e.seq;
  UPDATE annotationd.examples AS e SET status = 0, annotator = NULL, leased_at = NULL, expires_at = NULL
  WHERE e.seq = ANY (over);
  PERFORM annotationd.tally_1 (cardinality (over), - cardinality (over), 0, 0, 0, 0);
END
$$;
