"""Approving: whatever would contact people waits for a second person, where the workspace asks for that.

What is asked for is the whole call. It is tried before it is kept, so that nobody is asked for what cannot be; and it
is carried out as it was asked, once, and only if what it is about still says what it said then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Literal, TypeAlias, cast

import msgspec

from holdfast.flows.teamwork.deed import Rehearsed
from holdfast.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from holdfast.ports.state import State, View
from holdfast.ports.teamwork import Approval, ApprovalState, ByKind

WAITS = timedelta(days=14)
"""How long a request waits. After that whoever asked is to ask again: the world has moved on."""
WAITS_MS = WAITS // timedelta(milliseconds=1)
WAITING_MOST = 1_000
WORDS_MOST = 2_000
_NOTE = "approval_rule"
"""The state's note of the rule, where the console has set one."""

ApprovalRule: TypeAlias = Literal["none", "second_person"]
Standing: TypeAlias = ApprovalState | Literal["expired"]
Say: TypeAlias = Literal["approve", "refuse", "withdraw"]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The call that waits."""

    method: str
    path: str
    """As it came, with what is encoded in it."""
    query: str = ""
    body: str = ""
    by_kind: ByKind = "account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Whether a second person has to agree, and whether that is said by the settings of the server."""

    rule: ApprovalRule
    fixed: bool
    """Set for the server, and not to be changed from the console."""


async def rule_of(view: View, *, fixed: bool) -> Rule:
    """The rule that holds; `fixed` where the settings of the server ask for a second person."""
    if fixed:
        return Rule(rule="second_person", fixed=True)
    return Rule(rule=cast("ApprovalRule", await view.note(_NOTE) or "none"), fixed=False)


async def set_rule(state: State, rule: ApprovalRule, *, fixed: bool) -> Rule:
    """Change it. Raises Conflict where the settings of the server say it."""
    if fixed and rule != "second_person":
        raise Conflict(
            "the settings of the server ask for a second person.",
            path="$.rule",
            hint="Change `approval` in holdfast.toml, or HOLDFAST_APPROVAL.",
        )
    async with state.begin() as transaction:
        await transaction.set_note(_NOTE, rule)
        return await rule_of(transaction, fixed=fixed)


async def approval_needed(state: State, *, fixed: bool) -> bool:
    """Whether what contacts people has to wait."""
    async with state.view() as view:
        return (await rule_of(view, fixed=fixed)).rule == "second_person"


async def ask_for_approval(state: State, tried: Rehearsed, asked: Asked) -> Approval:
    """Keep what was tried until somebody agrees; what the same person asked for before of the same thing is withdrawn.

    Raises Conflict when too much waits.
    """
    deed = tried.deed
    about = deed.about[0] if len(deed.about) == 1 else ", ".join(deed.about)[:500]
    approval = Approval(
        action=deed.action,
        kind=deed.kind,
        about=about,
        name=tried.name if len(deed.about) == 1 else "",
        by=deed.by,
        by_name=deed.by_name,
        asked_ms=deed.at_ms,
        request=msgspec.json.encode(asked),
        before=tried.before,
        changes=tried.changes,
    )
    async with state.begin() as transaction:
        waiting = await transaction.approvals("waiting", limit=WAITING_MOST)
        if len(waiting) >= WAITING_MOST:
            raise Conflict("too much waits for approval.", code="too_many", hint="Decide on some of it first.")
        for each in waiting:
            if (each.by, each.kind, each.about, each.action) == (deed.by, deed.kind, about, deed.action):
                gone = replace(each, state="withdrawn", decided_by=deed.by, decided_ms=deed.at_ms, words="Asked anew.")
                await transaction.put_approval(gone)
        kept = await transaction.put_approval(approval)
        await transaction.add_audit(tried.entry("approval.asked", str(kept.id), kept.name or about))
    return kept


def standing(approval: Approval, now_ms: int) -> Standing:
    """How it stands at this moment."""
    if approval.state == "waiting" and approval.asked_ms + WAITS_MS <= now_ms:
        return "expired"
    return approval.state


async def find_approval(view: View, approval_id: int) -> Approval:
    """One that was asked for. Raises NotFound."""
    found = await view.approval(approval_id)
    if found is None:
        raise NotFound("nobody asked for that approval.", hint="GET /api/approvals lists them.")
    return found


def check_decision(approval: Approval, say: Say, *, by: str, may_approve: bool, now_ms: int) -> None:
    """Complain where this cannot be decided, or not by them.

    Raises:
        Conflict: it does not wait any more.
        Forbidden: nobody agrees to what they asked for; only who asked for it withdraws it.
    """
    stands = standing(approval, now_ms)
    if stands != "waiting":
        raise Conflict(f"this was {_STANDS[stands]} already.", code="decided", hint="Ask for it anew where it is due.")
    own = approval.by == by
    if say == "withdraw" and not own:
        raise Forbidden("only who asked for it withdraws it.", hint="Refuse it instead.")
    if say == "approve" and own:
        raise Forbidden(
            "nobody approves what they asked for themselves.", code="own_request", hint="Ask somebody else to."
        )
    if say != "withdraw" and not may_approve:
        raise Forbidden(
            "this needs the permission `approve`.",
            hint="An owner or admin can grant it in Settings → Accounts.",
            needs="approve",
        )


def check_words(words: str) -> str:
    """What is said of a decision. Raises Invalid when it is too long."""
    if len(words) > WORDS_MOST:
        raise Invalid(f"that is over {WORDS_MOST} characters.", path="$.words", hint="Say it shorter.")
    return words.strip()


async def decline(
    state: State,
    approval_id: int,
    to: Literal["refused", "withdrawn", "overtaken"],
    *,
    by: str,
    words: str,
    now_ms: int,
) -> Approval:
    """Note that it is not done. Raises NotFound, and Conflict where it waits no more."""
    async with state.begin() as transaction:
        approval = await find_approval(transaction, approval_id)
        if approval.state != "waiting":
            raise Conflict("somebody has decided on it already.", code="decided", hint="Look at it again.")
        decided = replace(approval, state=to, decided_by=by, decided_ms=now_ms, words=words)
        return await transaction.put_approval(decided)


def asked_in(approval: Approval) -> Asked:
    """The call that waits."""
    return msgspec.json.decode(approval.request, type=Asked)


_STANDS: Mapping[Standing, str] = MappingProxyType(
    {
        "waiting": "asked for",
        "approved": "approved",
        "refused": "refused",
        "withdrawn": "withdrawn",
        "overtaken": "overtaken by a change",
        "expired": "left undecided for 14 days, and has expired,",
    }
)
