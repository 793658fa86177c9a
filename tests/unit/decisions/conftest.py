from __future__ import annotations

from hypothesis import settings

# A busy machine is no failure: how long one example takes says nothing about journeys.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
