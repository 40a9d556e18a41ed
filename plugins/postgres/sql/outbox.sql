-- SPDX-License-Identifier: Apache-2.0
-- Outgoing messages.

-- name: outgoing-columns
o.id, o.topic, o.key, o.event_id, o.inline_frame, o.created_at, o.attempts, o.due_at, o.last_error, o.payload

-- name: outgoing-take
SELECT {outgoing-columns}, o.frame, o.frame_type FROM annotationd.take_outgoing_2 ($1, $2, $3) AS o;

-- name: outgoing-delete
SELECT annotationd.delete_outgoing_1 ($1);

-- name: outgoing-postpone
SELECT annotationd.postpone_outgoing_1 ($1, $2, $3);

-- name: outgoing-list
SELECT {outgoing-columns} FROM annotationd.outbox AS o ORDER BY o.number LIMIT $1;

-- name: outgoing-list-failed
SELECT {outgoing-columns} FROM annotationd.outbox AS o WHERE o.attempts > 0 ORDER BY o.number LIMIT $1;
