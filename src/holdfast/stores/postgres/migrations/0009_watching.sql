-- What is watched: the leaves of live conditions, and how far the past was gathered for each.
-- A sequence, which never goes back: what profiles keep goes by the number, and is swept up later than the row itself.
CREATE TABLE watch (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  since_offset bigint NOT NULL,
  filled_to bigint NOT NULL,
  filled boolean NOT NULL,
  leaf text COLLATE "C" NOT NULL
) WITH (fillfactor = 50);
