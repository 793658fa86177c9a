"""The way in: from a request to the log, from the log to the state and the history."""
