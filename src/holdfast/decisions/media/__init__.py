"""The ways to say something: one file each, found by reading this directory."""
