"""One carrier for each transport: the only code that opens a socket to a provider."""
