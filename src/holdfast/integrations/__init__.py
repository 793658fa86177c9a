"""Partners and formats, in and out: one package each."""
