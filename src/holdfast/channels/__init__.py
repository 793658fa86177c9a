"""One file for each provider: what it is handed, and what its answers mean. Carriers open the sockets."""
