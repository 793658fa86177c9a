"""HOW IT IS SAID: templates, rendering, links, message lifecycles, suppression. Pure."""
