-- SPDX-License-Identifier: Apache-2.0
-- The second.
CREATE TABLE two (a);
