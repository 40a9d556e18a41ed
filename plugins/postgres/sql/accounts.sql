-- SPDX-License-Identifier: Apache-2.0
-- Accounts, tokens, sessions, secrets.

-- name: account-insert
INSERT INTO annotationd.accounts (name, password_hash, roles, disabled, created_at)
VALUES ($1, $2, $3, $4, CASE WHEN $5 > 0 THEN $5 ELSE annotationd.now_1 () END)
ON CONFLICT DO NOTHING RETURNING true;

-- name: account-update
SELECT annotationd.update_account_1 ($1, $2, $3, $4);

-- name: account-remove
SELECT annotationd.remove_account_1 ($1);

-- name: account-columns
a.name, a.password_hash, a.roles, a.disabled, a.created_at

-- name: account-get
SELECT {account-columns} FROM annotationd.accounts AS a WHERE a.name = $1;

-- name: account-list
SELECT {account-columns} FROM annotationd.accounts AS a ORDER BY a.name;

-- name: token-columns
t.id, t.account, t.description, t.hash, t.roles, t.created_at, t.expires_at

-- name: token-insert
SELECT annotationd.add_token_1 ($1, $2, $3, $4, $5, CASE WHEN $6 > 0 THEN $6 ELSE annotationd.now_1 () END, $7);

-- name: token-delete
DELETE FROM annotationd.tokens AS t WHERE t.id = $1 AND ($2 IS NULL OR t.account = $2) RETURNING true;

-- name: token-find
SELECT {token-columns} FROM annotationd.tokens AS t
WHERE t.hash = $1 AND (t.expires_at = 0 OR t.expires_at > annotationd.now_1 ());

-- name: token-list
SELECT {token-columns} FROM annotationd.tokens AS t
WHERE $1 IS NULL OR t.account = $1 ORDER BY t.account, t.created_at, t.id;

-- name: session-insert
SELECT annotationd.add_session_1 ($1, $2, $3, $4);

-- name: session-columns
s.jti, s.account, s.expires_at, s.revoked

-- name: sessions-revoke
SELECT {session-columns} FROM annotationd.revoke_sessions_1 ($1, $2) AS s;

-- name: sessions-revoked
SELECT {session-columns} FROM annotationd.sessions AS s
WHERE s.revoked AND s.expires_at > annotationd.now_1 () ORDER BY s.expires_at;

-- name: secret-get
SELECT annotationd.get_secret_1 ($1, $2);
