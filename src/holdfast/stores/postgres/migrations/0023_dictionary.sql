-- What events, properties and traits mean, in somebody's words. The event is empty for a trait, the name for an event.
CREATE TABLE meaning (
  event text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  said text NOT NULL,
  by_id text NOT NULL,
  saved_ms bigint NOT NULL,
  PRIMARY KEY (event, name)
);
