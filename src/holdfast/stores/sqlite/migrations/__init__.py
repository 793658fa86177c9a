"""Ordered changes of the schema, each applied once: `0001_first.sql` and on."""
