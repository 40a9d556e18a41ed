-- SPDX-License-Identifier: Apache-2.0
-- Pending examples of about 1 KB, so that there are `total`, with all counters as the daemon keeps them.
INSERT INTO annotationd.examples (seq, event_id, camera_id, timestamp, priority, received_at, frame_type, source_topic,
  source_partition, source_offset, labels, face_hashes, detections, payload)
SELECT n, id, 'cam-' || n % 50, 1795420800000000 + n, random (), annotationd.now_1 (), 0,
       'hard-examples', n % 6, n, '["person","bicycle"]', '[]',
       '[{"bbox":{"x1":10,"y1":20,"x2":110,"y2":220},"class_name":"person","confidence":0.41}]',
       '{"event_id":"' || id || '","camera_id":"cam-' || n % 50 || '","timestamp":"2026-11-23T08:00:00Z","reason":"'
       || repeat ('x', :filling) || '","model_version":"v12"}'
FROM (SELECT n, gen_random_uuid ()::text AS id FROM annotationd.position AS p, generate_series (p.seq + 1, :total) AS n)
  AS r;

INSERT INTO annotationd.example_labels (label, seq)
SELECT label, n FROM annotationd.position AS p, unnest (ARRAY['person', 'bicycle']) AS label,
                     generate_series (p.seq + 1, :total) AS n;

UPDATE annotationd.tallies AS t SET pending = t.pending + :total - p.seq FROM annotationd.position AS p WHERE t.slot = 0;
UPDATE annotationd.position SET seq = :total;
