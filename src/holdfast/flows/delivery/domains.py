"""Domains: a mail domain, or a web host, that is slow or says "not now" holds up nobody but itself.

A send whose domain has no place for it now is put off to its turn, in the order in which sends came, and others take
its place. Everything is reckoned from the moments that are passed in; it is forgotten when the process ends, and learnt
again within minutes.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from holdfast.kernel.chance import share
from holdfast.messages.pace import Bucket, Rates
from holdfast.messages.parcel import Deferred, Verdict
from holdfast.ports.state import Send

OPEN_MOST = 30
"""Sends to one domain that may be under way at once, of marketing and of the rest; half as many after each deferral."""
SLOW_MS = 2_000
"""A domain that takes longer than this is slow: what it has no room for is put off, and others are sent meanwhile."""
BUSY_MS = 1_000
"""How long until a slow domain is looked at again that has as many under way as it may."""
PAUSE_MS = 1_000
"""How long a domain is left alone after it deferred something; twice as long each time until it takes something."""
PAUSE_MS_MOST = 300_000
TURN_MS_MOST = 900_000
"""A send is put off no further than this: a domain that is well again by then is not kept waiting."""
DOMAINS_MOST = 10_000
"""Domains that are remembered; of those with nothing under way the one used least lately is forgotten."""
SPACING_MS = 10
"""How far apart turns are given out at a domain of which nothing is known."""


def domain_of(address: str) -> str:
    """The domain an address is served by: of `ada@Mail.example` it is `mail.example`; of a web address, its host."""
    if "://" in address:
        try:
            return urlsplit(address).hostname or ""
        except ValueError:
            return ""
    return address.rpartition("@")[2].lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Slowed:
    """A domain that is not given all there is for it."""

    domain: str
    until_ms: int
    """When it is tried again, or when the last of those put off has its turn."""
    deferrals: int
    """How often in a row it said "not now"."""


@dataclass(slots=True)
class _Domain:
    bucket: Bucket | None
    open: dict[bool, dict[str, int]] = field(default_factory=lambda: {True: {}, False: {}})
    """Under way, transactional ones and others: each send by its key, and since when; the oldest first."""
    deferrals: int = 0
    paused_until_ms: int = 0
    turn_ms: int = 0
    took_ms: float = 0
    """How long one takes, lately."""

    @property
    def open_most(self) -> int:
        return max(1, OPEN_MOST >> min(self.deferrals, 16))

    def is_full(self, *, transactional: bool) -> bool:
        return len(self.open[transactional]) >= self.open_most

    def is_slow(self, now_ms: int) -> bool:
        oldest_ms = min((began for each in self.open.values() for began in each.values()), default=now_ms)
        return self.deferrals > 0 or max(self.took_ms, now_ms - oldest_ms) >= SLOW_MS

    def pause_ms(self, now_ms: int) -> int:
        """Until when it is left alone. What lies further ahead than that may be was said by a clock set back since."""
        return self.paused_until_ms if self.paused_until_ms <= now_ms + PAUSE_MS_MOST else 0

    def next_turn_ms(self, now_ms: int) -> int:
        """The next turn to be given out; the same goes for it."""
        return self.turn_ms if self.turn_ms <= now_ms + TURN_MS_MOST + self.spacing_ms() else 0

    def free_ms(self, now_ms: int, *, transactional: bool) -> int:
        """The first moment at which one more may go, as far as can be said."""
        moment = max(now_ms, self.pause_ms(now_ms))
        if self.bucket is not None and self.bucket.free(now_ms) < 1:
            moment = max(moment, self.bucket.free_at_ms(now_ms))
        if self.is_full(transactional=transactional):
            moment = max(moment, now_ms + BUSY_MS)
        return moment

    def spacing_ms(self) -> int:
        if self.bucket is not None:
            return -(-self.bucket.rate.spacing_us // 1_000)
        return max(SPACING_MS, round(self.took_ms / self.open_most))


class Domains:
    """What is known of each domain."""

    def __init__(self, rates: Rates) -> None:
        """Nothing is under way yet."""
        self._rates = rates
        self._domains: OrderedDict[str, _Domain] = OrderedDict()

    def is_merely_full(self, send: Send, now_ms: int) -> bool:
        """Whether the send's domain has no place for it only because so much is on its way to it just now."""
        of = self._of(send)
        return of.is_full(transactional=send.transactional) and not of.is_slow(now_ms)

    def turn_ms(self, send: Send, now_ms: int) -> int:
        """When the send may go: now, and then its place is taken until `ended` or `let_go`; or when it has its turn."""
        of = self._of(send)
        free_ms = of.free_ms(now_ms, transactional=send.transactional)
        if free_ms <= now_ms:
            of.open[send.transactional][send.key] = now_ms
            if of.bucket is not None:
                of.bucket = of.bucket.taken(1, now_ms)
            return now_ms
        if send.transactional:
            return free_ms  # It waits for the domain, and for none of those that were put off.
        turn_ms = max(of.next_turn_ms(now_ms), free_ms)
        if turn_ms > now_ms + TURN_MS_MOST:
            return now_ms + round(TURN_MS_MOST * (1 + share(f"turn:{send.attempts}", send.key)) / 2)
        of.turn_ms = turn_ms + of.spacing_ms()
        return turn_ms

    def let_go(self, send: Send) -> int | None:
        """The send is no longer under way, and nothing is learnt of its domain; since when it was, if it was."""
        return self._of(send).open[send.transactional].pop(send.key, None)

    def ended(self, send: Send, verdict: Verdict, now_ms: int) -> None:
        """What came of the send."""
        began_ms = self.let_go(send)
        of = self._of(send)
        if began_ms is not None:
            took_ms = max(0, now_ms - began_ms)
            of.took_ms = took_ms if of.took_ms == 0 else 0.8 * of.took_ms + 0.2 * took_ms
        match verdict:
            case Deferred(blame="domain"):
                if now_ms >= of.pause_ms(now_ms):  # Those under way when it began tell nothing new.
                    pause_ms = min(PAUSE_MS_MOST, PAUSE_MS << min(of.deferrals, 16))
                    of.deferrals += 1
                    of.paused_until_ms = now_ms + pause_ms
            case Deferred():
                pass
            case _:
                of.deferrals, of.paused_until_ms = 0, 0

    def slowed(self, now_ms: int) -> list[Slowed]:
        """Those that are waited for, the longest wait first."""
        found = [
            Slowed(domain=name, until_ms=until_ms, deferrals=of.deferrals)
            for name, of in self._domains.items()
            if (until_ms := max(of.pause_ms(now_ms), of.next_turn_ms(now_ms))) > now_ms
        ]
        return sorted(found, key=lambda each: (-each.until_ms, each.domain))

    def _of(self, send: Send) -> _Domain:
        name = domain_of(send.address)
        known = self._domains.get(name)
        if known is None:
            self._make_room()
            rate = self._rates.of(name)
            known = self._domains[name] = _Domain(None if rate is None else Bucket(rate))
        self._domains.move_to_end(name)
        return known

    def _make_room(self) -> None:
        while len(self._domains) >= DOMAINS_MOST:
            idle = next((name for name, of in self._domains.items() if not any(of.open.values())), None)
            if idle is None:
                return
            del self._domains[idle]
