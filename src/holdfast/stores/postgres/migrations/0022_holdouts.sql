-- How the global holdout was drawn, from when on: a row whenever that was changed.
CREATE TABLE holdout_draw (
  since_ms bigint PRIMARY KEY,
  share double precision NOT NULL,
  rotates text NOT NULL,
  zone text NOT NULL
);
