"""Everything under /api, one file a subject."""
