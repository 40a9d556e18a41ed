-- SPDX-License-Identifier: Apache-2.0
-- Erasing a data subject, and retention.

-- name: erasure-columns
r.examples, r.frames, r.annotations, r.outgoing

-- name: erase-subject
SELECT {erasure-columns} FROM annotationd.erase_subject_1 ($1, $2, $3, $4, $5, $6, $7, $8, $9) AS r;

-- name: retain
SELECT {erasure-columns} FROM annotationd.retain_2 ($1, $2, $3, $4) AS r;
