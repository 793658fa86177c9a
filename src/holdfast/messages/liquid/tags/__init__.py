"""Tags of ours: one file, one tag, assigned to `TAG`."""
