"""Claiming: taking sends for the senders, and writing down what became of them.

A claim is durable before anything is handed over, and the gate is asked again at the claim: what it let through an hour
ago may not be made any more.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from holdfast.decisions.gate import Contact, GateRules, Reason, Standing, Withheld, gate
from holdfast.decisions.machine import GOAL, STOPPED
from holdfast.decisions.made import Made
from holdfast.decisions.visit import not_after, run_of
from holdfast.events.event import Event, IdentityKey
from holdfast.flows.delivery.lanes import SEND_WITHIN_MS, Lanes
from holdfast.flows.delivery.send import settled_doubt
from holdfast.flows.delivery.warming import count_sent, left_today
from holdfast.flows.delivery.wording import keep_or_drop
from holdfast.flows.ingest.own import told_lost, told_settled, told_variant
from holdfast.flows.journey.playbook import Playbook
from holdfast.flows.journey.travel import day_of, load_travellers
from holdfast.flows.people.erased import suppressed_of
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.messages.doubt import ONCE, DoubtPolicy
from holdfast.messages.pace import Bucket
from holdfast.ports.receipts import ADDRESS_CHARACTERS_MOST, PROVIDER_ID_CHARACTERS_MOST, Reached
from holdfast.ports.state import Identity, Lane, Moving, Send, Settlement, Transaction, View

OUTRANKED: Reason = "outranked"
PACE = "pace/"
"""Before the name of a channel, the note that holds its bucket."""
KNOWN_BY_KEY = frozenset({"email", "webhook", "web_push", "mobile_push", "in_app", "inbox", "slack"})
"""Media on which every receipt says our key, or none comes, and people do not answer: nothing is kept for them."""
PUT_OFF_MS_MOST = 3_600_000
"""How long a cap may hold up what it let through before. Deliveries are a little early or late, and a mail a day under
a cap of one a day is not to be lost for seconds; what a broken provider held up for longer is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What a round of claims came to."""

    sends: Sequence[Send] = ()
    """To be handed over once the claim is durable."""
    put_off: int = 0
    """Those whose domain had no place for them: others may be claimed in theirs."""


NOTHING_CLAIMED = Claimed()


def untaken(sends: Sequence[Send]) -> list[Settlement]:
    """What becomes of claims whose transaction failed, should it have been committed all the same.

    The connection may be lost when the database has committed and before it says so. Then they are claimed, and in
    nobody's hands: they would be in doubt one day, though it is certain that nobody handed them over.
    """
    return [
        Settlement(
            key=send.key,
            state="pending",
            not_before_ms=send.not_before_ms,
            untried=True,
            claimed_by=send.claimed_by,
        )
        for send in sends
    ]


async def claim(
    transaction: Transaction, playbook: Playbook, rules: GateRules, lanes: Lanes, now_ms: int, *, behind: bool
) -> Claimed:
    """Take sends for the senders, and let go of those that may not be made any more.

    While the log is not read to its end an opt-out may stand in it: only what needs no consent is taken. Should the
    transaction be undone, tell the lanes by `Lanes.untaken`.
    """
    rooms = {lane: room for lane, room in lanes.rooms(now_ms).items() if lane.urgency == "transactional" or not behind}
    claimed = await _take(transaction, lanes, rooms, now_ms, sorted(playbook.paused)) if rooms else []
    if not claimed:
        return NOTHING_CLAIMED
    stopped = await _stopped(transaction, playbook, claimed)
    running = [send for send in claimed if send.key not in stopped]
    refused = [Settlement(key=send.key, state="withheld", reason=STOPPED) for send in claimed if send.key in stopped]
    refused += await still_refused(transaction, playbook, running, rules, now_ms)
    keys = {each.key for each in refused}
    put_off = lanes.put_off([send for send in claimed if send.key not in keys], now_ms)
    keys |= {each.key for each in put_off}
    going = [send for send in claimed if send.key not in keys]
    try:
        await settle(transaction, [*refused, *put_off], now_ms)
        await give_back(transaction, claimed, {each.key for each in refused if each.state == "withheld"}, rules)
        await count_sent(transaction, lanes, going, now_ms)
    except BaseException:
        lanes.untaken(going)
        raise
    return Claimed(sends=going, put_off=len(put_off))


async def _stopped(view: View, playbook: Playbook, sends: Sequence[Send]) -> Collection[str]:
    """The keys of those whose journey or campaign was stopped, or of a campaign the run that let the person in."""
    decided = [send for send in sends if send.origin_kind != "keyword"]
    stopped = {send.key for send in decided if playbook.is_stopped(send.origin, send.version)}
    runs = {send.key: run_of(send.variables) for send in sends if send.origin_kind == "campaign"}
    wanted = sorted({each for each in runs.values() if each is not None})
    states = await view.run_states(wanted) if wanted else {}
    over = [await view.run(each) for each, state in states.items() if state == "stopped"]
    # A campaign that others lead into carries on what led into those: their run is not one of its own.
    ended = {(each.origin, each.id) for each in over if each is not None}
    return stopped | {send.key for send in sends if (send.origin, runs.get(send.key)) in ended}


async def _take(
    transaction: Transaction, lanes: Lanes, rooms: Mapping[Lane, int], now_ms: int, without: Sequence[str]
) -> list[Send]:
    """Claim what there is room for, and of channels with a rate what that allows as well."""
    by, send_by_ms = lanes.next_claim(), now_ms + SEND_WITHIN_MS
    claimed = []
    narrow = {each for lane in rooms if _is_narrow(lanes, each := lane.channel, now_ms)}
    wide = {lane: room for lane, room in rooms.items() if lane.channel not in narrow}
    if wide:
        claimed += await transaction.claim_sends(now_ms, wide, without=without, claimed_by=by, send_by_ms=send_by_ms)
    for channel in sorted(narrow):
        bucket = await _bucket(transaction, lanes, channel)
        left = await left_today(transaction, lanes, channel, now_ms)
        free = _free(bucket, lanes.most(channel, now_ms), sum(rooms.values()), now_ms)
        for lane, share in _shares(channel, free, left, turn=lanes.claims):
            room = min(rooms.get(lane, 0), share, free)
            if left is not None and lane.urgency != "transactional":
                room = min(room, left)
            if room <= 0:
                continue
            taken = await transaction.claim_sends(
                now_ms, {lane: room}, without=without, claimed_by=by, send_by_ms=send_by_ms
            )
            rooms = {**rooms, lane: rooms[lane] - len(taken)}
            free -= len(taken)
            left = None if left is None else max(0, left - len(taken))
            bucket = None if bucket is None else bucket.taken(len(taken), now_ms)
            claimed += taken
        if bucket is not None:
            await transaction.set_note(PACE + channel, str(bucket.full_us))
            lanes.paced(bucket, channel, now_ms)
    return claimed


def _is_narrow(lanes: Lanes, channel: str, now_ms: int) -> bool:
    """Whether the channel's lanes must share less than each has room for."""
    limits = (lanes.rate(channel), lanes.most(channel, now_ms), lanes.warm_up(channel))
    return any(each is not None for each in limits)


def _free(bucket: Bucket | None, most: int | None, room: int, now_ms: int) -> int:
    limits = (None if bucket is None else bucket.free(now_ms), most, room)
    return min(each for each in limits if each is not None)


async def _bucket(transaction: Transaction, lanes: Lanes, channel: str) -> Bucket | None:
    """The bucket of a channel that has a rate; it is in the state, so all processes that send take from the same."""
    rate = lanes.rate(channel)
    return None if rate is None else Bucket(rate, int(await transaction.note(PACE + channel) or 0))


def _shares(channel: str, free: int, left: int | None, *, turn: int) -> list[tuple[Lane, int]]:
    """Who may take how many of what a rate allows, in order: first what is transactional, then the others half each.

    They go first in turns, and what one leaves the other may have.
    """
    marketing = [Lane(channel, "journey"), Lane(channel, "broadcast")][:: 1 if turn % 2 else -1]
    half = -(-(free if left is None else min(free, left)) // 2)
    return [
        (Lane(channel, "transactional"), free),
        *((lane, half) for lane in marketing),
        *((lane, free) for lane in marketing),
    ]


async def settle(transaction: Transaction, settlements: Sequence[Settlement], now_ms: int) -> None:
    """Write what became of claimed sends, suppress addresses found dead, and tell of both.

    What somebody says of a claim that is no longer theirs is not heard.
    """
    if not settlements:
        return
    sends = await transaction.sends([each.key for each in settlements])
    settlements = [
        each for each in settlements if each.key in sends and each.claimed_by in (None, sends[each.key].claimed_by)
    ]
    owners = await transaction.identities_by_id([send.identity for send in sends.values()])
    await transaction.settle_sends(settlements, now_ms)
    await keep_or_drop(transaction, sends, settlements, now_ms)
    await transaction.note_reached(_reached(sends, settlements, now_ms))
    for each in settlements:
        send = sends[each.key]
        if each.gone and send.address and not each.lost:
            await transaction.suppress(send.channel, send.address, "bounced", now_ms)
    told = [
        told_settled(sends[each.key], each, owners[sends[each.key].identity].key, now_ms)
        for each in settlements
        if each.state != "pending" and sends[each.key].state == "claimed"
    ]
    told += [
        told_lost(sends[each.key], gone, owners[sends[each.key].identity].key, now_ms)
        for each in settlements
        for gone in each.lost
        if sends[each.key].state == "claimed"
    ]
    ended = [(sends[each.key], each) for each in settlements if sends[each.key].state == "claimed"]
    await transaction.emit([*told, *(await _variants(transaction, ended, owners, now_ms))])


async def _variants(
    view: View, ended: Sequence[tuple[Send, Settlement]], owners: Mapping[int, Identity], now_ms: int
) -> list[Event]:
    """What tells of the variants of saved templates that people were sent for the first time."""
    sent = [
        (owners[send.identity], send, each.told)
        for send, each in ended
        if each.state == "sent" and each.told is not None and each.told.propensity < 1
    ]
    if not sent:
        return []
    members = await view.members(sorted({owner.person for owner, _, _ in sent}))
    profiles = await view.profiles([each.id for those in members.values() for each in those])
    had = {
        person: {name for each in those if each.id in profiles for name in profiles[each.id].variants}
        for person, those in members.items()
    }
    told: list[Event] = []
    for owner, send, which in sent:
        if which.template not in had[owner.person]:
            had[owner.person].add(which.template)
            told.append(told_variant(send, which, owner.key, now_ms))
    return told


def _reached(sends: Mapping[str, Send], settlements: Sequence[Settlement], now_ms: int) -> list[Reached]:
    """What must be known of messages that were taken, so that receipts and answers find them."""
    taken = [(sends[each.key], each.provider_id) for each in settlements if each.state == "sent"]
    return [
        Reached(
            channel=send.channel,
            address=send.address,
            identity=send.identity,
            send=send.key,
            at_ms=now_ms,
            provider_id=number if len(number) <= PROVIDER_ID_CHARACTERS_MOST else "",
        )
        for send, number in taken
        if send.channel not in KNOWN_BY_KEY and len(send.address) <= ADDRESS_CHARACTERS_MOST
    ]


async def called_off(view: View, outranked: Collection[str], new: Sequence[Send]) -> list[tuple[Send, IdentityKey]]:
    """Those of the sends that are still waiting, each with whose it is.

    Args:
        outranked: their keys.
        new: sends that are about to be written; some of these may have been outranked already.
    """
    found = {send.key: send for send in new if send.key in outranked} | await view.sends(list(outranked))
    sends = [found[key] for key in outranked if key in found and found[key].state == "pending"]
    owners = await view.identities_by_id([send.identity for send in sends])
    return [(send, owners[send.identity].key) for send in sends]


async def call_off(
    transaction: Moving, sends: Sequence[tuple[Send, IdentityKey]], outranked: Mapping[str, int], rules: GateRules
) -> None:
    """Withhold sends that made room for more important ones, each at its moment, and tell of it. It reads nothing."""
    for send, _ in sends:
        await transaction.withhold_sends([send.key], OUTRANKED, outranked[send.key])
    await transaction.drop_words([send.key for send, _ in sends if send.attempts])
    await transaction.emit(
        [
            told_settled(
                send,
                Settlement(key=send.key, state="withheld", reason=OUTRANKED),
                owner,
                outranked[send.key],
            )
            for send, owner in sends
        ]
    )
    await give_back(transaction, [send for send, _ in sends], outranked, rules)


async def give_back(transaction: Moving, sends: Sequence[Send], withheld: Container[str], rules: GateRules) -> None:
    """What was not sent after all costs nothing: it is taken off the day on whose account it was."""
    back: dict[tuple[str, str], int] = {}
    for send in sends:
        if send.cost and send.key in withheld:
            account = (send.origin, day_of(from_millis(send.created_ms), rules.zone))
            back[account] = back.get(account, 0) - send.cost
    if back:
        await transaction.spend(back)


def recovered(send: Send, taken: Collection[str] | None, now_ms: int, doubt: DoubtPolicy = ONCE) -> Settlement:
    """What becomes of a send claimed by a process that is no more; `taken` is what the provider says it took."""
    by = send.claimed_by
    if taken is None:
        return settled_doubt(send, "The server stopped while it was on its way.", now_ms, doubt)
    if send.key in taken:
        return Settlement(key=send.key, state="sent", claimed_by=by, kept=True)
    return Settlement(
        key=send.key, state="pending", reason="The server stopped before it was taken.", untried=True, claimed_by=by
    )


async def still_refused(
    view: View, playbook: Playbook, sends: Sequence[Send], rules: GateRules, now_ms: int
) -> list[Settlement]:
    """Claimed sends that the gate let through and would not any more: withheld, or put off until it would.

    Somebody unsubscribed in between, quiet hours have begun, it is past the cut-off, or others were delivered late, so
    that this one would be too many. Caps are asked with what was handed over, whenever it was meant for. And nobody is
    asked for what they have done: who has reached the goal since gets no more marketing for it.
    """
    owners = await view.identities_by_id([send.identity for send in sends])
    persons = sorted({owner.person for owner in owners.values()})
    channels = sorted({send.channel for send in sends})
    travellers = await load_travellers(view, persons, Playbook(), rules, now_ms, channels=channels, visits=())
    # A message goes where it was addressed to, though the person may have another address by now.
    dead = {each: await _suppressed_on(view, rules, each, sends) for each in channels}
    claimed = {send.key for send in sends}
    handed = {person: _handed(traveller.recent, claimed) for person, traveller in travellers.items()}
    refused = []
    for send in sends:
        person = owners[send.identity].person
        standing = travellers[person].standing_on(send.channel, send.address)
        if send.origin_kind == "keyword":
            # It answers who wrote from there, though nothing says that they are reached there.
            standing = msgspec.structs.replace(standing, address=send.address)
        suppressed = dead[send.channel].get(send.address.lower(), standing.suppressed)
        standing = msgspec.structs.replace(standing, suppressed=suppressed)
        settlement = _settled_again(send, standing, rules, tuple(handed[person]), now_ms)
        withheld = settlement is not None and settlement.state == "withheld"
        if not withheld and _has_reached_goal(playbook, send, standing, now_ms):
            settlement = Settlement(key=send.key, state="withheld", reason=GOAL)
        if settlement is not None:
            refused.append(settlement)
        elif not send.transactional:
            handed[person].append(Made(channel=send.channel, topic=send.topic, at_ms=now_ms, priority=send.priority))
    return refused


async def _suppressed_on(view: View, rules: GateRules, channel: str, sends: Sequence[Send]) -> dict[str, str]:
    return await suppressed_of(view, rules, channel, [send.address for send in sends if send.channel == channel])


def _handed(recent: Sequence[Made], claimed: Collection[str]) -> list[Made]:
    """What was handed over before those that are claimed now, each at the moment it was."""
    return [
        msgspec.structs.replace(each, at_ms=each.handed_ms)
        for each in recent
        if each.handed_ms is not None and each.key not in claimed
    ]


def _settled_again(
    send: Send, standing: Standing, rules: GateRules, handed: tuple[Made, ...], now_ms: int
) -> Settlement | None:
    """Why a claimed send does not go now; None when it goes."""
    until = not_after(send.variables)
    contact = Contact(channel=send.channel, topic=send.topic, transactional=send.transactional, not_after=until)
    answer = gate(contact, standing, replace(rules, caps=(), fatigue=()), from_millis(now_ms))
    if isinstance(answer, Withheld):
        return Settlement(key=send.key, state="withheld", reason=answer.reason)
    if answer.not_before is not None:
        return _put_off(send, "quiet_hours", to_millis(answer.not_before))
    free_ms = rules.free_ms(contact, handed, now_ms)
    latest_ms = now_ms + PUT_OFF_MS_MOST if until is None else min(now_ms + PUT_OFF_MS_MOST, to_millis(until))
    if free_ms is None or free_ms > latest_ms:
        return Settlement(key=send.key, state="withheld", reason="capped")
    return None if free_ms == now_ms else _put_off(send, "capped", free_ms)


def _has_reached_goal(playbook: Playbook, send: Send, standing: Standing, now_ms: int) -> bool:
    """Whether the person has done, since a marketing message was asked for, what it is for."""
    play = None if send.transactional else playbook.find(send.origin, send.version)
    if play is None or not play.journey.leave_on_goal:
        return False
    goal = play.journey.goal
    done = standing.tallies.get(goal.event)
    until_ms = min(now_ms, send.created_ms + 1_000 * goal.within_seconds)
    return done is not None and any(send.created_ms < each <= until_ms for each in done.recent_ms)


def _put_off(send: Send, reason: Reason, until_ms: int) -> Settlement:
    return Settlement(key=send.key, state="pending", reason=reason, not_before_ms=until_ms, untried=True)
