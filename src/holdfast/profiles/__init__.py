"""WHO IT HAPPENED TO: traits, identity claims and merges, consent. Pure."""
