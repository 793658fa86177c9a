"""What the state in memory is made of. A committed `Tables` and every dict in it are never changed again."""

from __future__ import annotations

from dataclasses import dataclass, field

from holdfast.decisions.visit import Visit
from holdfast.events.event import Event, IdentityKey
from holdfast.ports.accounts import Account, Attempts, BrowserSession, OnceLink
from holdfast.ports.adaptive import Weighing
from holdfast.ports.boards import Analysis, AnalysisKind
from holdfast.ports.catalogues import Catalogue, CatalogueItem, CouponCode, CouponPool, Edition
from holdfast.ports.connections import Connection
from holdfast.ports.dictionary import Meaning
from holdfast.ports.erasure import Erasure, Tombstone
from holdfast.ports.experiments import SavedExperiment
from holdfast.ports.holdouts import HoldoutDraw
from holdfast.ports.inbox import InboxItem
from holdfast.ports.live import LiveSegment, Membership
from holdfast.ports.receipts import Reached
from holdfast.ports.runs import Planned, Run
from holdfast.ports.sharing import SharedLink
from holdfast.ports.state import AccessKey, Answered, BadRecord, Decision, Identity, SavedSegment, Send, SendState
from holdfast.ports.teamwork import Approval, AuditEntry, Comment, Draft, Presence
from holdfast.ports.templates import SavedTemplate
from holdfast.ports.turns import Turn
from holdfast.ports.watching import Watch
from holdfast.profiles.identity import Link
from holdfast.profiles.profile import Profile


@dataclass(slots=True, kw_only=True)
class Tables:
    """One moment of the state. A change puts a new dict in the place of the old one, so a snapshot is a reference."""

    identities: dict[int, Identity] = field(default_factory=dict)
    numbers: dict[IdentityKey, int] = field(default_factory=dict)
    profiles: dict[int, Profile] = field(default_factory=dict)
    links: dict[int, Link] = field(default_factory=dict)
    stale: frozenset[tuple[int, int]] = frozenset()
    """Every change that waits: its number, and a person it changed."""
    sequence: int = 0
    offsets: dict[str, int] = field(default_factory=dict)
    seen: dict[int, tuple[int, int]] = field(default_factory=dict)
    """By hash: position, and when it was marked."""
    skipped: dict[int, int] = field(default_factory=dict)
    """By position: when it was marked."""
    bad_records: dict[int, BadRecord] = field(default_factory=dict)
    emitted: dict[int, Event] = field(default_factory=dict)
    emitted_last: int = 0
    decisions: dict[tuple[str, int], Decision] = field(default_factory=dict)
    visits: dict[int, Visit] = field(default_factory=dict)
    planned: dict[str, Planned] = field(default_factory=dict)
    runs: dict[int, Run] = field(default_factory=dict)
    run_members: dict[int, bytes] = field(default_factory=dict)
    """By run: person numbers, 4 bytes each."""
    step_counts: dict[tuple[str, int, str, str], int] = field(default_factory=dict)
    sends: dict[str, Send] = field(default_factory=dict)
    answers: dict[str, tuple[Answered, ...]] = field(default_factory=dict)
    """By send: what came of attempts that did not end well."""
    kept_words: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    """By send: since when, and what it said."""
    suppressions: dict[tuple[str, str], str] = field(default_factory=dict)
    suppressed_ms: dict[tuple[str, str], int] = field(default_factory=dict)
    """Since when, of those and perhaps of others that were lifted."""
    provider_messages: dict[tuple[str, str], Reached] = field(default_factory=dict)
    """By channel and the provider's number."""
    reached: dict[tuple[str, str], Reached] = field(default_factory=dict)
    """By channel and address."""
    devices: dict[str, int] = field(default_factory=dict)
    """By device: as whose it was heard of last."""
    soft_bounces: dict[tuple[str, str, str], int] = field(default_factory=dict)
    """By channel, address and send: when."""
    spending: dict[tuple[str, str], int] = field(default_factory=dict)
    """By origin and day."""
    weighings: dict[tuple[str, int], Weighing] = field(default_factory=dict)
    """By experiment and number."""
    keys: dict[str, AccessKey] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    browser_sessions: dict[str, BrowserSession] = field(default_factory=dict)
    """By id."""
    once_links: dict[str, OnceLink] = field(default_factory=dict)
    attempts: dict[str, Attempts] = field(default_factory=dict)
    segments: dict[tuple[str, int], SavedSegment] = field(default_factory=dict)
    """Every version, deletions too, by id and number."""
    experiments: dict[tuple[str, int], SavedExperiment] = field(default_factory=dict)
    """Every version, by id and number."""
    templates: dict[tuple[str, str, int], SavedTemplate] = field(default_factory=dict)
    """Every version, deletions too, by kind, id and number."""
    notes: dict[str, str] = field(default_factory=dict)
    audit: dict[int, AuditEntry] = field(default_factory=dict)
    approvals: dict[int, Approval] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    mentions: frozenset[tuple[str, int]] = frozenset()
    """Whom comments turn to, with the comment's number."""
    drafts: dict[tuple[str, str], Draft] = field(default_factory=dict)
    analyses: dict[tuple[AnalysisKind, str], Analysis] = field(default_factory=dict)
    holdout_draws: dict[int, HoldoutDraw] = field(default_factory=dict)
    """By when they began."""
    meanings: dict[tuple[str, str], Meaning] = field(default_factory=dict)
    """By event and name."""
    shared_links: dict[str, SharedLink] = field(default_factory=dict)
    presences: dict[tuple[str, str, str], Presence] = field(default_factory=dict)
    live_segments: dict[int, LiveSegment] = field(default_factory=dict)
    live_last: int = 0
    segment_members: dict[tuple[int, int], int] = field(default_factory=dict)
    """By number and person: since when."""
    memberships: dict[int, Membership] = field(default_factory=dict)
    member_timers: frozenset[tuple[int, int]] = frozenset()
    member_reviews: dict[int, bool] = field(default_factory=dict)
    watches: dict[int, Watch] = field(default_factory=dict)
    watch_last: int = 0
    turns: tuple[Turn, ...] = ()
    turn_last: int = 0
    catalogues: dict[str, Catalogue] = field(default_factory=dict)
    editions: dict[int, Edition] = field(default_factory=dict)
    edition_last: int = 0
    catalogue_items: dict[int, dict[str, CatalogueItem]] = field(default_factory=dict)
    """By edition and id."""
    coupon_pools: dict[str, CouponPool] = field(default_factory=dict)
    coupons: dict[int, CouponCode] = field(default_factory=dict)
    coupon_last: int = 0
    connections: dict[str, Connection] = field(default_factory=dict)
    connection_changes: int = 0
    inbox: dict[str, InboxItem] = field(default_factory=dict)
    erasures: dict[str, Erasure] = field(default_factory=dict)
    tombstones: dict[str, Tombstone] = field(default_factory=dict)
    identities_forgotten: int = 0
    """The highest number ever given when somebody was last forgotten; 0 as long as nobody was."""
    totals_forgotten: dict[tuple[str, SendState], int] = field(default_factory=dict)
    """How many settled sends there were to people who are forgotten, by origin."""
