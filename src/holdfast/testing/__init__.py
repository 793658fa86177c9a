"""A kit for tests, ours and yours: a clock to turn by hand, a state in memory, builders for what goes into it."""

from holdfast.stores.memory.state import MemoryState
from holdfast.testing.builders import a_link, a_profile, a_send, a_visit, an_event
from holdfast.testing.clock import START, FakeClock

__all__ = ["START", "FakeClock", "MemoryState", "a_link", "a_profile", "a_send", "a_visit", "an_event"]
