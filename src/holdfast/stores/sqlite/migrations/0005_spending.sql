-- What messages cost, and which of them matter more. Costs are whole thousandths of a minor unit of the workspace's currency.
ALTER TABLE send ADD COLUMN priority INTEGER NOT NULL DEFAULT 50;
ALTER TABLE send ADD COLUMN cost INTEGER NOT NULL DEFAULT 0;

CREATE TABLE spending (
  origin TEXT NOT NULL,
  day TEXT NOT NULL,
  cost INTEGER NOT NULL,
  PRIMARY KEY (origin, day)
) STRICT, WITHOUT ROWID;
