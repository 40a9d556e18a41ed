-- SPDX-License-Identifier: Apache-2.0
-- A comment before the first statement.

-- name: columns
a, b

-- A comment between.
-- name: read
SELECT {columns} FROM t
-- and within
WHERE a = 1;
