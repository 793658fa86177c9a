-- Accounts: who works here, their sessions, links that work once, failed attempts.

-- name: accounts
-- Reads every account.
SELECT id, email, name, role, state, created_ms, seen_ms, language, password, two_factor, subject
FROM account ORDER BY created_ms, id

-- name: account
-- Reads one account.
SELECT id, email, name, role, state, created_ms, seen_ms, language, password, two_factor, subject
FROM account WHERE id = $1

-- name: account_by_email
-- Reads the account of an address.
SELECT id, email, name, role, state, created_ms, seen_ms, language, password, two_factor, subject
FROM account WHERE email = $1

-- name: account_by_subject
-- Reads the account of somebody an identity provider knows.
SELECT id, email, name, role, state, created_ms, seen_ms, language, password, two_factor, subject
FROM account WHERE subject = $1 AND subject <> ''

-- name: put_account
-- Keeps an account, in the place of the one of its id.
INSERT INTO account (id, email, name, role, state, created_ms, seen_ms, language, password, two_factor, subject)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (id) DO UPDATE SET email = excluded.email, name = excluded.name, role = excluded.role,
  state = excluded.state, created_ms = excluded.created_ms, seen_ms = excluded.seen_ms, language = excluded.language,
  password = excluded.password, two_factor = excluded.two_factor, subject = excluded.subject

-- name: drop_account
-- Forgets an account.
DELETE FROM account WHERE id = $1

-- name: browser_session
-- Reads the session of what is in a cookie.
SELECT id, hash, account_id, key_name, created_ms, seen_ms, until_ms, device, address
FROM browser_session WHERE hash = $1

-- name: browser_sessions
-- Reads the sessions of an account, the one seen last first.
SELECT id, hash, account_id, key_name, created_ms, seen_ms, until_ms, device, address
FROM browser_session WHERE account_id = $1 ORDER BY seen_ms DESC, id

-- name: put_browser_session
-- Keeps a session, in the place of the one of its id.
INSERT INTO browser_session (id, hash, account_id, key_name, created_ms, seen_ms, until_ms, device, address)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, account_id = excluded.account_id, key_name = excluded.key_name,
  created_ms = excluded.created_ms, seen_ms = excluded.seen_ms, until_ms = excluded.until_ms, device = excluded.device,
  address = excluded.address

-- name: drop_browser_session
-- Ends a session.
DELETE FROM browser_session WHERE id = $1

-- name: drop_browser_sessions
-- Ends the sessions of an account, but for one.
DELETE FROM browser_session WHERE account_id = $1 AND id <> $2

-- name: once_link
-- Reads the link with a secret.
SELECT hash, purpose, account_id, created_ms, until_ms, by FROM once_link WHERE hash = $1

-- name: once_links
-- Reads every link for a purpose; there are few.
SELECT hash, purpose, account_id, created_ms, until_ms, by FROM once_link WHERE purpose = $1 ORDER BY created_ms, hash

-- name: put_once_link
-- Keeps a link.
INSERT INTO once_link (hash, purpose, account_id, created_ms, until_ms, by) VALUES ($1, $2, $3, $4, $5, $6)

-- name: drop_once_link
-- Makes a link worthless.
DELETE FROM once_link WHERE hash = $1

-- name: drop_once_links
-- Makes the links of an account for a purpose worthless.
DELETE FROM once_link WHERE account_id = $1 AND purpose = $2

-- name: drop_links_of
-- Makes every link of an account worthless.
DELETE FROM once_link WHERE account_id = $1

-- name: attempts
-- Reads how often somebody tried.
SELECT key, count, until_ms FROM sign_in_attempts WHERE key = $1

-- name: put_attempts
-- Keeps how often somebody tried.
INSERT INTO sign_in_attempts (key, count, until_ms) VALUES ($1, $2, $3)
ON CONFLICT (key) DO UPDATE SET count = excluded.count, until_ms = excluded.until_ms

-- name: drop_attempts
-- Forgets that somebody tried.
DELETE FROM sign_in_attempts WHERE key = $1

-- name: sweep_sessions
-- Forgets sessions whose time is over.
DELETE FROM browser_session WHERE until_ms <= $1

-- name: sweep_links
-- Forgets links whose time is over.
DELETE FROM once_link WHERE until_ms <= $1

-- name: sweep_attempts
-- Forgets attempts whose time is over.
DELETE FROM sign_in_attempts WHERE until_ms <= $1
