"""Claiming: taking sends for the senders, and writing down what became of them.

A claim is durable before anything is handed over, and the gate is asked again at the claim: what it let through an hour
ago may not be made any more.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from holdfast.decisions.caps import Made
from holdfast.decisions.gate import Contact, GateRules, Reason, Standing, Withheld, gate
from holdfast.decisions.machine import STOPPED
from holdfast.flows.own import told_settled
from holdfast.flows.playbook import Playbook
from holdfast.flows.travel import CHANNEL, load_travellers
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.ports.state import Send, Settlement, Transaction, View

PUT_OFF_MS_MOST = 3_600_000
"""How long a cap may hold up what it let through before. Deliveries are a little early or late, and a mail a day under
a cap of one a day is not to be lost for seconds; what a broken provider held up for longer is."""


async def claim(
    transaction: Transaction, playbook: Playbook, rules: GateRules, now_ms: int, *, room: int, behind: bool
) -> list[Send]:
    """Take sends for the senders, and let go of those that may not be made any more.

    While the log is not read to its end an opt-out may stand in it: only what needs no consent is taken.
    """
    if room <= 0:
        return []
    claimed = await transaction.claim_sends(
        now_ms, limit=room, without=sorted(playbook.paused), transactional_only=behind
    )
    if not claimed:
        return []
    stopped = [send for send in claimed if playbook.is_stopped(send.origin, send.version)]
    running = [send for send in claimed if send not in stopped]
    refused = [Settlement(key=send.key, state="withheld", reason=STOPPED) for send in stopped]
    refused += await still_refused(transaction, running, rules, now_ms)
    await settle(transaction, refused, now_ms)
    keys = {each.key for each in refused}
    return [send for send in claimed if send.key not in keys]


async def settle(transaction: Transaction, settlements: Sequence[Settlement], now_ms: int) -> None:
    """Write what became of claimed sends, suppress addresses found dead, and tell of both."""
    if not settlements:
        return
    sends = await transaction.sends([each.key for each in settlements])
    settlements = [each for each in settlements if each.key in sends]
    owners = await transaction.identities_by_id([send.identity for send in sends.values()])
    await transaction.settle_sends(settlements, now_ms)
    for each in settlements:
        send = sends[each.key]
        if each.gone and send.address:
            await transaction.suppress(send.channel, send.address, "bounced", now_ms)
    told = [
        told_settled(sends[each.key], each, owners[sends[each.key].identity].key, now_ms)
        for each in settlements
        if each.state != "pending" and sends[each.key].state == "claimed"
    ]
    await transaction.emit(told)


def recovered(send: Send, taken: set[str] | None) -> Settlement:
    """What becomes of a send claimed by a process that is no more; `taken` is what the provider says it took."""
    if taken is None:
        return Settlement(key=send.key, state="in_doubt", reason="The server stopped while it was on its way.")
    if send.key in taken:
        return Settlement(key=send.key, state="sent")
    return Settlement(key=send.key, state="pending", reason="The server stopped before it was taken.")


async def still_refused(view: View, sends: Sequence[Send], rules: GateRules, now_ms: int) -> list[Settlement]:
    """Claimed sends that the gate let through and would not any more: withheld, or put off until it would.

    Somebody unsubscribed in between, quiet hours have begun, or others were delivered late, so that this one would be
    too many. Caps are asked with what was handed over, whenever it was meant for.
    """
    owners = await view.identities_by_id([send.identity for send in sends])
    persons = sorted({owner.person for owner in owners.values()})
    travellers = await load_travellers(view, persons, Playbook(), rules, now_ms)
    # A message goes where it was addressed to, though the person may have another address by now.
    dead = await view.suppressed(CHANNEL, sorted({send.address.lower() for send in sends if send.address}))
    claimed = {send.key for send in sends}
    handed = {person: _handed(traveller.recent, claimed) for person, traveller in travellers.items()}
    refused = []
    for send in sends:
        person = owners[send.identity].person
        standing = travellers[person].standing().get(send.channel, Standing())
        standing = replace(standing, suppressed=dead.get(send.address.lower(), standing.suppressed))
        settlement = _settled_again(send, standing, rules, tuple(handed[person]), now_ms)
        if settlement is not None:
            refused.append(settlement)
        elif not send.transactional:
            handed[person].append(Made(channel=send.channel, topic=send.topic, at_ms=now_ms))
    return refused


def _handed(recent: Sequence[Made], claimed: Collection[str]) -> list[Made]:
    """What was handed over before those that are claimed now, each at the moment it was."""
    return [
        replace(each, at_ms=each.handed_ms) for each in recent if each.handed_ms is not None and each.key not in claimed
    ]


def _settled_again(
    send: Send, standing: Standing, rules: GateRules, handed: tuple[Made, ...], now_ms: int
) -> Settlement | None:
    """Why a claimed send does not go now; None when it goes."""
    contact = Contact(channel=send.channel, topic=send.topic, transactional=send.transactional)
    answer = gate(contact, standing, replace(rules, caps=()), from_millis(now_ms))
    if isinstance(answer, Withheld):
        return Settlement(key=send.key, state="withheld", reason=answer.reason)
    if answer.not_before is not None:
        return _put_off(send, "quiet_hours", to_millis(answer.not_before))
    free_ms = rules.free_ms(contact, handed, now_ms)
    if free_ms is None or free_ms > now_ms + PUT_OFF_MS_MOST:
        return Settlement(key=send.key, state="withheld", reason="capped")
    return None if free_ms == now_ms else _put_off(send, "capped", free_ms)


def _put_off(send: Send, reason: Reason, until_ms: int) -> Settlement:
    return Settlement(key=send.key, state="pending", reason=reason, not_before_ms=until_ms, untried=True)
