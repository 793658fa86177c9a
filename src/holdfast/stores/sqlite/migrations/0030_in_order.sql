-- What is written of every event is written in order. A commit writes whole pages: where each row has its place among all
-- others, about one page a row; at the end of a table, one for a hundred.

-- A mark for each change, and not the last change of each person.
CREATE TABLE changed_person (sequence INTEGER NOT NULL, person INTEGER NOT NULL, PRIMARY KEY (sequence, person))
STRICT, WITHOUT ROWID;
INSERT INTO changed_person (sequence, person) SELECT sequence, person FROM stale_person ORDER BY sequence, person;
DROP TABLE stale_person;
ALTER TABLE changed_person RENAME TO stale_person;

-- Own events were told apart by their message ids while they wait, which says nothing of those told before: whoever
-- reads them knows them by their numbers or asks which ids were seen. Numbers go on where they were.
CREATE TABLE waiting (id INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL) STRICT;
INSERT INTO sqlite_sequence (name, seq) SELECT 'waiting', seq FROM sqlite_sequence WHERE name = 'emitted';
INSERT INTO waiting (id, body) SELECT id, body FROM emitted ORDER BY id;
DROP TABLE emitted;
ALTER TABLE waiting RENAME TO emitted;
