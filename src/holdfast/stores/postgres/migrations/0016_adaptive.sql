-- Weighings: how the shares of adaptive paths came to be what they are, each as JSON.
CREATE TABLE weighing (
  experiment text COLLATE "C" NOT NULL,
  number bigint NOT NULL,
  said text COLLATE "C" NOT NULL,
  PRIMARY KEY (experiment, number)
);
