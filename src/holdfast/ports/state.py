"""The state store: who people are, where they stand in journeys, what is to be sent, how far the log is read.

Everything a tick changes is changed in one transaction, together with the log offset: that is what makes effects happen
exactly once. All times in rows are whole milliseconds since 1970, UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Literal, Protocol

from holdfast.decisions.caps import PRIORITY_USUAL, Made
from holdfast.decisions.visit import Visit
from holdfast.events.event import Event, IdentityKey, Json
from holdfast.messages.parcel import Gone
from holdfast.ports.accounts import AccountTransaction, AccountView
from holdfast.ports.adaptive import AdaptiveTransaction, AdaptiveView
from holdfast.ports.boards import BoardTransaction, BoardView
from holdfast.ports.catalogues import CatalogueTransaction, CatalogueView
from holdfast.ports.connections import ConnectionTransaction, ConnectionView
from holdfast.ports.devices import DeviceTransaction, DeviceView
from holdfast.ports.dictionary import DictionaryTransaction, DictionaryView
from holdfast.ports.erasure import ErasureTransaction, ErasureView
from holdfast.ports.experiments import ExperimentTransaction, ExperimentView
from holdfast.ports.holdouts import HoldoutTransaction, HoldoutView
from holdfast.ports.inbox import InboxTransaction, InboxView
from holdfast.ports.live import LiveTransaction, LiveView
from holdfast.ports.receipts import ReceiptTransaction, ReceiptView
from holdfast.ports.runs import ChangingRuns, ReadingRuns
from holdfast.ports.sharing import SharingTransaction, SharingView
from holdfast.ports.teamwork import TeamworkTransaction, TeamworkView
from holdfast.ports.templates import TemplateTransaction, TemplateView
from holdfast.ports.turns import TurnTransaction, TurnView
from holdfast.ports.words import WordsTransaction, WordsView
from holdfast.profiles.identity import Link
from holdfast.profiles.profile import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A name somebody goes by, its dense number, and the person it belongs to now.

    A person's number is the smallest identity number among those joined into it.
    """

    id: int
    key: IdentityKey
    person: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRecord:
    """A record that could not be an event, kept so that a person can read, mend and replay it."""

    id: int = 0
    """Given by the store."""
    at_ms: int
    source: str
    code: str
    message: str
    path: str
    hint: str
    body: str
    """The record as it came, as JSON text."""
    origin: str = ""
    """What it came from: `log:17.3` for record 3 of entry 17, or `online_retail.parquet:1442`. Unique."""
    replayed_ms: int | None = None


WAITED_MS_MOST = 7 * 86_400_000
"""How long a contact may have waited to be made and still be found by when it was. Those that waited longer, in a
journey that was paused for weeks, are forgotten by the caps that much sooner."""

SendState = Literal["pending", "claimed", "sent", "failed", "withheld", "in_doubt"]

Urgency = Literal["transactional", "journey", "broadcast"]
"""What goes first: what somebody bought or asked for, then what a journey says, then what goes to many at once."""


@dataclass(frozen=True, slots=True)
class Lane:
    """Sends that wait for each other and for nobody else: those of one channel and one urgency."""

    channel: str
    urgency: Urgency


URGENCIES: tuple[Urgency, ...] = ("transactional", "journey", "broadcast")
"""In order: the most urgent first."""


def lane_order(lane: Lane) -> tuple[str, int]:
    """Where a lane stands among others: by channel, the most urgent first."""
    return lane.channel, URGENCIES.index(lane.urgency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """One message to one person: written before it is done, under a key that is the same on every retry."""

    key: str
    identity: int
    origin_kind: Literal["journey", "campaign", "keyword"]
    """`keyword`: no decision asked for it; it answers a word such as STOP."""
    origin: str
    """The id of the journey or campaign that asked for it."""
    version: int
    step: str
    channel: str
    template: str
    topic: str
    transactional: bool = False
    address: str
    variables: Mapping[str, Json] = field(default_factory=dict)
    """What the template sees beside the person: the event that led here."""
    state: SendState = "pending"
    created_ms: int
    not_before_ms: int
    attempts: int = 0
    claimed_ms: int | None = None
    settled_ms: int | None = None
    reason: str = ""
    """Why it was withheld, failed or is in doubt."""
    claimed_by: str = ""
    """The claim it is under, or was under last: its sender's name and the number of the round."""
    send_by_ms: int | None = None
    """Until when whoever claimed it may begin to hand it over."""
    tried_ms: int | None = None
    """When it was first claimed to be handed over, and not put back untried."""
    dead: bool = False
    """Whether it is a dead letter: nobody tries it any more, and somebody is to say what becomes of it."""
    priority: int = PRIORITY_USUAL
    """What it counts against others for the same person."""
    cost: int = 0
    """What it costs, in thousandths of a minor unit of the workspace's currency."""

    @property
    def is_tried_again(self) -> bool:
        """Whether it was tried before it was claimed this time, or put off; so that words may be kept for it."""
        return self.attempts > 1 or bool(self.reason)

    @property
    def lane(self) -> Lane:
        """Where it waits."""
        if self.transactional:
            return Lane(self.channel, "transactional")
        return Lane(self.channel, "journey" if self.origin_kind == "journey" else "broadcast")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Which saved template a message was told in."""

    template: str
    version: int
    variant: str
    language: str
    """Empty where the template does not say."""
    propensity: float = 1.0
    """The chance the person had of that variant; 1 where there is one alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What became of a claimed send."""

    key: str
    state: SendState
    reason: str = ""
    not_before_ms: int = 0
    """For `pending` again (deferred): when to try next."""
    provider_id: str = ""
    """For `sent`: what the provider calls it."""
    gone: bool = False
    """For `failed`: the address is dead, and is to be suppressed."""
    untried: bool = False
    """For `pending` again: it was put off before anybody tried, and taking it is no attempt after all."""
    claimed_by: str | None = None
    """The claim it settles: a send that is under another one by now is left alone. None settles whichever it is."""
    dead: bool = False
    """For `failed` and `in_doubt`: it becomes a dead letter."""
    lost: tuple[Gone, ...] = ()
    """Devices of the person that are gone. The address of the send is no more than a name of one: it stands."""
    told: Told | None = None
    """What it said; None where its step said it itself, or nothing was handed over."""
    words: bytes = b""
    """For a send that may be handed over again: what it said, to be kept until then. Empty to leave that as it is."""
    kept: bool = False
    """Whether what it said may have been kept before it was handed over: it is let go of once the matter has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneTotals:
    """What stands in a lane."""

    lane: Lane
    pending: int
    claimed: int
    in_doubt: int
    next_ms: int | None
    """When the soonest of the pending may go, or might have gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What came of one attempt at a send that did not end well."""

    at_ms: int
    said: str


DecisionState = Literal["live", "paused", "stopped", "archived"]
"""`paused`: nobody enters or moves. `stopped`: everybody leaves. `archived`: stopped, and out of sight."""
OVER: frozenset[DecisionState] = frozenset({"stopped", "archived"})
"""The states in which nobody is under way, or will be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A saved journey or campaign: one immutable version of it."""

    id: str
    kind: Literal["journey", "campaign"]
    version: int
    state: DecisionState
    definition: bytes
    """Its JSON form."""
    published_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessKey:
    """A write key (for collecting) or an api key (for everything under /api)."""

    name: str
    kind: Literal["write", "api"]
    hash: str
    """SHA-256 of the key, in hexadecimal. Of an api key nothing else is kept; a write key is public by nature, and is
    in `shown`."""
    shown: str
    created_ms: int
    revoked_ms: int | None = None
    scopes: tuple[str, ...] | None = None
    """What an api key may do; None: what keys may of which nothing was said."""
    used_ms: int | None = None
    """When an api key was used last, to about a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedSegment:
    """A named segment definition in its JSON form: one immutable version of it."""

    id: str
    name: str
    description: str = ""
    definition: bytes
    updated_ms: int
    """When this version was saved."""
    by: str = ""
    """Who saved it, where that is known."""
    version: int = 0
    """From 1; given by the store. A deletion takes a number too, so numbers never start again."""
    deleted: bool = False
    """True for the version that says it was deleted: the definition is as it was then."""
    live: bool = False
    """Whether it is kept at every moment who is in it."""


def says_the_same(one: SavedSegment, other: SavedSegment) -> bool:
    """Whether all that is said of it is the same: saving the other over the one makes no version."""
    return (one.name, one.description, one.definition, one.live) == (
        other.name,
        other.description,
        other.definition,
        other.live,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCount:
    """How many passed a step of a journey and by which exit, since it was published."""

    origin: str
    version: int
    step: str
    exit: str
    """`entered` for arrivals, else the name of the exit taken."""
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """How often, and when last, an identity entered a journey."""

    count: int
    last_ms: int
    open: bool
    """Whether a visit is still under way."""
    keys: frozenset[str] = frozenset()
    """The entry keys of these entries: a journey entered once per key asks for them."""


class View(
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

    # Who.
    async def identities(self, keys: Sequence[IdentityKey]) -> dict[IdentityKey, Identity]:
        """Those of the keys that are known."""
        ...

    async def identities_by_id(self, ids: Sequence[int]) -> dict[int, Identity]: ...

    async def members(self, persons: Sequence[int]) -> dict[int, list[Identity]]:
        """Each person's identities, in order of id."""
        ...

    async def profiles(self, identities: Sequence[int]) -> dict[int, Profile]:
        """What is known of each identity; identities with nothing known are left out."""
        ...

    async def sayings(self, persons: Sequence[int]) -> dict[int, Profile]:
        """What was said of each person, under any identity: traits, consent and devices.

        Those with nothing known are left out. What they did and when is left out of the profiles, which is most of it.
        """
        ...

    async def links(self, identities: Sequence[int]) -> list[Link]:
        """Every link, undone ones too, that touches any of the identities; in order of id."""
        ...

    async def link(self, link_id: int) -> Link | None:
        """One link by its id."""
        ...

    # The log.
    async def offset(self, group: str) -> int:
        """The next log offset the group is to read; 0 for a new group."""
        ...

    async def offsets(self) -> dict[str, int]:
        """The same for every group there is."""
        ...

    async def seen(self, hashes: Sequence[int]) -> dict[int, int]:
        """For message ids seen before: the position (offset * 4096 + index) of the first."""
        ...

    async def bad_records(self, *, limit: int, before_id: int | None, replayed: bool | None) -> list[BadRecord]:
        """Newest first; `replayed` None means both."""
        ...

    async def bad_records_by_id(self, ids: Sequence[int]) -> list[BadRecord]: ...

    async def count_bad_records(self, *, by_code: bool = False) -> dict[str, int]:
        """Open (not replayed) bad records: by code, or under the key `all`."""
        ...

    # Decisions.
    async def decisions(self, *, latest: bool = True) -> list[Decision]:
        """Every journey and campaign; only the newest version of each unless `latest` is False."""
        ...

    async def decision_states(self) -> list[tuple[str, int, DecisionState]]:
        """Every version of every decision, in order of id and version, with its state: so it is told what changed."""
        ...

    async def open_visits(self, identities: Sequence[int]) -> list[Visit]:
        """Visits under way of these identities, in order of id."""
        ...

    async def visits_of(self, identities: Sequence[int], *, limit: int) -> list[Visit]:
        """Past and present visits of these identities, newest first."""
        ...

    async def due_visits(self, now_ms: int, *, limit: int, without: Sequence[str] = ()) -> list[Visit]:
        """Visits whose `due_ms` is at or before now, soonest first; those of the origins `without` are left out."""
        ...

    async def next_due(self) -> int | None:
        """When the soonest visit or pending send falls due."""
        ...

    async def entered(self, origins: Sequence[str], identities: Sequence[int]) -> dict[tuple[str, int], Entered]:
        """Past and present entries of these identities into these journeys."""
        ...

    async def step_counts(self, origin: str) -> list[StepCount]: ...

    async def waiting(self, origin: str) -> dict[str, int]:
        """How many stand at each step now."""
        ...

    async def under_way(self, origin: str) -> dict[int, int]:
        """How many are under way on each version; it looks at every open visit, so ask it seldom."""
        ...

    async def standing(self, origin: str) -> dict[tuple[int, str], int]:
        """How many are under way on each version at each step; as seldom as `under_way`."""
        ...

    async def visits_at(self, origin: str, version: int, step: str, *, limit: int, after_id: int = 0) -> list[Visit]:
        """Visits under way on a version that stand at a step, in order of id, those numbered above `after_id`."""
        ...

    # Sends.
    async def sends(self, keys: Sequence[str]) -> dict[str, Send]: ...

    async def sends_of(self, *, origin: str | None, identities: Sequence[int] | None, limit: int) -> list[Send]:
        """Newest first."""
        ...

    async def send_totals(self, origin: str | None) -> dict[SendState, int]: ...

    async def claimed_before(self, at_ms: int) -> list[Send]:
        """Sends claimed before then and never settled: in doubt."""
        ...

    async def overdue_claims(self, before_ms: int, *, limit: int) -> list[Send]:
        """Claimed sends whose `send_by_ms` is before then, oldest claim first; those that have none are left out."""
        ...

    async def lane_totals(self) -> list[LaneTotals]:
        """What stands in each lane, in order of channel and urgency; lanes in which nothing stands may be left out."""
        ...

    async def answers(self, keys: Sequence[str]) -> dict[str, list[Answered]]:
        """What came of the attempts at these sends that did not end well, oldest first."""
        ...

    async def dead_letters(
        self,
        *,
        limit: int,
        origin: str | None = None,
        channel: str | None = None,
        before: tuple[int, str] | None = None,
    ) -> list[Send]:
        """Dead letters, newest first by `settled_ms`, then by key; only those after `before` in that order."""
        ...

    async def count_dead_letters(self) -> dict[str, int]:
        """How many dead letters there are, by channel."""
        ...

    async def contacts(self, identities: Sequence[int], since_ms: int) -> dict[int, list[Made]]:
        """The marketing contacts of each identity, on every channel: sends not withheld and not failed, oldest first.

        Those that were meant for a moment from `since_ms` on, or handed over then. One that was asked for more than
        `WAITED_MS_MOST` before may be left out.
        """
        ...

    async def spent(self, origins: Sequence[str]) -> dict[str, dict[str, int]]:
        """What these journeys' messages cost, by day (such as `2026-11-22`), in thousandths of a minor unit."""
        ...

    async def suppressed(self, channel: str, addresses: Sequence[str]) -> dict[str, str]:
        """Suppressed addresses among these, with the reason. Addresses are compared in lower case."""
        ...

    # Own events on their way to the log.
    async def emitted(self, *, limit: int, after_id: int = 0) -> list[tuple[int, Event]]:
        """Oldest first, with their ids; only those with an id above `after_id`."""
        ...

    async def last_emitted(self) -> int:
        """The highest id among them; 0 when there are none. Whoever commits later has a higher one."""
        ...

    # What the history store has yet to be told.
    async def stale_people(self, *, limit: int) -> list[tuple[int, int]]:
        """Persons changed since they were last copied to the history: (person, sequence number of the change)."""
        ...

    # Small things.
    async def keys(self) -> list[AccessKey]: ...

    async def segments(self) -> list[SavedSegment]:
        """The saved segments, each in its newest version, in order of id; deleted ones are left out."""
        ...

    async def deleted_segments(self) -> list[SavedSegment]:
        """For each id that was deleted and not saved since, the version that says so; in order of id."""
        ...

    async def segment_versions(self, segment_id: str, *, limit: int, before: int | None = None) -> list[SavedSegment]:
        """Every version of a segment, deletions too, newest first; only those numbered below `before`, if given."""
        ...

    async def segment_version(self, segment_id: str, version: int) -> SavedSegment | None: ...

    async def note(self, name: str) -> str | None:
        """A small named value."""
        ...

    async def count_people(self) -> int: ...


class Transaction(
    View,
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

    async def add_identities(self, keys: Sequence[IdentityKey], at_ms: int) -> dict[IdentityKey, Identity]:
        """Number new identities densely from 1; each starts as a person of its own. Keys must be new and distinct."""
        ...

    async def put_profiles(self, profiles: Mapping[int, Profile]) -> None: ...

    async def add_link(self, link: Link) -> Link:
        """Record a link; returns it with its id. The person map is changed by `assign`."""
        ...

    async def add_links(self, links: Sequence[Link]) -> list[Link]:
        """Record many links; returns them with their ids, in the same order."""
        ...

    async def undo_link(self, link_id: int, *, at_ms: int, by: str) -> None: ...

    async def assign(self, moves: Mapping[int, int]) -> None:
        """Say which person each identity now belongs to (identity to person)."""
        ...

    async def touch_people(self, persons: Sequence[int]) -> None:
        """Mark persons as changed, so that the history store is told."""
        ...

    async def untouch_people(self, told: Sequence[tuple[int, int]]) -> None:
        """Forget those marks of `stale_people` whose sequence number has not moved on since."""
        ...

    async def set_offset(self, group: str, offset: int) -> None: ...

    async def mark_seen(self, positions: Mapping[int, int], at_ms: int) -> None: ...

    async def forget_seen(self, before_ms: int) -> None: ...

    async def add_bad_records(self, records: Sequence[BadRecord]) -> None:
        """Keep them; one whose `origin` is already kept is passed over."""
        ...

    async def mark_replayed(self, ids: Sequence[int], at_ms: int) -> None: ...

    async def put_decision(self, decision: Decision) -> None:
        """Add a version, or change the `state` of one that exists."""
        ...

    async def add_visits(self, visits: Sequence[Visit]) -> list[Visit]:
        """Returns them with their ids, in the same order."""
        ...

    async def put_visits(self, visits: Sequence[Visit]) -> None: ...

    async def count_steps(self, passed: Sequence[StepCount]) -> None:
        """Add to the step counters."""
        ...

    async def add_sends(self, sends: Sequence[Send]) -> None:
        """Write sends; one whose key exists is passed over."""
        ...

    async def claim_sends(
        self,
        now_ms: int,
        rooms: Mapping[Lane, int],
        *,
        without: Sequence[str] = (),
        claimed_by: str = "",
        send_by_ms: int | None = None,
    ) -> list[Send]:
        """Take pending sends that are due and mark them claimed now: of each lane so many at most, longest due first.

        Lanes come in the order in which they are given. Taking a send counts an attempt. Those of the origins `without`
        are left where they are.
        """
        ...

    async def settle_sends(self, settlements: Sequence[Settlement], at_ms: int) -> None:
        """Write what became of claimed sends. A send that is no longer claimed, or by another claim, is left alone.

        What came of an attempt is kept for `answers` when it did not end well: for `failed`, `in_doubt`, and `pending`
        unless untried.
        """
        ...

    async def replay_dead_letters(self, keys: Sequence[str], at_ms: int) -> list[str]:
        """Make dead letters pending again, due at `at_ms`, as if nobody had tried; returns those that were any."""
        ...

    async def drop_dead_letters(self, keys: Sequence[str]) -> list[str]:
        """Make dead letters plain failures, or plain doubts, for good; returns those that were any."""
        ...

    async def withhold_sends(self, keys: Sequence[str], reason: str, at_ms: int) -> None:
        """Call off sends that wait. Those that wait no more are left alone."""
        ...

    async def spend(self, amounts: Mapping[tuple[str, str], int]) -> None:
        """Add to what journeys spent on days, by origin and day; what is given back is below 0."""
        ...

    async def suppress(self, channel: str, address: str, reason: str, at_ms: int) -> None: ...

    async def emit(self, events: Sequence[Event]) -> None:
        """Keep own events until they are in the log; one whose message id is waiting already is passed over."""
        ...

    async def forget_emitted(self, up_to_id: int) -> None: ...

    async def put_key(self, key: AccessKey) -> None: ...

    async def revoke_key(self, name: str, at_ms: int) -> None: ...

    async def note_key_used(self, name: str, at_ms: int) -> None:
        """Keep when a key was used last."""
        ...

    async def put_segment(self, segment: SavedSegment) -> SavedSegment:
        """Save it as the next version of its id; returns it with its number.

        Where it says what is saved now (`says_the_same`), nothing changes and what is saved is returned.
        """
        ...

    async def delete_segment(self, segment_id: str, *, at_ms: int, by: str = "") -> SavedSegment | None:
        """Leave it out of `segments`; its versions stay. Returns the one that says so; None when it was not saved."""
        ...

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
