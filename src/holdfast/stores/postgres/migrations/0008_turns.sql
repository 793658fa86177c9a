-- What the log does not say of how the state came to be: in which portions events were taken in, up to when timers fired,
-- and what was done by hand. A tick has no body.
CREATE TABLE turn (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text COLLATE "C" NOT NULL,
  start bigint NOT NULL,
  next bigint NOT NULL,
  at_ms bigint NOT NULL,
  body bytea
);
