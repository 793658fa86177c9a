"""What people who work together leave for each other, in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from holdfast.ports.teamwork import Approval, ApprovalState, AuditEntry, AuditQuery, Comment, Draft, Presence
from holdfast.stores.memory.session import Session

_Row = TypeVar("_Row")


class ReadingTeamwork(Session):
    """Questions about it."""

    async def audit(self, query: AuditQuery, *, limit: int, before: int | None = None) -> list[AuditEntry]:
        found = (each for number, each in _newest(self._tables.audit) if before is None or number < before)
        return [each for each in found if _meant(each, query)][:limit]

    async def approvals(self, state: ApprovalState | None, *, limit: int, before: int | None = None) -> list[Approval]:
        found = (each for number, each in _newest(self._tables.approvals) if before is None or number < before)
        return [each for each in found if state in (None, each.state)][:limit]

    async def approval(self, approval_id: int) -> Approval | None:
        return self._tables.approvals.get(approval_id)

    async def count_waiting_approvals(self, since_ms: int) -> int:
        return sum(each.state == "waiting" and each.asked_ms >= since_ms for each in self._tables.approvals.values())

    async def comments(self, kind: str, about: str, *, limit: int) -> list[Comment]:
        found = [each for _, each in _newest(self._tables.comments) if (each.kind, each.about) == (kind, about)]
        return found[:limit][::-1]

    async def comments_after(self, comment_id: int, *, limit: int) -> list[Comment]:
        return [each for number, each in sorted(self._tables.comments.items()) if number > comment_id][:limit]

    async def comment(self, comment_id: int) -> Comment | None:
        return self._tables.comments.get(comment_id)

    async def mentions(self, to: str, *, limit: int) -> list[Comment]:
        found = [self._tables.comments.get(number) for each, number in self._tables.mentions if each == to]
        open_ones = [each for each in found if each is not None and each.resolved_ms is None]
        return sorted(open_ones, key=lambda each: -each.id)[:limit]

    async def count_mentions(self, to: str) -> int:
        return len(await self.mentions(to, limit=len(self._tables.mentions)))

    async def mentions_in(self, comment_id: int) -> list[str]:
        return sorted(to for to, number in self._tables.mentions if number == comment_id)

    async def draft(self, kind: str, about: str) -> Draft | None:
        return self._tables.drafts.get((kind, about))

    async def drafts(self, *, limit: int) -> list[Draft]:
        return sorted(self._tables.drafts.values(), key=lambda each: (-each.updated_ms, each.kind, each.about))[:limit]

    async def presences(self, kind: str, about: str, since_ms: int) -> list[Presence]:
        found = [
            each
            for each in self._tables.presences.values()
            if (each.kind, each.about) == (kind, about) and each.seen_ms >= since_ms
        ]
        return sorted(found, key=lambda each: (each.since_ms, each.by))


class ChangingTeamwork(ReadingTeamwork):
    """Changes of it."""

    async def add_audit(self, entry: AuditEntry) -> AuditEntry:
        added = replace(entry, id=entry.id or _next(self._tables.audit))
        self._tables.audit = self._tables.audit | {added.id: added}
        return added

    async def blank_audit(self, kind: str, ids: Sequence[str]) -> int:
        theirs = {
            number: replace(each, about="", name="", changes=b"[]")
            for number, each in self._tables.audit.items()
            if each.kind == kind and each.about in ids
        }
        self._tables.audit = self._tables.audit | theirs
        return len(theirs)

    async def put_approval(self, approval: Approval) -> Approval:
        kept = replace(approval, id=approval.id or _next(self._tables.approvals))
        self._tables.approvals = self._tables.approvals | {kept.id: kept}
        return kept

    async def put_comment(self, comment: Comment) -> Comment:
        kept = replace(comment, id=comment.id or _next(self._tables.comments))
        self._tables.comments = self._tables.comments | {kept.id: kept}
        return kept

    async def drop_comment(self, comment_id: int) -> None:
        self._tables.comments = {number: each for number, each in self._tables.comments.items() if number != comment_id}
        self._tables.mentions = frozenset(each for each in self._tables.mentions if each[1] != comment_id)

    async def put_mention(self, to: str, comment_id: int) -> None:
        self._tables.mentions = self._tables.mentions | {(to, comment_id)}

    async def drop_mention(self, to: str, comment_id: int) -> None:
        self._tables.mentions = self._tables.mentions - {(to, comment_id)}

    async def put_draft(self, draft: Draft) -> None:
        self._tables.drafts = self._tables.drafts | {(draft.kind, draft.about): draft}

    async def drop_draft(self, kind: str, about: str) -> None:
        self._tables.drafts = {name: each for name, each in self._tables.drafts.items() if name != (kind, about)}

    async def put_presence(self, presence: Presence, *, forget_before_ms: int) -> None:
        kept = {name: each for name, each in self._tables.presences.items() if each.seen_ms >= forget_before_ms}
        self._tables.presences = kept | {(presence.kind, presence.about, presence.by): presence}

    async def drop_presence(self, kind: str, about: str, by: str) -> None:
        there = self._tables.presences
        self._tables.presences = {name: each for name, each in there.items() if name != (kind, about, by)}


def _meant(entry: AuditEntry, query: AuditQuery) -> bool:
    return (
        query.by in ("", entry.by)
        and query.kind in ("", entry.kind)
        and query.about in (None, entry.about)
        and (query.since_ms is None or entry.at_ms >= query.since_ms)
        and (query.until_ms is None or entry.at_ms < query.until_ms)
    )


def _newest(rows: dict[int, _Row]) -> Iterable[tuple[int, _Row]]:
    return sorted(rows.items(), key=lambda each: -each[0])


def _next(rows: dict[int, _Row]) -> int:
    return max(rows, default=0) + 1
