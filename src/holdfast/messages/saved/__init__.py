"""Saved templates: their versions' parts, blocks, languages, MJML, and what to check before they are sent."""
