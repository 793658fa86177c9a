-- Own events that were read and not taken in, by their position in the log. They are known by their numbers, so that no
-- message id of those that were taken in is kept; what comes again is rare.
CREATE TABLE skipped (position INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL) STRICT;
