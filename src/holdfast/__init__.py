"""Holdfast, an open retention cloud."""
