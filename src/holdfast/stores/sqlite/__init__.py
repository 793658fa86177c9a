"""The state store on SQLite: one file, one writer, durable at every commit."""
