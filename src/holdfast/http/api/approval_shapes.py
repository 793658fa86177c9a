"""What waits for a second person, as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import msgspec

from holdfast.flows.teamwork.approving import WAITS_MS, Standing, asked_in, standing
from holdfast.http.shapes import moment, moment_text
from holdfast.ports.teamwork import Approval


@dataclass(frozen=True, kw_only=True)
class ChangePlace:
    """One place that differs; null where there was nothing, or is nothing any more."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, kw_only=True)
class About:
    """What something is about. The id is empty where there is one of its kind, or it was forgotten."""

    kind: str
    id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class ApprovalShape:
    """Something that would contact people, and what became of it.

    `state`: it waits, is approved and done, was refused, withdrawn by who asked, overtaken by a change of what it is
    about, or has expired. `changes` is what it would come to. `request` is the call that is made once it is approved.
    """

    id: int
    state: Standing
    action: str
    about: About
    by: str
    by_name: str
    asked_at: str
    expires_at: str
    changes: list[ChangePlace]
    request: dict[str, Any]
    decided_by: str
    decided_at: str | None
    words: str
    own: bool
    """Whether the caller asked for it, and so may withdraw it and not approve it."""

    @classmethod
    def of(cls, approval: Approval, now_ms: int, caller: str) -> Self:
        asked = asked_in(approval)
        return cls(
            id=approval.id,
            state=standing(approval, now_ms),
            action=approval.action,
            about=About(kind=approval.kind, id=approval.about, name=approval.name),
            by=approval.by,
            by_name=approval.by_name,
            asked_at=moment_text(approval.asked_ms),
            expires_at=moment_text(approval.asked_ms + WAITS_MS),
            changes=change_places(approval.changes),
            request={"method": asked.method, "path": asked.path, "body": _body(asked.body)},
            decided_by=approval.decided_by,
            decided_at=moment(approval.decided_ms),
            words=approval.words,
            own=approval.by == caller,
        )


def change_places(changes: bytes) -> list[ChangePlace]:
    """Changes as they are kept."""
    return [ChangePlace(**each) for each in msgspec.json.decode(changes, type=list[dict[str, Any]])]


def _body(text: str) -> Any:  # noqa: ANN401 - Whatever the call said.
    return msgspec.json.decode(text) if text else None
