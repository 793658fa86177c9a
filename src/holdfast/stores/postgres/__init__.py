"""The state store on PostgreSQL: several processes, one writer at a time, durable at every commit."""
