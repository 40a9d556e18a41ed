-- SPDX-License-Identifier: Apache-2.0
-- Accounts, tokens, sessions, secrets.

-- name: account-insert
INSERT INTO accounts (name, password_hash, roles, disabled, created_at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: account-update
UPDATE accounts SET password_hash = ?2, roles = ?3, disabled = ?4 WHERE name = ?1;

-- name: account-delete
DELETE FROM accounts WHERE name = ?;

-- name: account-get
SELECT name, password_hash, roles, disabled, created_at FROM accounts WHERE name = ?;

-- name: account-list
SELECT name, password_hash, roles, disabled, created_at FROM accounts ORDER BY name;

-- name: token-insert
INSERT INTO tokens (id, account, description, hash, roles, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: token-delete
DELETE FROM tokens WHERE id = ?1 AND (?2 IS NULL OR account = ?2);

-- name: token-find
SELECT id, account, description, hash, roles, created_at, expires_at FROM tokens
WHERE hash = ? AND (expires_at = 0 OR expires_at > ?);

-- name: token-list
SELECT id, account, description, hash, roles, created_at, expires_at FROM tokens
WHERE ?1 IS NULL OR account = ?1 ORDER BY account, created_at, id;

-- name: tokens-expired-delete
DELETE FROM tokens WHERE id IN (SELECT id FROM tokens WHERE expires_at > 0 AND expires_at <= ? LIMIT ?);

-- name: session-insert
INSERT INTO sessions (jti, account, expires_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING;

-- name: sessions-revoke-one
UPDATE sessions SET revoked = 1 WHERE jti = ? AND expires_at > ? RETURNING jti, account, expires_at, revoked;

-- name: sessions-revoke-account
UPDATE sessions SET revoked = 1 WHERE account = ? AND expires_at > ? RETURNING jti, account, expires_at, revoked;

-- name: sessions-revoked
SELECT jti, account, expires_at, revoked FROM sessions INDEXED BY sessions_revoked
WHERE revoked = 1 AND expires_at > ? ORDER BY expires_at;

-- name: sessions-expired-delete
DELETE FROM sessions WHERE jti IN (SELECT jti FROM sessions WHERE expires_at <= ? ORDER BY expires_at LIMIT ?);

-- name: secret-insert
INSERT INTO secrets (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING;

-- name: secret-get
SELECT value FROM secrets WHERE name = ?;
