-- SPDX-License-Identifier: Apache-2.0
-- Where the database stands, and bringing it further. Run one by one, outside of any pipeline.

-- From the tables themselves: to_regnamespace() may still answer what it did before another's commit was waited for.
-- name: schema-exists
SELECT EXISTS (SELECT 1 FROM pg_namespace AS n WHERE n.nspname = 'annotationd'),
       EXISTS (SELECT 1 FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
               WHERE n.nspname = 'annotationd' AND c.relname = 'migrations');

-- name: schema-migrations
SELECT m.version, m.name, m.checksum FROM annotationd.migrations AS m ORDER BY m.version;

-- name: schema-unfinished
SELECT m.value FROM annotationd.marks AS m WHERE m.name = 'unfinished';

-- name: schema-begin
BEGIN;
SET LOCAL lock_timeout = '30s';
SET LOCAL statement_timeout = '10min';

-- The lock is of the transaction, so that it works behind a pooler, too; its number is "annotate" in ASCII. On its own:
-- the time of what is sent together runs by the limit from before it.
-- name: schema-lock
SELECT pg_advisory_xact_lock (7020670294090151013);

-- name: schema-create
CREATE SCHEMA annotationd;

-- name: schema-create-migrations
CREATE TABLE annotationd.migrations (
  version integer PRIMARY KEY,
  name text NOT NULL,
  checksum text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT clock_timestamp ()
);

-- name: schema-record
INSERT INTO annotationd.migrations (version, name, checksum) VALUES ($1::integer, $2, $3);
