-- What messages cost, and which of them matter more. Costs are whole thousandths of a minor unit of the workspace's currency.
ALTER TABLE send
  ADD COLUMN priority integer NOT NULL DEFAULT 50,
  ADD COLUMN cost bigint NOT NULL DEFAULT 0;

CREATE TABLE spending (
  origin text COLLATE "C" NOT NULL,
  day text COLLATE "C" NOT NULL,
  cost bigint NOT NULL,
  PRIMARY KEY (origin, day)
);
