-- SPDX-License-Identifier: Apache-2.0
-- Handing out examples, renewing, giving back, expiring.

-- name: claim
SELECT {example-columns}, e.fence, e.leased_at, e.expires_at
FROM annotationd.claim_2 ($1, $2, $3, $4) AS e
ORDER BY e.priority DESC, e.seq;

-- name: lease-columns
l.seq, l.fence, l.event_id, l.annotator, l.leased_at, l.expires_at

-- name: renew
SELECT {lease-columns} FROM annotationd.renew_1 ($1, $2, $3, $4) AS l;

-- name: release
SELECT {lease-columns} FROM annotationd.release_1 ($1, $2, $3) AS l;

-- name: expire-leases
SELECT {lease-columns} FROM annotationd.expire_leases_1 ($1) AS l;
