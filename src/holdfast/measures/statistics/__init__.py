"""What trials are reckoned with: from sums over people to differences, ratios and the intervals they lie in. Pure."""
