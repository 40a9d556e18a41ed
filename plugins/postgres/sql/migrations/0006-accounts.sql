-- SPDX-License-Identifier: Apache-2.0
-- What of accounts, tokens, sessions and secrets takes more than one statement.

CREATE FUNCTION annotationd.revoke_sessions_1 (of_jti text, of_account text) RETURNS SETOF annotationd.sessions
LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY
  UPDATE annotationd.sessions AS s SET revoked = true
  WHERE s.jti IN (SELECT x.jti FROM annotationd.sessions AS x
                  WHERE (x.jti = of_jti OR x.account = of_account) AND x.expires_at > annotationd.now_1 ()
                  ORDER BY x.jti FOR UPDATE)
  RETURNING s.*;
END
$$;

-- What was signed in under the old password or roles ends with them. Answers whether there is such an account.
CREATE FUNCTION annotationd.update_account_1 (of_name text, new_hash text, new_roles integer, new_disabled boolean)
RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE annotationd.accounts AS a SET password_hash = new_hash, roles = new_roles, disabled = new_disabled
  WHERE a.name = of_name;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  PERFORM annotationd.revoke_sessions_1 (NULL, of_name);
  RETURN true;
END
$$;

CREATE FUNCTION annotationd.remove_account_1 (of_name text) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM annotationd.accounts AS a WHERE a.name = of_name;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  PERFORM annotationd.revoke_sessions_1 (NULL, of_name);
  RETURN true;
END
$$;

-- added, unknown (no such account), exists.
CREATE FUNCTION annotationd.add_token_1 (new_id text, of_account text, new_description text, new_hash text,
  new_roles integer, new_created_at bigint, new_expires_at bigint) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM annotationd.accounts AS a WHERE a.name = of_account FOR KEY SHARE;
  IF NOT FOUND THEN
    RETURN 'unknown';
  END IF;
  INSERT INTO annotationd.tokens (id, account, description, hash, roles, created_at, expires_at)
  VALUES (new_id, of_account, new_description, new_hash, new_roles, new_created_at, new_expires_at)
  ON CONFLICT DO NOTHING;
  RETURN CASE WHEN FOUND THEN 'added' ELSE 'exists' END;
END
$$;

-- Each new session takes some that ended long ago with it: their number follows that of the living, however often
-- people and scripts sign in between two runs of retention.
CREATE FUNCTION annotationd.add_session_1 (new_jti text, of_account text, new_expires_at bigint, grace bigint)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  now bigint := annotationd.now_1 ();
BEGIN
  INSERT INTO annotationd.sessions (jti, account, expires_at) VALUES (new_jti, of_account, new_expires_at)
  ON CONFLICT DO NOTHING;
  DELETE FROM annotationd.sessions AS s
  WHERE s.jti IN (SELECT x.jti FROM annotationd.sessions AS x WHERE x.expires_at <= now - grace
                  ORDER BY x.expires_at LIMIT 2 FOR UPDATE SKIP LOCKED);
END
$$;

CREATE FUNCTION annotationd.get_secret_1 (of_name text, proposed text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  kept text;
BEGIN
  SELECT s.value INTO kept FROM annotationd.secrets AS s WHERE s.name = of_name;
  IF NOT FOUND AND proposed IS NOT NULL THEN
    INSERT INTO annotationd.secrets (name, value) VALUES (of_name, proposed) ON CONFLICT DO NOTHING;
    SELECT s.value INTO kept FROM annotationd.secrets AS s WHERE s.name = of_name;
  END IF;
  RETURN kept;
END
$$;
