"""WHAT HAPPENED: the Event value, wire formats, dedup keys. Pure."""
