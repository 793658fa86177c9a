"""The conditions there are: one file each, with its declaration in `CONDITION`."""
