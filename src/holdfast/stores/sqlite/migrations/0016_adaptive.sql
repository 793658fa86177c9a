-- Weighings: how the shares of adaptive paths came to be what they are, each as JSON.
CREATE TABLE weighing (
  experiment TEXT NOT NULL,
  number INTEGER NOT NULL,
  said TEXT NOT NULL,
  PRIMARY KEY (experiment, number)
) STRICT, WITHOUT ROWID;
