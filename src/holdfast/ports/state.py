"""The state store: who people are, where they stand in journeys, what is to be sent, how far the log is read.

Everything a tick changes is changed in one transaction, together with the log offset: that is what makes effects happen
exactly once. All times in rows are whole milliseconds since 1970, UTC.

Each family of what it holds has a file of its own beside this one. What the first six of them speak of may be had from
here, too: it is what nearly everybody needs who asks the state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from holdfast.decisions.visit import Visit
from holdfast.events.event import Event
from holdfast.ports.accounts import AccountTransaction, AccountView
from holdfast.ports.adaptive import AdaptiveTransaction, AdaptiveView
from holdfast.ports.boards import BoardTransaction, BoardView
from holdfast.ports.catalogues import CatalogueTransaction, CatalogueView
from holdfast.ports.connections import ConnectionTransaction, ConnectionView
from holdfast.ports.decisions import (
    OVER,
    Decision,
    DecisionState,
    DecisionTransaction,
    DecisionView,
    Entered,
    StepCount,
)
from holdfast.ports.devices import DeviceTransaction, DeviceView
from holdfast.ports.dictionary import DictionaryTransaction, DictionaryView
from holdfast.ports.erasure import ErasureTransaction, ErasureView
from holdfast.ports.experiments import ExperimentTransaction, ExperimentView
from holdfast.ports.holdouts import HoldoutTransaction, HoldoutView
from holdfast.ports.inbox import InboxTransaction, InboxView
from holdfast.ports.intake import BadRecord, IntakeTransaction, IntakeView
from holdfast.ports.keys import AccessKey, KeyTransaction, KeyView
from holdfast.ports.live import LiveTransaction, LiveView
from holdfast.ports.parts import PartHolder
from holdfast.ports.people import Identity, PeopleTransaction, PeopleView
from holdfast.ports.receipts import ReceiptTransaction, ReceiptView
from holdfast.ports.runs import ChangingRuns, ReadingRuns
from holdfast.ports.segments import SavedSegment, SegmentTransaction, SegmentView, says_the_same
from holdfast.ports.sends import (
    URGENCIES,
    WAITED_MS_MOST,
    Answered,
    Lane,
    LaneTotals,
    Send,
    SendState,
    SendTransaction,
    SendView,
    Settlement,
    Told,
    Urgency,
    lane_order,
)
from holdfast.ports.sharing import SharingTransaction, SharingView
from holdfast.ports.teamwork import TeamworkTransaction, TeamworkView
from holdfast.ports.templates import TemplateTransaction, TemplateView
from holdfast.ports.turns import Turn, TurnTransaction, TurnView
from holdfast.ports.words import WordsTransaction, WordsView
from holdfast.profiles.profile import Profile

__all__ = [
    "OVER",
    "URGENCIES",
    "WAITED_MS_MOST",
    "AccessKey",
    "Answered",
    "BadRecord",
    "Decision",
    "DecisionState",
    "Entered",
    "Identity",
    "Lane",
    "LaneTotals",
    "Moving",
    "PartTransaction",
    "SavedSegment",
    "Send",
    "SendState",
    "Settlement",
    "State",
    "StepCount",
    "Told",
    "Transaction",
    "Urgency",
    "View",
    "lane_order",
    "says_the_same",
]


class View(
    PeopleView,
    IntakeView,
    DecisionView,
    SendView,
    SegmentView,
    KeyView,
    ErasureView,
    ReadingRuns,
    LiveView,
    TurnView,
    TemplateView,
    ExperimentView,
    CatalogueView,
    ConnectionView,
    InboxView,
    ReceiptView,
    DeviceView,
    AdaptiveView,
    BoardView,
    DictionaryView,
    SharingView,
    HoldoutView,
    AccountView,
    TeamworkView,
    WordsView,
    Protocol,
):
    """Reading the state as of one moment."""

    async def note(self, name: str) -> str | None:
        """A small named value."""
        ...


class Transaction(
    View,
    PeopleTransaction,
    IntakeTransaction,
    DecisionTransaction,
    SendTransaction,
    SegmentTransaction,
    KeyTransaction,
    ErasureTransaction,
    ChangingRuns,
    LiveTransaction,
    TurnTransaction,
    TemplateTransaction,
    ExperimentTransaction,
    CatalogueTransaction,
    ConnectionTransaction,
    InboxTransaction,
    ReceiptTransaction,
    DeviceTransaction,
    AdaptiveTransaction,
    BoardTransaction,
    DictionaryTransaction,
    SharingTransaction,
    HoldoutTransaction,
    AccountTransaction,
    TeamworkTransaction,
    WordsTransaction,
    Protocol,
):
    """Changing the state: all of it, or nothing."""

    async def set_note(self, name: str, value: str) -> None: ...


class Moving(View, Protocol):
    """Moving people on: what that changes, of each of them, and of what is counted over all."""

    async def put_visits(self, visits: Sequence[Visit]) -> None: ...

    async def put_profiles(self, profiles: Mapping[int, Profile]) -> None: ...

    async def add_sends(self, sends: Sequence[Send]) -> None: ...

    async def withhold_sends(self, keys: Sequence[str], reason: str, at_ms: int) -> None: ...

    async def drop_words(self, sends: Sequence[str]) -> None: ...

    async def count_steps(self, passed: Sequence[StepCount]) -> None: ...

    async def emit(self, events: Sequence[Event]) -> None: ...

    async def spend(self, amounts: Mapping[tuple[str, str], int]) -> None:
        """Comes before whatever follows here: those who move people at once spend one after the other."""
        ...

    async def touch_people(self, persons: Sequence[int]) -> int: ...

    async def add_visits(self, visits: Sequence[Visit]) -> list[Visit]: ...

    async def add_turn(self, turn: Turn) -> None: ...


class PartTransaction(Moving, PartHolder, Protocol):
    """Moving people of a part, beside others who move those of other parts.

    What takes a number in a row of all (`touch_people`, `add_visits`, `add_turn`) is for the end: from the first of
    these on nobody else writes any, so the numbers are in the order in which the transactions come about.
    """


class State(Protocol):
    """The store itself."""

    def begin(self) -> AbstractAsyncContextManager[Transaction]:
        """One transaction at a time; durable when the block ends, undone when it raises."""
        ...

    def begin_part(self, part: int) -> AbstractAsyncContextManager[PartTransaction | None]:
        """A transaction for one part of the people, beside those for other parts; None when somebody has that part.

        None of them goes on while `begin` does. What was emitted in one is in order of its number only to whoever asks
        in a transaction of `begin`.
        """
        ...

    def view(self) -> AbstractAsyncContextManager[View]:
        """A consistent snapshot that waits for nobody."""
        ...

    async def purge(self) -> bool:
        """Whether what was deleted is in none of the store's files any more; ask again until it is."""
        ...

    async def close(self) -> None: ...
