-- SPDX-License-Identifier: Apache-2.0
-- name: of-another-file
DELETE FROM t WHERE b IN ({columns});
