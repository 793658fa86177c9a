"""The state store: who people are, where they stand in journeys, what is to be sent, how far the log is read.

Everything a tick changes is changed in one transaction, together with the log offset: that is what makes effects happen
exactly once. All times in rows are whole milliseconds since 1970, UTC.

Each family of what it holds has a file of its own beside this one. What the first six of them speak of may be had from
here, too: it is what nearly everybody needs who asks the state.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

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
from holdfast.ports.turns import TurnTransaction, TurnView
from holdfast.ports.words import WordsTransaction, WordsView

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


class State(Protocol):
    """The store itself."""

    def begin(self) -> AbstractAsyncContextManager[Transaction]:
        """One transaction at a time; durable when the block ends, undone when it raises."""
        ...

    def view(self) -> AbstractAsyncContextManager[View]:
        """A consistent snapshot that waits for nobody."""
        ...

    async def purge(self) -> bool:
        """Whether what was deleted is in none of the store's files any more; ask again until it is."""
        ...

    async def close(self) -> None: ...
