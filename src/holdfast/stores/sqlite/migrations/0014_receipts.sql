-- Whose a receipt is: what providers call our messages, and whom an address was written to last.
CREATE TABLE provider_message (
  channel TEXT NOT NULL,
  provider_id TEXT NOT NULL,
  send TEXT NOT NULL,
  identity INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (channel, provider_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX provider_message_of ON provider_message (identity);
CREATE INDEX provider_message_old ON provider_message (at_ms);
CREATE TABLE reached (
  channel TEXT NOT NULL,
  address TEXT NOT NULL,
  identity INTEGER NOT NULL,
  send TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (channel, address)
) STRICT, WITHOUT ROWID;
CREATE INDEX reached_of ON reached (identity);

-- What came back from an address that may take mail again.
CREATE TABLE soft_bounce (
  channel TEXT NOT NULL,
  address TEXT NOT NULL,
  send TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (channel, address, send)
) STRICT, WITHOUT ROWID;
CREATE INDEX soft_bounce_old ON soft_bounce (at_ms);

CREATE INDEX suppression_newest ON suppression (at_ms DESC, channel, address);
CREATE INDEX suppression_of_address ON suppression (address);
