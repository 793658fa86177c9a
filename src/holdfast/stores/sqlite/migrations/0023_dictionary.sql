-- What events, properties and traits mean, in somebody's words. The event is empty for a trait, the name for an event.
CREATE TABLE meaning (
  event TEXT NOT NULL,
  name TEXT NOT NULL,
  said TEXT NOT NULL,
  by_id TEXT NOT NULL,
  saved_ms INTEGER NOT NULL,
  PRIMARY KEY (event, name)
) STRICT, WITHOUT ROWID;
