"""The verbs: the only code that sequences ports."""
