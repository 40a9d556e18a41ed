-- SPDX-License-Identifier: Apache-2.0
-- Submitting, skipping, removing. Each answers an outcome in words instead of an error, and writes nothing unless that
-- is the first of those named.

-- Whether the account may act on a locked example that is not finished: NULL, or the outcome that says why not.
CREATE FUNCTION annotationd.refusal_1 (example annotationd.examples, account text, token_seq bigint,
  token_fence bigint) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  leased boolean := example.status = 1;
  own boolean := leased AND example.annotator = account;
BEGIN
  IF token_seq IS NULL THEN
    IF own OR NOT leased THEN
      RETURN NULL;
    END IF;
  ELSIF own AND token_seq = example.seq AND token_fence = example.fence THEN
    RETURN NULL;
  END IF;
  RETURN CASE WHEN leased AND NOT own THEN 'taken' ELSE 'ended' END;
END
$$;

-- written, repeated, unknown, finished, taken, ended, revision. Repeated answers the annotation that is there.
CREATE FUNCTION annotationd.submit_1 (of_event text, token_seq bigint, token_fence bigint, new_id text,
  new_revision integer, account text, new_created_at bigint, new_quality double precision, new_lead bigint,
  new_digest text, new_notes text, new_detections text, new_labels text[], out_id text, out_topic text, out_key text,
  out_event text, out_inline boolean, out_due bigint, out_payload text,
  OUT outcome text, OUT status smallint, OUT revision integer, OUT latest annotationd.annotations)
LANGUAGE plpgsql SET jit = off SET enable_seqscan = off AS $$
DECLARE
  example annotationd.examples;
  now bigint;
BEGIN
  SELECT * INTO example FROM annotationd.examples AS e WHERE e.event_id = of_event FOR UPDATE;
  IF NOT FOUND THEN
    outcome := 'unknown';
    RETURN;
  END IF;
  status := example.status;
  revision := example.revision;
  IF example.status >= 2 THEN
    SELECT * INTO latest FROM annotationd.annotations AS a WHERE a.seq = example.seq ORDER BY a.revision DESC LIMIT 1;
    outcome := CASE WHEN latest.annotator IS DISTINCT FROM account THEN 'finished'
                    WHEN latest.digest = new_digest THEN 'repeated'
                    WHEN new_revision <> example.revision + 1 THEN 'finished' END;
  ELSE
    outcome := annotationd.refusal_1 (example, account, token_seq, token_fence);
    IF outcome IS NULL AND new_revision <> example.revision + 1 THEN
      outcome := 'revision';
    END IF;
  END IF;
  IF outcome IS NOT NULL THEN
    RETURN;
  END IF;

  outcome := 'written';
  now := annotationd.now_1 ();
  INSERT INTO annotationd.annotations (seq, revision, created_at, lead_time_ms, quality_score, id, annotator, digest,
    notes, corrected_detections)
  VALUES (example.seq, new_revision, new_created_at, new_lead, new_quality, new_id, account, new_digest, new_notes,
          new_detections);
  UPDATE annotationd.examples AS e
  SET status = 2, revision = new_revision, annotator = account, finished_at = now, leased_at = NULL, expires_at = NULL
  WHERE e.seq = example.seq;
  PERFORM annotationd.count_annotation_1 (example.seq, example.status, account, new_created_at, new_labels);
  PERFORM annotationd.tally_move_1 (example.status, 2::smallint,
    annotationd.write_outgoing_1 (out_id, out_topic, out_key, out_event, out_inline, out_due, out_payload));
END
$$;

-- The labels of a new annotation in place of those of the one before it; an example counts once for its annotator.
CREATE FUNCTION annotationd.count_annotation_1 (of_seq bigint, old_status smallint, account text, at bigint,
  new_labels text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  own_slot integer := annotationd.slot_1 ();
  old_labels text[];
BEGIN
  IF old_status = 2 THEN
    WITH gone AS (DELETE FROM annotationd.annotation_labels AS l WHERE l.seq = of_seq RETURNING l.label)
    SELECT array_agg (gone.label) INTO old_labels FROM gone;
  END IF;
  INSERT INTO annotationd.annotation_labels (seq, label) SELECT of_seq, unnest (new_labels) ON CONFLICT DO NOTHING;
  INSERT INTO annotationd.label_counts AS c (label, slot, count)
  SELECT r.label, own_slot, sum (r.change)
  FROM (SELECT DISTINCT unnest (new_labels) COLLATE "C" AS label, 1 AS change
        UNION ALL SELECT unnest (old_labels), -1) AS r
  GROUP BY r.label HAVING sum (r.change) <> 0 ORDER BY r.label
  ON CONFLICT (label, slot) DO UPDATE SET count = c.count + excluded.count;
  IF old_status <> 2 THEN
    INSERT INTO annotationd.annotator_counts AS c (annotator, slot, count) VALUES (account, own_slot, 1)
    ON CONFLICT (annotator, slot) DO UPDATE SET count = c.count + 1;
  END IF;
  INSERT INTO annotationd.hour_counts AS c (hour, slot, count) VALUES (at / 3600000000, own_slot, 1)
  ON CONFLICT (hour, slot) DO UPDATE SET count = c.count + 1;
END
$$;

-- skipped, unknown, finished, taken, ended. An account counts once: a skip that is sent again must not use up the skips
-- of others.
CREATE FUNCTION annotationd.skip_1 (of_event text, account text, token_seq bigint, token_fence bigint, why text,
  max_skips bigint, out_id text, out_topic text, out_key text, out_event text, out_inline boolean, out_due bigint,
  out_payload text, OUT outcome text, OUT status smallint)
LANGUAGE plpgsql SET jit = off SET enable_seqscan = off AS $$
DECLARE
  example annotationd.examples;
  now bigint := annotationd.now_1 ();
  counted boolean;
BEGIN
  SELECT * INTO example FROM annotationd.examples AS e WHERE e.event_id = of_event FOR UPDATE;
  IF NOT FOUND THEN
    outcome := 'unknown';
    RETURN;
  END IF;
  status := example.status;
  outcome := CASE WHEN example.status >= 2 THEN 'finished'
                  ELSE annotationd.refusal_1 (example, account, token_seq, token_fence) END;
  IF outcome IS NOT NULL THEN
    RETURN;
  END IF;

  outcome := 'skipped';
  INSERT INTO annotationd.skips (seq, annotator, created_at, reason) VALUES (example.seq, account, now, why)
  ON CONFLICT DO NOTHING;
  counted := FOUND;
  status := CASE WHEN counted AND example.skips + 1 >= max_skips THEN 3 ELSE 0 END;
  IF counted OR example.status <> 0 THEN
    UPDATE annotationd.examples AS e
    SET status = skip_1.status, skips = e.skips + counted::int, leased_at = NULL, expires_at = NULL,
        annotator = CASE WHEN skip_1.status = 3 THEN account END,
        finished_at = CASE WHEN skip_1.status = 3 THEN now END
    WHERE e.seq = example.seq;
    PERFORM annotationd.tally_move_1 (example.status, status, CASE WHEN counted THEN
      annotationd.write_outgoing_1 (out_id, out_topic, out_key, out_event, out_inline, out_due, out_payload)
      ELSE 0 END);
  END IF;
END
$$;

-- Answers whether there was such an example.
CREATE FUNCTION annotationd.remove_1 (of_event text, out_id text, out_topic text, out_key text, out_event text,
  out_inline boolean, out_due bigint, out_payload text) RETURNS boolean
LANGUAGE plpgsql SET jit = off SET enable_seqscan = off AS $$
DECLARE
  gone bigint;
BEGIN
  SELECT r.examples INTO gone
  FROM annotationd.erase_examples_1 (ARRAY (SELECT e.seq FROM annotationd.examples AS e WHERE e.event_id = of_event))
    AS r;
  IF gone = 0 THEN
    RETURN false;
  END IF;
  PERFORM annotationd.tally_1 (0, 0, 0, 0,
    annotationd.write_outgoing_1 (out_id, out_topic, out_key, out_event, out_inline, out_due, out_payload), 0);
  RETURN true;
END
$$;
