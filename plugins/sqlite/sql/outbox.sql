-- SPDX-License-Identifier: Apache-2.0
-- Outgoing messages.

-- name: outgoing-insert
INSERT INTO outbox (id, topic, key, event_id, inline_frame, created_at, due_at, payload)
VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: outgoing-columns
o.number, o.id, o.topic, o.key, o.event_id, o.inline_frame, o.created_at, o.attempts, o.due_at, o.last_error, o.payload

-- The longest due first: what a topic did not take is behind what was not tried, and holds back nothing that goes to
-- another topic.
-- name: outgoing-take
SELECT {outgoing-columns}
FROM (
  SELECT d.number
  FROM outbox AS d INDEXED BY outbox_by_due
  WHERE d.due_at <= ?1
    AND NOT EXISTS (SELECT 1 FROM outbox AS earlier
                    WHERE earlier.event_id = d.event_id AND earlier.number < d.number AND earlier.topic = d.topic)
  ORDER BY d.due_at, d.number
  LIMIT ?2
) AS due CROSS JOIN outbox AS o ON o.number = due.number
ORDER BY o.number;

-- name: outgoing-claim
UPDATE outbox SET due_at = ? WHERE number = ?;

-- name: outgoing-frame
SELECT f.bytes, e.frame_type FROM examples AS e JOIN frames AS f ON f.seq = e.seq WHERE e.event_id = ?;

-- name: outgoing-delete
DELETE FROM outbox WHERE id = ?;

-- name: outgoing-delete-example
DELETE FROM outbox WHERE event_id = ?;

-- name: outgoing-postpone
UPDATE outbox SET due_at = ?2, attempts = attempts + (?3 IS NOT NULL), last_error = coalesce (?3, last_error)
WHERE id = ?1;

-- name: outgoing-list
SELECT {outgoing-columns} FROM outbox AS o ORDER BY o.number LIMIT ?;

-- name: outgoing-list-failed
SELECT {outgoing-columns} FROM outbox AS o INDEXED BY outbox_failed WHERE o.attempts > 0 ORDER BY o.number LIMIT ?;
