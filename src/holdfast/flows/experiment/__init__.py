"""Experiments: kept, published, and who gets what of them."""
