-- SPDX-License-Identifier: Apache-2.0
-- Where the database stands, and bringing it further. Run one by one, outside of any pipeline.

-- name: schema-exists
SELECT to_regnamespace ('annotationd') IS NOT NULL,
       CASE WHEN to_regnamespace ('annotationd') IS NOT NULL
         THEN to_regclass ('annotationd.migrations') IS NOT NULL ELSE false END;

-- name: schema-migrations
SELECT m.version, m.name, m.checksum FROM annotationd.migrations AS m ORDER BY m.version;

-- name: schema-unfinished
SELECT m.value FROM annotationd.marks AS m WHERE m.name = 'unfinished';

-- The lock is of the transaction, so that it works behind a pooler, too; its number is "annotate" in ASCII.
-- name: schema-begin
BEGIN;
SET LOCAL lock_timeout = '30s';
SET LOCAL statement_timeout = '10min';
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
