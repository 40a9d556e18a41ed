-- SPDX-License-Identifier: Apache-2.0
-- The first schema. Times are microseconds since 1970 UTC. Lists of names are JSON arrays.

CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO meta (name, value) VALUES
  ('probe', ''),
  ('epoch', lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a'
    || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))));

-- Kept by the transactions that change what they count, so that nobody ever counts rows.
-- `seq` is the last number given.
CREATE TABLE counters (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO counters (name, value) VALUES
  ('seq', 0), ('pending', 0), ('leased', 0), ('completed', 0), ('skipped', 0), ('outgoing', 0), ('retrying', 0);

-- The large columns stand last, so that what is filtered by lies in a row's first page.
-- status: 0 pending, 1 leased, 2 completed, 3 skipped.
CREATE TABLE examples (
  seq INTEGER PRIMARY KEY,
  event_id TEXT NOT NULL UNIQUE,
  camera_id TEXT NOT NULL,
  timestamp INTEGER NOT NULL,
  priority REAL NOT NULL,
  status INTEGER NOT NULL DEFAULT 0 CHECK (status BETWEEN 0 AND 3),
  fence INTEGER NOT NULL DEFAULT 0,
  annotator TEXT,
  leased_at INTEGER,
  expires_at INTEGER,
  skips INTEGER NOT NULL DEFAULT 0,
  revision INTEGER NOT NULL DEFAULT 0,
  finished_at INTEGER,
  received_at INTEGER NOT NULL,
  frame_type INTEGER NOT NULL,
  frame_sha256 TEXT,
  source_topic TEXT,
  source_partition INTEGER NOT NULL,
  source_offset INTEGER NOT NULL,
  labels TEXT NOT NULL,
  face_hashes TEXT NOT NULL,
  detections TEXT NOT NULL,
  payload TEXT NOT NULL
) STRICT;

CREATE INDEX examples_by_priority ON examples (status, priority DESC);
CREATE INDEX examples_by_status ON examples (status);
CREATE INDEX examples_by_camera ON examples (camera_id, status);
CREATE INDEX examples_by_annotator ON examples (annotator) WHERE annotator IS NOT NULL;
CREATE INDEX examples_by_deadline ON examples (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX examples_by_finish ON examples (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX examples_by_frame_finish ON examples (finished_at) WHERE finished_at IS NOT NULL AND frame_type <> 0;

CREATE TABLE frames (
  seq INTEGER PRIMARY KEY REFERENCES examples (seq) ON DELETE CASCADE,
  bytes BLOB NOT NULL
) STRICT;

-- The distinct names in examples.labels and examples.face_hashes, to find by. The examples' delete trigger keeps them.
CREATE TABLE example_labels (
  label TEXT NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (label, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE subjects (
  face_hash TEXT NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (face_hash, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE annotations (
  id TEXT NOT NULL UNIQUE,
  seq INTEGER NOT NULL REFERENCES examples (seq) ON DELETE CASCADE,
  revision INTEGER NOT NULL,
  annotator TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  quality_score REAL,
  lead_time_ms INTEGER NOT NULL,
  digest TEXT NOT NULL,
  notes TEXT,
  corrected_detections TEXT NOT NULL,
  UNIQUE (seq, revision)
) STRICT;

-- The corrected classes of an example's latest annotation.
CREATE TABLE annotation_labels (
  seq INTEGER NOT NULL REFERENCES examples (seq) ON DELETE CASCADE,
  label TEXT NOT NULL,
  PRIMARY KEY (seq, label)
) STRICT, WITHOUT ROWID;

CREATE TABLE skips (
  seq INTEGER NOT NULL REFERENCES examples (seq) ON DELETE CASCADE,
  annotator TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  reason TEXT,
  PRIMARY KEY (seq, annotator)
) STRICT, WITHOUT ROWID;

-- number is the order of writing; due_at moves on while a message is claimed.
CREATE TABLE outbox (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  topic TEXT NOT NULL,
  key TEXT,
  event_id TEXT,
  inline_frame INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  due_at INTEGER NOT NULL,
  last_error TEXT,
  payload TEXT NOT NULL
) STRICT;

CREATE INDEX outbox_by_example ON outbox (event_id, number);
CREATE INDEX outbox_by_due ON outbox (due_at);
CREATE INDEX outbox_by_number ON outbox (number, due_at, event_id);
CREATE INDEX outbox_failed ON outbox (number) WHERE attempts > 0;

CREATE TABLE label_counts (
  label TEXT PRIMARY KEY,
  count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE annotator_counts (
  annotator TEXT PRIMARY KEY,
  count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- hour: whole hours since 1970 UTC.
CREATE TABLE hour_counts (
  hour INTEGER PRIMARY KEY,
  count INTEGER NOT NULL
) STRICT;

CREATE TABLE accounts (
  name TEXT PRIMARY KEY,
  password_hash TEXT,
  roles INTEGER NOT NULL,
  disabled INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- expires_at: 0 for never.
CREATE TABLE tokens (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
  description TEXT,
  hash TEXT NOT NULL UNIQUE,
  roles INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX tokens_by_account ON tokens (account);

-- No reference to accounts: a removed account's sessions must stay revoked.
CREATE TABLE sessions (
  jti TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_account ON sessions (account);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
CREATE INDEX sessions_revoked ON sessions (expires_at) WHERE revoked = 1;

CREATE TABLE secrets (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
  number INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  details TEXT NOT NULL
) STRICT;

-- Inserts into examples are counted once a batch, by the statement that moves `seq` on; everything else here.
CREATE TRIGGER examples_status AFTER UPDATE OF status ON examples WHEN old.status <> new.status
BEGIN
  UPDATE counters SET value = value - 1
    WHERE name = CASE old.status WHEN 0 THEN 'pending' WHEN 1 THEN 'leased' WHEN 2 THEN 'completed' ELSE 'skipped' END;
  UPDATE counters SET value = value + 1
    WHERE name = CASE new.status WHEN 0 THEN 'pending' WHEN 1 THEN 'leased' WHEN 2 THEN 'completed' ELSE 'skipped' END;
END;

CREATE TRIGGER examples_completed AFTER UPDATE OF status ON examples WHEN old.status <> 2 AND new.status = 2
BEGIN
  INSERT INTO annotator_counts (annotator, count) VALUES (new.annotator, 1)
    ON CONFLICT (annotator) DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER examples_delete AFTER DELETE ON examples
BEGIN
  UPDATE counters SET value = value - 1
    WHERE name = CASE old.status WHEN 0 THEN 'pending' WHEN 1 THEN 'leased' WHEN 2 THEN 'completed' ELSE 'skipped' END;
  UPDATE annotator_counts SET count = count - 1 WHERE old.status = 2 AND annotator = old.annotator;
  DELETE FROM annotator_counts WHERE old.status = 2 AND annotator = old.annotator AND count = 0;
  DELETE FROM example_labels WHERE seq = old.seq AND label IN (SELECT value FROM json_each (old.labels));
  DELETE FROM subjects WHERE seq = old.seq AND face_hash IN (SELECT value FROM json_each (old.face_hashes));
END;

CREATE TRIGGER annotation_labels_insert AFTER INSERT ON annotation_labels
BEGIN
  INSERT INTO label_counts (label, count) VALUES (new.label, 1) ON CONFLICT (label) DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER annotation_labels_delete AFTER DELETE ON annotation_labels
BEGIN
  UPDATE label_counts SET count = count - 1 WHERE label = old.label;
  DELETE FROM label_counts WHERE label = old.label AND count = 0;
END;

CREATE TRIGGER annotations_insert AFTER INSERT ON annotations
BEGIN
  INSERT INTO hour_counts (hour, count) VALUES (new.created_at / 3600000000, 1)
    ON CONFLICT (hour) DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER annotations_delete AFTER DELETE ON annotations
BEGIN
  UPDATE hour_counts SET count = count - 1 WHERE hour = old.created_at / 3600000000;
END;

CREATE TRIGGER outbox_insert AFTER INSERT ON outbox
BEGIN
  UPDATE counters SET value = value + 1 WHERE name = 'outgoing';
END;

CREATE TRIGGER outbox_delete AFTER DELETE ON outbox
BEGIN
  UPDATE counters SET value = value - 1 WHERE name = 'outgoing' OR (name = 'retrying' AND old.attempts > 0);
END;

CREATE TRIGGER outbox_failure AFTER UPDATE OF attempts ON outbox WHEN old.attempts = 0 AND new.attempts > 0
BEGIN
  UPDATE counters SET value = value + 1 WHERE name = 'retrying';
END;
