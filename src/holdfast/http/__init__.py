"""Ways in over HTTP: collecting, the API, tracking links, the console."""
