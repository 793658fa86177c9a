-- Whose a receipt is: what providers call our messages, and whom an address was written to last.
CREATE TABLE provider_message (
  channel text COLLATE "C" NOT NULL,
  provider_id text COLLATE "C" NOT NULL,
  send text COLLATE "C" NOT NULL,
  identity bigint NOT NULL,
  at_ms bigint NOT NULL,
  PRIMARY KEY (channel, provider_id)
);
CREATE INDEX provider_message_of ON provider_message (identity);
CREATE INDEX provider_message_old ON provider_message (at_ms);
CREATE TABLE reached (
  channel text COLLATE "C" NOT NULL,
  address text COLLATE "C" NOT NULL,
  identity bigint NOT NULL,
  send text COLLATE "C" NOT NULL,
  at_ms bigint NOT NULL,
  PRIMARY KEY (channel, address)
);
CREATE INDEX reached_of ON reached (identity);

-- What came back from an address that may take mail again.
CREATE TABLE soft_bounce (
  channel text COLLATE "C" NOT NULL,
  address text COLLATE "C" NOT NULL,
  send text COLLATE "C" NOT NULL,
  at_ms bigint NOT NULL,
  PRIMARY KEY (channel, address, send)
);
CREATE INDEX soft_bounce_old ON soft_bounce (at_ms);

-- Without the address: it may be as long as a URL, and hardly two of a channel come in the same millisecond.
CREATE INDEX suppression_newest ON suppression (at_ms DESC, channel);
CREATE INDEX suppression_of_address ON suppression (digest);
