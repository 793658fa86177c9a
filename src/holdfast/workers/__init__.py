"""Ways in without a caller: the loops that keep a server going, and the servers themselves."""
