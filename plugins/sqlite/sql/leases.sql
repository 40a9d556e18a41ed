-- SPDX-License-Identifier: Apache-2.0
-- Handing out examples, renewing, giving back, expiring.

-- name: claim-select
SELECT {example-columns}, e.fence
FROM examples AS e INDEXED BY examples_by_priority
WHERE e.status = 0
  AND NOT EXISTS (SELECT 1 FROM skips AS s WHERE s.seq = e.seq AND s.annotator = ?)
ORDER BY e.priority DESC, e.seq
LIMIT ?;

-- name: claim-update
UPDATE examples SET status = 1, fence = ?, annotator = ?, leased_at = ?, expires_at = ? WHERE seq = ?;

-- name: lease-get
SELECT event_id, annotator, leased_at, expires_at, fence FROM examples
WHERE seq = ? AND status = 1 AND fence = ? AND annotator = ?;

-- name: lease-renew
UPDATE examples SET expires_at = ? WHERE seq = ?;

-- name: lease-end
UPDATE examples SET status = 0, annotator = NULL, leased_at = NULL, expires_at = NULL WHERE seq = ?;

-- name: lease-expired
SELECT event_id, annotator, leased_at, expires_at, fence, seq
FROM examples INDEXED BY examples_by_deadline
WHERE expires_at IS NOT NULL AND expires_at <= ?
ORDER BY expires_at
LIMIT ?;
