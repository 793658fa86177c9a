"""Filters of ours: one file, one filter, assigned to `FILTER`."""
