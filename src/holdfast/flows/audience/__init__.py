"""Which people: saved segments and lists, at every moment and at any past one."""
