"""Lanes: how much of what waits may be claimed now, so that nothing slow or broken holds up anything else.

A lane is a channel and an urgency. Each has room of its own: what is under way in one is never in the way of another. A
provider that is broken closes the lanes of its channel alone, and a domain that is slow is put off by itself.

What is kept here are numbers in memory, a few for each lane and domain however much waits. They begin anew with the
process: every breaker closed, every domain trusted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from holdfast.flows.delivery.domains import SLOW_MS, Domains, Slowed
from holdfast.messages.breaker import Breaker, Standing
from holdfast.messages.doubt import ONCE, DoubtPolicy
from holdfast.messages.mail.warm_up import WarmUp, WarmUps
from holdfast.messages.pace import Bucket, Rate, Rates
from holdfast.messages.parcel import Deferred, InDoubt, Verdict
from holdfast.ports.state import URGENCIES, Lane, Send, Settlement

ROOM = 40
"""Claimed and not settled, in a lane: few, for should the process die, each of them is in doubt."""
SEND_WITHIN_MS = 30_000
"""How long a claim is good for: what was permitted then may be begun until then, and is asked again after it."""

NO_RATES = Rates({})
NO_WARM_UPS: Mapping[str, WarmUps] = {}
NO_SENDERS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrying:
    """How a channel's provider stands."""

    channel: str
    breaker: Standing
    opens_ms: int | None
    """When a broken provider is tried again."""
    rate: Rate | None
    slowed: Sequence[Slowed]


class Lanes:
    """The lanes of some channels, as one process that sends sees them. Channels come and go."""

    def __init__(
        self,
        channels: Mapping[str, DoubtPolicy],
        *,
        owner: str = "",
        rates: Rates = NO_RATES,
        domain_rates: Rates = NO_RATES,
        warm_ups: Mapping[str, WarmUps] = NO_WARM_UPS,
    ) -> None:
        """Nothing is under way.

        Args:
            channels: those that can be sent on at first, each with what becomes of doubt; nothing is claimed of any
                other.
            owner: the name of this process in its claims, used by no other process that lives or ever lived.
            rates: how fast each channel's provider is given messages.
            domain_rates: how fast each domain is; by this process.
            warm_ups: channels on which domains are to send a little more each day, until they are known.
        """
        self._doubts = dict(channels)
        self._owner = owner
        self._claims = 0
        self._closed = False
        self._rates = rates
        self._domain_rates = domain_rates
        self._warm_ups = warm_ups
        self._open: dict[Lane, int] = {}
        self._sender_domains: dict[str, str] = {}
        self._breakers: dict[str, Breaker] = {}
        self._domains: dict[str, Domains] = {}
        self._paced_until_ms: dict[str, int] = {}
        self._held_until_ms: dict[Lane, int] = {}
        """Lanes whose next send goes to a domain that is full: until something ends, or the domain proves slow. And
        those that may send no more today."""
        self.carry(channels)

    @property
    def claims(self) -> int:
        """How many rounds of claims there have been."""
        return self._claims

    def carry(
        self,
        channels: Mapping[str, DoubtPolicy],
        *,
        anew: Collection[str] = (),
        sender_domains: Mapping[str, str] = NO_SENDERS,
    ) -> None:
        """These channels can be sent on from now on, and no others. What is under way on another comes to its end.

        Args:
            anew: channels whose provider is another one from now on: what was known of the one before means nothing.
            sender_domains: by channel, the domain its messages are from, where they are from one.
        """
        self._doubts = dict(channels)
        for channel in channels:
            if sender_domains.get(channel) != self._sender_domains.get(channel):
                self._release(channel)  # The other domain's day may not be used up.
        self._sender_domains = dict(sender_domains)
        for channel in channels:
            for urgency in URGENCIES:
                self._open.setdefault(Lane(channel, urgency), 0)
            if channel not in self._breakers or channel in anew:
                self._breakers[channel] = Breaker()
            self._domains.setdefault(channel, Domains(self._domain_rates))

    def next_claim(self) -> str:
        """A name for the claims of one round, never given before."""
        self._claims += 1
        return f"{self._owner}#{self._claims}"

    def rooms(self, now_ms: int) -> dict[Lane, int]:
        """How many may be claimed of each lane that has room, the most urgent lanes first."""
        rooms: dict[Lane, int] = {}
        if self._closed:
            return rooms
        carried = (each for each in self._open if each.channel in self._doubts)
        for lane in sorted(carried, key=lambda each: (URGENCIES.index(each.urgency), each.channel)):
            room = 0 if now_ms < self._held_until_ms.get(lane, 0) else ROOM - self._open[lane]
            most = self.most(lane.channel, now_ms)
            room = room if most is None else min(room, most)
            if room > 0:
                rooms[lane] = room
        return rooms

    def most(self, channel: str, now_ms: int) -> int | None:
        """How many may be claimed of all the channel's lanes together; None for as many as each has room for."""
        return self._breakers[channel].room(now_ms)

    def doubt(self, channel: str) -> DoubtPolicy:
        """What becomes of the channel's messages in doubt; of one that is not ours, nothing is repeated."""
        return self._doubts.get(channel, ONCE)

    def rate(self, channel: str) -> Rate | None:
        """How fast the channel's provider is given messages; None for as fast as it takes them."""
        return self._rates.of(channel)

    def warm_up(self, channel: str) -> WarmUp | None:
        """By what schedule the marketing of the domain it sends from grows; None where nothing limits it."""
        warm_ups = self._warm_ups.get(channel)
        return None if warm_ups is None else warm_ups.of(self.sender_domain(channel))

    def sender_domain(self, channel: str) -> str:
        """The domain the channel's messages are from; empty where they are from none."""
        return self._sender_domains.get(channel, "")

    def rest(self, channel: str, until_ms: int) -> None:
        """Nothing more of the channel's marketing may go until then."""
        for urgency in URGENCIES:
            if urgency != "transactional":
                self._held_until_ms[Lane(channel, urgency)] = until_ms

    def paced(self, bucket: Bucket, channel: str, now_ms: int) -> None:
        """What a round left in the channel's bucket: if nothing, it is looked at again when the bucket gives one."""
        self._paced_until_ms[channel] = bucket.free_at_ms(now_ms)

    def put_off(self, sends: Sequence[Send], now_ms: int) -> list[Settlement]:
        """Of claimed sends, those whose domain has no place for them now: put off until their turn.

        The others take their places: give each to `take` when the claim stands, to `untaken` when it does not.
        """
        return [put_off for send in sends if (put_off := self._put_off(send, now_ms)) is not None]

    def _put_off(self, send: Send, now_ms: int) -> Settlement | None:
        domains = self._domains[send.channel]
        if domains.is_merely_full(send, now_ms):
            # It stays first in its lane, and has its place as soon as another is done.
            self._held_until_ms[send.lane] = now_ms + SLOW_MS
            return _back(send, send.not_before_ms)
        turn_ms = domains.turn_ms(send, now_ms)
        return _back(send, turn_ms) if turn_ms > now_ms else None

    def untaken(self, sends: Sequence[Send]) -> None:
        """The claim of these was undone."""
        for send in sends:
            self._domains[send.channel].let_go(send)
            self._release(send.channel)

    def take(self, sends: Sequence[Send], now_ms: int) -> None:
        """These are under way."""
        for send in sends:
            self._open[send.lane] += 1
            self._breakers[send.channel] = self._breakers[send.channel].sent(now_ms)

    def close(self) -> None:
        """There is no more room: the process is about to stop."""
        self._closed = True

    def is_open(self, channel: str, now_ms: int) -> bool:
        """Whether the channel's provider is left alone."""
        return self._breakers[channel].standing(now_ms) == "open"

    def let_go(self, send: Send) -> None:
        """The send was not handed over after all."""
        self._end(send)
        self._domains[send.channel].let_go(send)
        self._breakers[send.channel] = self._breakers[send.channel].let_go()

    def ended(self, send: Send, verdict: Verdict, now_ms: int) -> None:
        """What the provider answered, or failed to."""
        self._end(send)
        self._domains[send.channel].ended(send, verdict, now_ms)
        breaker = self._breakers[send.channel]
        match verdict:
            case Deferred(blame="provider") | InDoubt():
                self._breakers[send.channel] = breaker.failed(now_ms)
            case _:
                self._breakers[send.channel] = breaker.answered()

    def opens_ms(self, now_ms: int) -> int | None:
        """The next moment at which there is room again that there is not now, as far as time alone brings it."""
        moments = [each.opens_ms(now_ms) for channel, each in self._breakers.items() if channel in self._doubts]
        waited = (*self._paced_until_ms.values(), *self._held_until_ms.values(), *moments)
        return min((each for each in waited if each is not None and each > now_ms), default=None)

    def carrying(self, now_ms: int, *, slowed_most: int = 20) -> list[Carrying]:
        """How each channel's provider stands."""
        return [
            Carrying(
                channel=channel,
                breaker=breaker.standing(now_ms),
                opens_ms=breaker.opens_ms(now_ms),
                rate=self.rate(channel),
                slowed=self._domains[channel].slowed(now_ms)[:slowed_most],
            )
            for channel, breaker in sorted(self._breakers.items())
            if channel in self._doubts
        ]

    def _end(self, send: Send) -> None:
        self._open[send.lane] -= 1
        self._release(send.channel)

    def _release(self, channel: str) -> None:
        """Something of the channel has ended: there may be a place for whoever is first."""
        held = self._held_until_ms.items()
        self._held_until_ms = {lane: until_ms for lane, until_ms in held if lane.channel != channel}


class FreeLanes(Lanes):
    """Lanes on which nothing is carried, for a rehearsal: room as is said, and nobody to be spared."""

    def __init__(self, channels: Iterable[str], room: int) -> None:
        """So much room in each lane, until `room` is changed."""
        super().__init__(dict.fromkeys(channels, ONCE))
        self.room = room

    def rooms(self, now_ms: int) -> dict[Lane, int]:
        """As much as is said."""
        return dict.fromkeys(super().rooms(now_ms), self.room) if self.room else {}

    def put_off(self, sends: Sequence[Send], now_ms: int) -> list[Settlement]:
        """None."""
        return []


def _back(send: Send, until_ms: int) -> Settlement:
    """The claimed send put back until then."""
    return Settlement(
        key=send.key,
        state="pending",
        reason="Its domain is busy.",
        not_before_ms=until_ms,
        untried=True,
        claimed_by=send.claimed_by,
    )


NO_LANES = Lanes({})
"""Where nothing is sent, nothing is claimed."""
