-- Every table, in order, with a reason. Each section runs once, in one transaction; sections are only ever added.

-- migration 1: keys, sealed credentials, audit, log

-- Small facts the program keeps about itself. policy_version rises with every change a running server must act on.
CREATE TABLE facts(
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO facts VALUES('policy_version', 1);

-- pg's own keys: never the key, only its digest. Rows stay after revocation, so that old log rows keep a name.
CREATE TABLE keys(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  prefix TEXT NOT NULL,
  digest BLOB NOT NULL UNIQUE CHECK(length(digest) = 32),
  owner TEXT NOT NULL,
  project TEXT NOT NULL,
  scopes TEXT NOT NULL,
  enabled INTEGER NOT NULL CHECK(enabled IN (0, 1)),
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  revoked INTEGER NOT NULL
) STRICT;

-- Provider credentials: nonce, AES-256-GCM ciphertext and tag under the app key.
CREATE TABLE credentials(
  provider TEXT PRIMARY KEY,
  sealed BLOB NOT NULL CHECK(length(sealed) > 28),
  updated INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Triggers, not code, so that any writer moves the number.
CREATE TRIGGER keys_added AFTER INSERT ON keys BEGIN UPDATE facts SET value = value + 1 WHERE name = 'policy_version'; END;
CREATE TRIGGER keys_changed AFTER UPDATE ON keys BEGIN UPDATE facts SET value = value + 1 WHERE name = 'policy_version'; END;
CREATE TRIGGER keys_gone AFTER DELETE ON keys BEGIN UPDATE facts SET value = value + 1 WHERE name = 'policy_version'; END;
CREATE TRIGGER credentials_added AFTER INSERT ON credentials BEGIN
  UPDATE facts SET value = value + 1 WHERE name = 'policy_version'; END;
CREATE TRIGGER credentials_changed AFTER UPDATE ON credentials BEGIN
  UPDATE facts SET value = value + 1 WHERE name = 'policy_version'; END;
CREATE TRIGGER credentials_gone AFTER DELETE ON credentials BEGIN
  UPDATE facts SET value = value + 1 WHERE name = 'policy_version'; END;

-- Administrative acts as a hash chain; audit_head names its end, so that a cut tail shows.
CREATE TABLE audit(
  seq INTEGER PRIMARY KEY,
  time INTEGER NOT NULL,
  actor TEXT NOT NULL,
  act TEXT NOT NULL,
  target TEXT NOT NULL,
  detail TEXT NOT NULL,
  hash BLOB NOT NULL CHECK(length(hash) = 32)
) STRICT;
CREATE TABLE audit_head(
  one INTEGER PRIMARY KEY CHECK(one = 1),
  seq INTEGER NOT NULL,
  hash BLOB NOT NULL
) STRICT;
INSERT INTO audit_head VALUES(1, 0, zeroblob(32));
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

-- One row per exchange, in the order they ended. Absent text is '', absent numbers are -1: filters stay plain.
-- Without AUTOINCREMENT, whose own table is paid for with every row: whoever deletes old rows leaves the newest, so that no number
-- comes twice.
CREATE TABLE log(
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  time INTEGER NOT NULL,
  project TEXT NOT NULL COLLATE NOCASE,
  project_id TEXT NOT NULL COLLATE NOCASE,
  key TEXT NOT NULL COLLATE NOCASE,
  agent TEXT NOT NULL COLLATE NOCASE,
  agent_version TEXT NOT NULL COLLATE NOCASE,
  session TEXT NOT NULL COLLATE NOCASE,
  dialect TEXT NOT NULL COLLATE NOCASE,
  method TEXT NOT NULL COLLATE NOCASE,
  path TEXT NOT NULL COLLATE NOCASE,
  provider TEXT NOT NULL COLLATE NOCASE,
  model TEXT NOT NULL COLLATE NOCASE,
  model_served TEXT NOT NULL COLLATE NOCASE,
  status INTEGER NOT NULL,
  outcome TEXT NOT NULL COLLATE NOCASE,
  stream INTEGER NOT NULL,
  latency_ms INTEGER NOT NULL,
  ttft_ms INTEGER NOT NULL,
  upstream_ms INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cached_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  bytes_in INTEGER NOT NULL,
  bytes_out INTEGER NOT NULL,
  redactions TEXT NOT NULL COLLATE NOCASE,
  detected TEXT NOT NULL COLLATE NOCASE,
  blocked TEXT NOT NULL COLLATE NOCASE,
  places TEXT NOT NULL COLLATE NOCASE,
  attempts TEXT NOT NULL COLLATE NOCASE,
  warnings TEXT NOT NULL COLLATE NOCASE,
  restored INTEGER NOT NULL,
  unknown_tokens INTEGER NOT NULL,
  error TEXT NOT NULL COLLATE NOCASE,
  upstream_request_id TEXT NOT NULL
) STRICT;
-- Every index is paid for with every request. An id begins with the time, so that its own index answers "since"; what went wrong is
-- rare and asked for.
CREATE INDEX log_failed ON log(status) WHERE status >= 400;

-- migration 2: how many calls a key may have under way at once; 0 = as many as it likes
ALTER TABLE keys ADD COLUMN concurrency INTEGER NOT NULL DEFAULT 0 CHECK(concurrency >= 0);

-- migration 3: what it cost; hours and sessions beside the log

-- Nano-USD; NULL = nothing to pay for, or no price known. `price` says which: 0 = nothing to pay for, -1 = not known, else twice the
-- id in price_versions, plus one when the provider did not say what was used.
ALTER TABLE log ADD COLUMN cost INTEGER;
ALTER TABLE log ADD COLUMN price INTEGER NOT NULL DEFAULT 0;
CREATE TABLE price_versions(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

-- The log by the hour (of the request's arrival, UTC), kept up to date with every batch of rows: usage is answered from here, also
-- for rows that are gone, and a search skips the hours in which nothing can fit. '*' stands for names beyond the number that one
-- hour may hold.
CREATE TABLE log_hours(
  hour INTEGER NOT NULL,
  project TEXT NOT NULL COLLATE NOCASE,
  key TEXT NOT NULL COLLATE NOCASE,
  agent TEXT NOT NULL COLLATE NOCASE,
  dialect TEXT NOT NULL COLLATE NOCASE,
  provider TEXT NOT NULL COLLATE NOCASE,
  model TEXT NOT NULL COLLATE NOCASE,
  model_served TEXT NOT NULL COLLATE NOCASE,
  status INTEGER NOT NULL,
  outcome TEXT NOT NULL COLLATE NOCASE,
  requests INTEGER NOT NULL,
  cost INTEGER NOT NULL,
  unpriced INTEGER NOT NULL,
  estimated INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cached_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  redacted INTEGER NOT NULL,
  blocked INTEGER NOT NULL,
  most_latency_ms INTEGER NOT NULL,
  most_ttft_ms INTEGER NOT NULL,
  most_input_tokens INTEGER NOT NULL,
  most_output_tokens INTEGER NOT NULL,
  most_cost INTEGER NOT NULL,
  first_seq INTEGER NOT NULL,
  last_seq INTEGER NOT NULL,
  PRIMARY KEY(hour, project, key, agent, dialect, provider, model, model_served, status, outcome)
) STRICT, WITHOUT ROWID;

-- Conversations by the day, for the tree of `pg usage --by session` and for `pg agents`. Requests without a session share a row.
CREATE TABLE log_sessions(
  day INTEGER NOT NULL,
  session TEXT NOT NULL COLLATE NOCASE,
  project TEXT NOT NULL COLLATE NOCASE,
  key TEXT NOT NULL COLLATE NOCASE,
  agent TEXT NOT NULL COLLATE NOCASE,
  agent_version TEXT NOT NULL COLLATE NOCASE,
  first_time INTEGER NOT NULL,
  last_time INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  cost INTEGER NOT NULL,
  unpriced INTEGER NOT NULL,
  estimated INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cached_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  redacted INTEGER NOT NULL,
  blocked INTEGER NOT NULL,
  errors INTEGER NOT NULL,
  first_seq INTEGER NOT NULL,
  last_seq INTEGER NOT NULL,
  PRIMARY KEY(day, session, project, key, agent, agent_version)
) STRICT, WITHOUT ROWID;

-- Rows of before: their costs were not kept.
INSERT INTO log_hours
  SELECT time / 3600000, project, key, agent, dialect, provider, model, model_served, status, outcome, count(*), 0,
    sum(model <> '' AND status < 400), 0, sum(max(input_tokens, 0)), sum(max(output_tokens, 0)), sum(max(cached_tokens, 0)),
    sum(max(cache_write_tokens, 0)), sum(max(reasoning_tokens, 0)), sum(redactions <> ''), sum(blocked <> ''), max(latency_ms),
    max(ttft_ms), max(input_tokens), max(output_tokens), -1, min(seq), max(seq)
  FROM log GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10;
INSERT INTO log_sessions
  SELECT time / 86400000, session, project, key, agent, agent_version, min(time), max(time), count(*), 0,
    sum(model <> '' AND status < 400), 0, sum(max(input_tokens, 0)), sum(max(output_tokens, 0)), sum(max(cached_tokens, 0)),
    sum(max(cache_write_tokens, 0)), sum(max(reasoning_tokens, 0)), sum(redactions <> ''), sum(blocked <> ''),
    sum(outcome = 'error'), min(seq), max(seq)
  FROM log WHERE agent <> '' OR session <> '' GROUP BY 1, 2, 3, 4, 5, 6;

-- The hours know the statuses.
DROP INDEX log_failed;

-- How a running server is doing, written when it changes; meaningless without one.
INSERT INTO facts VALUES('in_flight', 0);

-- migration 4: rates, caps and budgets of keys; what was spent by the month

ALTER TABLE keys ADD COLUMN rpm INTEGER NOT NULL DEFAULT 0 CHECK(rpm >= 0);
ALTER TABLE keys ADD COLUMN rph INTEGER NOT NULL DEFAULT 0 CHECK(rph >= 0);
ALTER TABLE keys ADD COLUMN max_tokens INTEGER NOT NULL DEFAULT 0 CHECK(max_tokens >= 0);
ALTER TABLE keys ADD COLUMN budget INTEGER NOT NULL DEFAULT 0 CHECK(budget >= 0);

-- Nano-USD by calendar month (202611, in the zone that was set then), for each key and each project, written with the rows of the
-- log whose costs they are. It outlives those rows, and a budget that is set later finds here what was spent before.
CREATE TABLE spending(
  month INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK(kind IN ('key', 'project')),
  name TEXT NOT NULL,
  cost INTEGER NOT NULL,
  PRIMARY KEY(kind, name, month)
) STRICT, WITHOUT ROWID;
INSERT INTO spending
  SELECT CAST(strftime('%Y%m', hour * 3600, 'unixepoch', 'localtime') AS INTEGER), 'key', key, sum(cost)
  FROM log_hours WHERE key <> '' AND cost > 0 GROUP BY 1, key COLLATE BINARY;
INSERT INTO spending
  SELECT CAST(strftime('%Y%m', hour * 3600, 'unixepoch', 'localtime') AS INTEGER), 'project', project, sum(cost)
  FROM log_hours WHERE project <> '' AND cost > 0 GROUP BY 1, project COLLATE BINARY;

-- What a running server has set aside for calls under way, written when it changes; meaningless without one.
CREATE TABLE reserved(
  kind TEXT NOT NULL CHECK(kind IN ('key', 'project')),
  name TEXT NOT NULL,
  amount INTEGER NOT NULL,
  PRIMARY KEY(kind, name)
) STRICT, WITHOUT ROWID;

-- migration 5: bodies, for those who keep them; where the audit log was known to end

-- What a provider was sent, with its placeholders, and what it said; zstd, cut where the settings say. Sizes are those of before.
-- `dialect` is the provider's. What was taken out because it looked like a secret is counted in `masked`.
CREATE TABLE log_bodies(
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  time INTEGER NOT NULL,
  dialect TEXT NOT NULL,
  stored INTEGER NOT NULL,
  masked INTEGER NOT NULL,
  request_size INTEGER NOT NULL,
  request_cut INTEGER NOT NULL,
  reply_size INTEGER NOT NULL,
  reply_cut INTEGER NOT NULL,
  request BLOB NOT NULL,
  reply BLOB NOT NULL
) STRICT;
-- How much they take together, and how many could not be kept.
INSERT INTO facts VALUES('bodies_size', 0), ('bodies_dropped', 0);
CREATE TRIGGER log_bodies_added AFTER INSERT ON log_bodies BEGIN
  UPDATE facts SET value = value + NEW.stored WHERE name = 'bodies_size'; END;
CREATE TRIGGER log_bodies_gone AFTER DELETE ON log_bodies BEGIN
  UPDATE facts SET value = value - OLD.stored WHERE name = 'bodies_size'; END;

-- migration 6: what many rows of the log say alike stands once; an id is found by its time
CREATE TABLE log_names(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  last_seq INTEGER NOT NULL,  -- the newest row that says so
  status INTEGER NOT NULL,
  stream INTEGER NOT NULL,
  project TEXT NOT NULL COLLATE NOCASE,
  project_id TEXT NOT NULL COLLATE NOCASE,
  key TEXT NOT NULL COLLATE NOCASE,
  agent TEXT NOT NULL COLLATE NOCASE,
  agent_version TEXT NOT NULL COLLATE NOCASE,
  session TEXT NOT NULL COLLATE NOCASE,
  dialect TEXT NOT NULL COLLATE NOCASE,
  method TEXT NOT NULL COLLATE NOCASE,
  path TEXT NOT NULL COLLATE NOCASE,
  provider TEXT NOT NULL COLLATE NOCASE,
  model TEXT NOT NULL COLLATE NOCASE,
  model_served TEXT NOT NULL COLLATE NOCASE,
  outcome TEXT NOT NULL COLLATE NOCASE
) STRICT;

CREATE TABLE log_rows(
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  time INTEGER NOT NULL,
  names INTEGER NOT NULL,
  latency_ms INTEGER NOT NULL,
  ttft_ms INTEGER NOT NULL,
  upstream_ms INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cached_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  bytes_in INTEGER NOT NULL,
  bytes_out INTEGER NOT NULL,
  restored INTEGER NOT NULL,
  unknown_tokens INTEGER NOT NULL,
  price INTEGER NOT NULL,
  cost INTEGER,
  redactions TEXT NOT NULL COLLATE NOCASE,
  detected TEXT NOT NULL COLLATE NOCASE,
  blocked TEXT NOT NULL COLLATE NOCASE,
  places TEXT NOT NULL COLLATE NOCASE,
  attempts TEXT NOT NULL COLLATE NOCASE,
  warnings TEXT NOT NULL COLLATE NOCASE,
  error TEXT NOT NULL COLLATE NOCASE,
  upstream_request_id TEXT NOT NULL
) STRICT;

CREATE TEMP TABLE said(seq INTEGER PRIMARY KEY, names TEXT);
INSERT INTO said SELECT seq, json_array(status, stream, project, project_id, key, agent, agent_version, session, dialect, method, path, provider,
    model, model_served, outcome)
  FROM log;
CREATE TEMP TABLE numbers(names TEXT PRIMARY KEY, last_seq INTEGER, id INTEGER);
INSERT INTO numbers SELECT names, max(seq), row_number() OVER (ORDER BY max(seq)) FROM said GROUP BY names;
INSERT INTO log_names
  SELECT n.id, seq, status, stream, project, project_id, key, agent, agent_version, session, dialect, method, path, provider, model,
    model_served, outcome
  FROM numbers AS n CROSS JOIN log ON seq = n.last_seq;
INSERT INTO log_rows
  SELECT log.seq, log.id, time, n.id, latency_ms, ttft_ms, upstream_ms, input_tokens, output_tokens, cached_tokens,
    cache_write_tokens, reasoning_tokens, bytes_in, bytes_out, restored, unknown_tokens, price, cost, redactions, detected, blocked,
    places, attempts, warnings, error, upstream_request_id
  FROM log CROSS JOIN said ON said.seq = log.seq CROSS JOIN numbers AS n ON n.names = said.names;
DROP TABLE said;
DROP TABLE numbers;
DROP TABLE log;

-- Row by row, and its names to each: rows that follow each other mostly have the same.
CREATE VIEW log AS
  SELECT seq, r.id AS id, time, project, project_id, key, agent, agent_version, session, dialect, method, path, provider, model,
    model_served, status, outcome, stream, latency_ms, ttft_ms, upstream_ms, input_tokens, output_tokens, cached_tokens,
    cache_write_tokens, reasoning_tokens, bytes_in, bytes_out, redactions, detected, blocked, places, attempts, warnings, restored,
    unknown_tokens, error, upstream_request_id, cost, price
  FROM log_rows AS r CROSS JOIN log_names AS n ON n.id = r.names;

-- migration 7: turns in which a provider's prompt cache was not hit as before, and what that cost; when a new connection stood
ALTER TABLE log_rows ADD COLUMN cache_break TEXT NOT NULL DEFAULT '' COLLATE NOCASE;
ALTER TABLE log_rows ADD COLUMN cache_lost INTEGER NOT NULL DEFAULT -1;
ALTER TABLE log_rows ADD COLUMN cache_lost_cost INTEGER NOT NULL DEFAULT -1;
ALTER TABLE log_rows ADD COLUMN connect_ms INTEGER NOT NULL DEFAULT -1;
ALTER TABLE log_rows ADD COLUMN tls_ms INTEGER NOT NULL DEFAULT -1;
ALTER TABLE log_hours ADD COLUMN cache_breaks INTEGER NOT NULL DEFAULT 0;
ALTER TABLE log_hours ADD COLUMN cache_lost INTEGER NOT NULL DEFAULT 0;
ALTER TABLE log_hours ADD COLUMN cache_lost_cost INTEGER NOT NULL DEFAULT 0;
ALTER TABLE log_sessions ADD COLUMN cache_breaks INTEGER NOT NULL DEFAULT 0;
ALTER TABLE log_sessions ADD COLUMN cache_lost INTEGER NOT NULL DEFAULT 0;
ALTER TABLE log_sessions ADD COLUMN cache_lost_cost INTEGER NOT NULL DEFAULT 0;

DROP VIEW log;
CREATE VIEW log AS
  SELECT seq, r.id AS id, time, project, project_id, key, agent, agent_version, session, dialect, method, path, provider, model,
    model_served, status, outcome, stream, latency_ms, ttft_ms, upstream_ms, input_tokens, output_tokens, cached_tokens,
    cache_write_tokens, reasoning_tokens, bytes_in, bytes_out, redactions, detected, blocked, places, attempts, warnings, restored,
    unknown_tokens, error, upstream_request_id, cost, price, cache_break, cache_lost, cache_lost_cost,
    connect_ms, tls_ms
  FROM log_rows AS r CROSS JOIN log_names AS n ON n.id = r.names;

-- migration 8: the rule that was taken, and whom the call came from
ALTER TABLE log_names ADD COLUMN route TEXT NOT NULL DEFAULT '' COLLATE NOCASE;
ALTER TABLE log_names ADD COLUMN ip TEXT NOT NULL DEFAULT '' COLLATE NOCASE;
ALTER TABLE log_names ADD COLUMN ua TEXT NOT NULL DEFAULT '' COLLATE NOCASE;

DROP VIEW log;
CREATE VIEW log AS
  SELECT seq, r.id AS id, time, project, project_id, key, agent, agent_version, session, dialect, method, path, provider, model,
    model_served, status, outcome, stream, latency_ms, ttft_ms, upstream_ms, input_tokens, output_tokens, cached_tokens,
    cache_write_tokens, reasoning_tokens, bytes_in, bytes_out, redactions, detected, blocked, places, attempts, warnings, restored,
    unknown_tokens, error, upstream_request_id, cost, price, cache_break, cache_lost, cache_lost_cost,
    connect_ms, tls_ms, route, ip, ua
  FROM log_rows AS r CROSS JOIN log_names AS n ON n.id = r.names;

-- migration 9: which alerts fired: names from the settings, ids and numbers, no text of a request
CREATE TABLE alerts_fired(
  seq INTEGER PRIMARY KEY,  -- the newest row stays, so that no number comes twice
  name TEXT NOT NULL,
  time INTEGER NOT NULL,
  count INTEGER NOT NULL,
  request TEXT NOT NULL  -- id of the newest request that fitted; its row may be gone
) STRICT;

-- migration 10: endpoints of gateways spend money, too, each as "project/endpoint"
CREATE TABLE spending_of_all(
  month INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK(kind IN ('key', 'project', 'endpoint')),
  name TEXT NOT NULL,
  cost INTEGER NOT NULL,
  PRIMARY KEY(kind, name, month)
) STRICT, WITHOUT ROWID;
INSERT INTO spending_of_all SELECT month, kind, name, cost FROM spending;
DROP TABLE spending;
ALTER TABLE spending_of_all RENAME TO spending;
DROP TABLE reserved;
CREATE TABLE reserved(
  kind TEXT NOT NULL CHECK(kind IN ('key', 'project', 'endpoint')),
  name TEXT NOT NULL,
  amount INTEGER NOT NULL,
  PRIMARY KEY(kind, name)
) STRICT, WITHOUT ROWID;
