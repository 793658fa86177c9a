"""What people who work together leave for each other, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from holdfast.ports.teamwork import Approval, ApprovalState, AuditEntry, AuditQuery, Comment, Draft, Presence
from holdfast.stores.postgres.queries import load
from holdfast.stores.postgres.session import Row, Session

_SQL = load("teamwork")
_NOTHING = b"[]"
"""No changes, as JSON."""


class ReadingTeamwork(Session):
    """Questions about it."""

    async def audit(self, query: AuditQuery, *, limit: int, before: int | None = None) -> list[AuditEntry]:
        rest = (before, query.since_ms, query.until_ms, limit)
        if query.by:
            rows = await self._rows(_SQL["audit_by"], query.by, query.kind, query.about, *rest)
        elif query.about is not None:
            rows = await self._rows(_SQL["audit_about"], query.kind, query.about, *rest)
        elif query.kind:
            rows = await self._rows(_SQL["audit_of_kind"], query.kind, *rest)
        else:
            rows = await self._rows(_SQL["audit"], *rest)
        return [_entry(row) for row in rows]

    async def approvals(self, state: ApprovalState | None, *, limit: int, before: int | None = None) -> list[Approval]:
        if state is None:
            return [_approval(row) for row in await self._rows(_SQL["approvals"], before, limit)]
        return [_approval(row) for row in await self._rows(_SQL["approvals_in"], state, before, limit)]

    async def approval(self, approval_id: int) -> Approval | None:
        row = await self._row(_SQL["approval"], approval_id)
        return _approval(row) if row else None

    async def count_waiting_approvals(self, since_ms: int) -> int:
        return await self._number(_SQL["count_waiting"], since_ms)

    async def comments(self, kind: str, about: str, *, limit: int) -> list[Comment]:
        return [_comment(row) for row in await self._rows(_SQL["comments"], kind, about, limit)][::-1]

    async def comments_after(self, comment_id: int, *, limit: int) -> list[Comment]:
        return [_comment(row) for row in await self._rows(_SQL["comments_after"], comment_id, limit)]

    async def comment(self, comment_id: int) -> Comment | None:
        row = await self._row(_SQL["comment"], comment_id)
        return _comment(row) if row else None

    async def mentions(self, to: str, *, limit: int) -> list[Comment]:
        return [_comment(row) for row in await self._rows(_SQL["mentions"], to, limit)]

    async def count_mentions(self, to: str) -> int:
        return await self._number(_SQL["count_mentions"], to)

    async def mentions_in(self, comment_id: int) -> list[str]:
        return [to for (to,) in await self._rows(_SQL["mentions_in"], comment_id)]

    async def draft(self, kind: str, about: str) -> Draft | None:
        row = await self._row(_SQL["draft"], kind, about)
        return _draft(row) if row else None

    async def drafts(self, *, limit: int) -> list[Draft]:
        return [_draft(row) for row in await self._rows(_SQL["drafts"], limit)]

    async def presences(self, kind: str, about: str, since_ms: int) -> list[Presence]:
        return [_presence(row) for row in await self._rows(_SQL["presences"], kind, about, since_ms)]


class ChangingTeamwork(ReadingTeamwork):
    """Changes of it."""

    async def add_audit(self, entry: AuditEntry) -> AuditEntry:
        number = await self._number(
            _SQL["add_audit"],
            entry.id,
            entry.at_ms,
            entry.by,
            entry.by_name,
            entry.by_kind,
            entry.action,
            entry.kind,
            entry.about,
            entry.name,
            entry.changes,
            entry.source,
        )
        return replace(entry, id=number)

    async def blank_audit(self, kind: str, ids: Sequence[str]) -> int:
        return len(await self._rows(_SQL["blank_audit"], kind, list(ids), _NOTHING))

    async def put_approval(self, approval: Approval) -> Approval:
        number = await self._number(
            _SQL["put_approval"],
            approval.id,
            approval.state,
            approval.action,
            approval.kind,
            approval.about,
            approval.name,
            approval.by,
            approval.by_name,
            approval.asked_ms,
            approval.request,
            approval.before,
            approval.changes,
            approval.decided_by,
            approval.decided_ms,
            approval.words,
        )
        return replace(approval, id=number)

    async def put_comment(self, comment: Comment) -> Comment:
        number = await self._number(
            _SQL["put_comment"],
            comment.id,
            comment.kind,
            comment.about,
            comment.by,
            comment.by_name,
            comment.at_ms,
            comment.text,
            comment.edited_ms,
            comment.resolved_ms,
            comment.resolved_by,
        )
        return replace(comment, id=number)

    async def drop_comment(self, comment_id: int) -> None:
        await self._do(_SQL["drop_mentions_in"], comment_id)
        await self._do(_SQL["drop_comment"], comment_id)

    async def put_mention(self, to: str, comment_id: int) -> None:
        await self._do(_SQL["put_mention"], to, comment_id)

    async def drop_mention(self, to: str, comment_id: int) -> None:
        await self._do(_SQL["drop_mention"], to, comment_id)

    async def put_draft(self, draft: Draft) -> None:
        await self._do(
            _SQL["put_draft"],
            draft.kind,
            draft.about,
            draft.definition,
            draft.based_on,
            draft.revision,
            draft.by,
            draft.by_name,
            draft.updated_ms,
        )

    async def drop_draft(self, kind: str, about: str) -> None:
        await self._do(_SQL["drop_draft"], kind, about)

    async def put_presence(self, presence: Presence, *, forget_before_ms: int) -> None:
        await self._do(_SQL["forget_presence"], forget_before_ms)
        await self._do(
            _SQL["put_presence"],
            presence.kind,
            presence.about,
            presence.by,
            presence.by_name,
            presence.since_ms,
            presence.seen_ms,
        )

    async def drop_presence(self, kind: str, about: str, by: str) -> None:
        await self._do(_SQL["drop_presence"], kind, about, by)


def _entry(row: Row) -> AuditEntry:
    number, at_ms, by, by_name, by_kind, action, kind, about, name, changes, source = row
    return AuditEntry(
        id=number,
        at_ms=at_ms,
        by=by,
        by_name=by_name,
        by_kind=by_kind,
        action=action,
        kind=kind,
        about=about,
        name=name,
        changes=changes,
        source=source,
    )


def _approval(row: Row) -> Approval:
    number, state, action, kind, about, name, by, by_name, asked_ms, *rest = row
    request, before, changes, decided_by, decided_ms, words = rest
    return Approval(
        id=number,
        state=state,
        action=action,
        kind=kind,
        about=about,
        name=name,
        by=by,
        by_name=by_name,
        asked_ms=asked_ms,
        request=request,
        before=before,
        changes=changes,
        decided_by=decided_by,
        decided_ms=decided_ms,
        words=words,
    )


def _comment(row: Row) -> Comment:
    number, kind, about, by, by_name, at_ms, text, edited_ms, resolved_ms, resolved_by = row
    return Comment(
        id=number,
        kind=kind,
        about=about,
        by=by,
        by_name=by_name,
        at_ms=at_ms,
        text=text,
        edited_ms=edited_ms,
        resolved_ms=resolved_ms,
        resolved_by=resolved_by,
    )


def _draft(row: Row) -> Draft:
    kind, about, definition, based_on, revision, by, by_name, updated_ms = row
    return Draft(
        kind=kind,
        about=about,
        definition=definition,
        based_on=based_on,
        revision=revision,
        by=by,
        by_name=by_name,
        updated_ms=updated_ms,
    )


def _presence(row: Row) -> Presence:
    kind, about, by, by_name, since_ms, seen_ms = row
    return Presence(kind=kind, about=about, by=by, by_name=by_name, since_ms=since_ms, seen_ms=seen_ms)
