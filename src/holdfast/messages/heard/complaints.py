"""Complaints: somebody pressed "spam", and their mailbox provider says so. Source: RFC 5965 (ARF), RFC 6650."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.messages.heard.reports import Report, printable

FEEDBACK_REPORT = "feedback-report"
_NONE = frozenset({"not-spam"})
"""Feedback that is no complaint: somebody took the mail out of the spam folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One complaint about one mail."""

    kind: str
    """`abuse`, `fraud`, `virus`, `opt-out` or `other`."""
    recipient: str
    """Who complained, where the provider says it: many leave it out."""
    message_id: str
    """The mail's own, with its angle brackets; empty where the report does not bring it."""
    feedback_id: str
    """The mail's `Feedback-ID`: campaign, customer, type, sender."""


def read_complaint(report: Report) -> Complaint | None:
    """The complaint a report is; None for other reports."""
    if report.kind != FEEDBACK_REPORT or not report.blocks:
        return None
    fields = report.blocks[0]
    kind = printable(fields.get("feedback-type", "other"), 40).lower() or "other"
    if kind in _NONE:
        return None
    return Complaint(
        kind=kind,
        recipient=fields.get("original-rcpt-to", "").rpartition(";")[2].strip().strip("<>"),
        message_id=report.original.get("message-id", ""),
        feedback_id=report.original.get("feedback-id", ""),
    )
