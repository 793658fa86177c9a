"""Liquid: what templates are written in, the tags and filters of our own, and what they ask for."""
