-- SPDX-License-Identifier: Apache-2.0
-- The tables. Times are microseconds since 1970 UTC by the database's clock. Lists of names are JSON arrays.
--
-- Everything stands in the schema `annotationd` and is named with it: nothing depends on a session's search_path.
-- Older and newer daemons work on one database while they are replaced one by one, so within a major version a
-- migration only adds, and a function that changes gets a new suffix beside the old one (`claim_1`, `claim_2`).

-- `unfinished`: a copy into this database was begun and not ended, so that it must not be opened.
CREATE TABLE annotationd.marks (
  name text PRIMARY KEY,
  value text NOT NULL
);

-- One row: what the numbers of the examples belong to, and the last of them. Its row lock is what makes them gapless
-- and rising in the order of the commits: one transaction at a time puts examples.
CREATE TABLE annotationd.position (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  epoch text NOT NULL,
  seq bigint NOT NULL
) WITH (fillfactor = 50);

INSERT INTO annotationd.position (epoch, seq) VALUES (gen_random_uuid ()::text, 0);

-- How many examples and messages there are of each kind: the sum over all slots. A transaction changes the slot of its
-- backend, so that people who work at the same time do not wait for each other's commit, and nobody ever counts rows.
CREATE TABLE annotationd.tallies (
  slot integer PRIMARY KEY,
  pending bigint NOT NULL DEFAULT 0,
  leased bigint NOT NULL DEFAULT 0,
  completed bigint NOT NULL DEFAULT 0,
  skipped bigint NOT NULL DEFAULT 0,
  outgoing bigint NOT NULL DEFAULT 0,
  retrying bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 25);

INSERT INTO annotationd.tallies (slot) SELECT generate_series (0, 31);

-- status: 0 pending, 1 leased, 2 completed, 3 skipped.
-- A claim passes over what the index still has of those that were claimed since the last vacuum, a millisecond for 25,000
-- of them: that must not wait for a fifth of a table of millions.
CREATE TABLE annotationd.examples (
  seq bigint NOT NULL,
  timestamp bigint NOT NULL,
  received_at bigint NOT NULL,
  priority double precision NOT NULL CHECK (priority <> 'NaN'),
  fence bigint NOT NULL DEFAULT 0,
  leased_at bigint,
  expires_at bigint,
  finished_at bigint,
  source_offset bigint NOT NULL,
  source_partition integer NOT NULL,
  skips integer NOT NULL DEFAULT 0,
  revision integer NOT NULL DEFAULT 0,
  status smallint NOT NULL DEFAULT 0 CHECK (status BETWEEN 0 AND 3),
  frame_type smallint NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  camera_id text COLLATE "C" NOT NULL,
  annotator text COLLATE "C",
  frame_sha256 text,
  source_topic text,
  labels text NOT NULL,
  face_hashes text NOT NULL,
  detections text NOT NULL,
  payload text NOT NULL,
  CONSTRAINT examples_pkey PRIMARY KEY (seq)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);

CREATE UNIQUE INDEX examples_by_event ON annotationd.examples (event_id);
CREATE INDEX examples_by_priority ON annotationd.examples (status, priority DESC, seq);
CREATE INDEX examples_by_status ON annotationd.examples (status, seq);
CREATE INDEX examples_by_camera ON annotationd.examples (camera_id, status, seq);
CREATE INDEX examples_by_camera_priority ON annotationd.examples (camera_id, status, priority DESC, seq);
CREATE INDEX examples_by_annotator ON annotationd.examples (annotator, seq) WHERE annotator IS NOT NULL;
CREATE INDEX examples_by_deadline ON annotationd.examples (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX examples_by_finish ON annotationd.examples (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX examples_by_frame_finish ON annotationd.examples (finished_at)
  WHERE finished_at IS NOT NULL AND frame_type <> 0;

-- No foreign keys from what comes with every example: a lookup for each row would slow the intake, and examples are
-- removed by erase_examples_1 only, which removes these, too.
CREATE TABLE annotationd.frames (
  seq bigint PRIMARY KEY,
  bytes bytea NOT NULL
);
-- Images do not get smaller by compression.
ALTER TABLE annotationd.frames ALTER COLUMN bytes SET STORAGE EXTERNAL;

-- The distinct names in examples.labels and examples.face_hashes, to find by.
CREATE TABLE annotationd.example_labels (
  label text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  PRIMARY KEY (label, seq)
);

CREATE TABLE annotationd.subjects (
  face_hash text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  PRIMARY KEY (face_hash, seq)
);

CREATE TABLE annotationd.annotations (
  seq bigint NOT NULL,
  revision integer NOT NULL,
  created_at bigint NOT NULL,
  lead_time_ms bigint NOT NULL,
  quality_score double precision,
  id text NOT NULL UNIQUE,
  annotator text NOT NULL,
  digest text NOT NULL,
  notes text,
  corrected_detections text NOT NULL,
  PRIMARY KEY (seq, revision)
);

-- The corrected classes of an example's latest annotation.
CREATE TABLE annotationd.annotation_labels (
  seq bigint NOT NULL,
  label text COLLATE "C" NOT NULL,
  PRIMARY KEY (seq, label)
);

CREATE TABLE annotationd.skips (
  seq bigint NOT NULL,
  created_at bigint NOT NULL,
  annotator text COLLATE "C" NOT NULL,
  reason text,
  PRIMARY KEY (seq, annotator)
);

-- number is the order of writing; due_at moves on while a message is claimed.
CREATE TABLE annotationd.outbox (
  number bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  created_at bigint NOT NULL,
  due_at bigint NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  inline_frame boolean NOT NULL,
  id text NOT NULL UNIQUE,
  topic text NOT NULL,
  key text,
  event_id text COLLATE "C",
  last_error text,
  payload text NOT NULL
);

CREATE INDEX outbox_by_example ON annotationd.outbox (event_id, number);
CREATE INDEX outbox_by_due ON annotationd.outbox (due_at, number);
CREATE INDEX outbox_failed ON annotationd.outbox (number) WHERE attempts > 0;

-- In slots, as the tallies are.
CREATE TABLE annotationd.label_counts (
  label text COLLATE "C" NOT NULL,
  slot integer NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (label, slot)
) WITH (fillfactor = 50);

CREATE TABLE annotationd.annotator_counts (
  annotator text COLLATE "C" NOT NULL,
  slot integer NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (annotator, slot)
) WITH (fillfactor = 50);

-- hour: whole hours since 1970 UTC.
CREATE TABLE annotationd.hour_counts (
  hour bigint NOT NULL,
  slot integer NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (hour, slot)
) WITH (fillfactor = 50);

CREATE TABLE annotationd.accounts (
  name text COLLATE "C" PRIMARY KEY,
  password_hash text,
  roles integer NOT NULL,
  disabled boolean NOT NULL,
  created_at bigint NOT NULL
);

-- expires_at: 0 for never.
CREATE TABLE annotationd.tokens (
  id text COLLATE "C" PRIMARY KEY,
  account text COLLATE "C" NOT NULL REFERENCES annotationd.accounts (name) ON DELETE CASCADE,
  description text,
  hash text COLLATE "C" NOT NULL UNIQUE,
  roles integer NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL
);

CREATE INDEX tokens_by_account ON annotationd.tokens (account);

-- No reference to accounts: a removed account's sessions must stay revoked.
CREATE TABLE annotationd.sessions (
  jti text COLLATE "C" PRIMARY KEY,
  account text COLLATE "C" NOT NULL,
  expires_at bigint NOT NULL,
  revoked boolean NOT NULL DEFAULT false
);

CREATE INDEX sessions_by_account ON annotationd.sessions (account);
CREATE INDEX sessions_by_expiry ON annotationd.sessions (expires_at);
CREATE INDEX sessions_revoked ON annotationd.sessions (expires_at) WHERE revoked;

CREATE TABLE annotationd.secrets (
  name text COLLATE "C" PRIMARY KEY,
  value text NOT NULL
);

CREATE TABLE annotationd.audit (
  number bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  at bigint NOT NULL,
  actor text NOT NULL,
  action text NOT NULL,
  details text NOT NULL
);
