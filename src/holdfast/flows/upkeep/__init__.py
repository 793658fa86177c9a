"""Keeping house: keys, the log let go of, everything made anew from it."""
