"""The kinds of insight there are, one file each."""
