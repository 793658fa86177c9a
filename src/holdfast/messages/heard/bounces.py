"""Bounces: what a server says that could not deliver a mail it had taken. Source: RFC 3464, RFC 3463 and its registry.

A dead address is written to no more. A full mailbox may be emptied, and a server that wants no mail from us says
nothing about the address: to take a refusal for policy as a dead address loses customers who are there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from holdfast.messages.heard.reports import Fields, Report, printable

BounceKind = Literal["hard", "soft", "block"]
"""`hard`: the address is dead. `soft`: it takes no mail for now. `block`: the server takes no mail from us."""

DELIVERY_STATUS = "delivery-status"
REASON_CHARACTERS_MOST = 300

_HARD = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4"})
"""No such mailbox, domain or address, moved with no word where to, takes no mail, disabled, no way to the domain."""
_VAGUE = frozenset({"", "5.0.0", "5.1.0", "5.5.0", "5.3.0", "5.2.0"})
"""Codes that say no more than no: then the words decide."""
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_BLOCK_WORDS = re.compile(
    r"\bspam|block(ed)?\b|black ?list|blocklist|\bdnsbl|\brbl\b|reputation|policy|spf\b|dkim|dmarc"
    r"|relay(ing)? (access )?denied|access denied|not authori[sz]ed|unsolicited",
    re.IGNORECASE,
)
_FULL_WORDS = re.compile(
    r"\bquota|mailbox( is)? full|over ?quota|insufficient (system )?storage|too large", re.IGNORECASE
)
_GONE_WORDS = re.compile(
    r"(user|recipient|mailbox|address|account)( \S+){0,2} (is )?"
    r"(unknown|not found|does not exist|doesn't exist|disabled)"
    r"|(no such|unknown|invalid) (local )?(user|recipient|mailbox|address|account)"
    r"|(host or )?domain (name )?not found|no mailbox here by that name",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """One recipient that a mail did not reach."""

    recipient: str
    kind: BounceKind
    status: str
    """The enhanced code, such as 5.1.1; empty where none was given."""
    reason: str
    """What the server said, on one line."""


def bounce_kind(status: str, said: str = "") -> BounceKind:
    """What a failure means for the address.

    >>> bounce_kind("5.1.1"), bounce_kind("5.2.2"), bounce_kind("5.7.1"), bounce_kind("4.4.1")
    ('hard', 'soft', 'block', 'soft')
    """
    if status.startswith("4."):
        return "soft"
    if status.startswith(("5.7.", "2.")):
        return "block"
    if status in _HARD:
        # Some servers give 5.1.1 with a refusal for policy; their words are the better witness.
        return "block" if _BLOCK_WORDS.search(said) and not _GONE_WORDS.search(said) else "hard"
    if status not in _VAGUE:
        return "soft"
    if _GONE_WORDS.search(said):
        return "hard"
    return "soft" if _FULL_WORDS.search(said) or not _BLOCK_WORDS.search(said) else "block"


def status_in(text: str) -> str:
    """The first enhanced code in what a server said; empty when there is none.

    >>> status_in("smtp; 550 5.1.1 <nobody@shop.example>: Recipient address rejected")
    '5.1.1'
    """
    found = _STATUS.search(text)
    return found[0] if found else ""


def read_bounces(report: Report) -> tuple[Bounce, ...]:
    """The recipients a report says the mail did not reach; none for word of a delay or a delivery."""
    if report.kind != DELIVERY_STATUS:
        return ()
    found = (_bounce(block) for block in report.blocks if "action" in block)
    return tuple(each for each in found if each is not None)


def _bounce(block: Fields) -> Bounce | None:
    if block["action"].partition(";")[0].strip().lower() != "failed":
        return None
    said = block.get("diagnostic-code", "")
    status = status_in(block.get("status", "")) or status_in(said)
    # The server that reports may only know that it failed; the one it asked said more.
    inner = status_in(said)
    if status in _VAGUE and inner:
        status = inner
    recipient = block.get("original-recipient") or block.get("final-recipient", "")
    return Bounce(
        recipient=recipient.partition(";")[2].strip() or recipient.strip(),
        kind=bounce_kind(status, said),
        status=status,
        reason=printable(said or status, REASON_CHARACTERS_MOST),
    )
