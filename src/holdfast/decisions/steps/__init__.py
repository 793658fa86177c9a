"""The kinds of steps: one file each, found by reading this directory."""
