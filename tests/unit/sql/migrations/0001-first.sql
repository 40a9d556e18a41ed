-- SPDX-License-Identifier: Apache-2.0
-- The first.
CREATE TABLE one (a);
