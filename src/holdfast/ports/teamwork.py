"""What people who work together leave for each other, in the state.

Who changed what, what waits for a second word, comments, drafts, and who looks at what at this moment. A thing they
speak of is named by its kind and id, such as `journey` and `cart-rescue`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

ByKind = Literal["account", "key", "demo", "cli"]
"""Who asks: a person signed in, a program with an api key, whoever sits before an open console, or a command on the
machine itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One change: who made it, what it was, of what, and from where."""

    id: int = 0
    """From 1, in the order of the changes; given by the store unless it is said."""
    at_ms: int
    by: str
    """An account's email, or the name of a key."""
    by_name: str = ""
    by_kind: ByKind = "account"
    action: str
    """What was done, such as `journey.published`."""
    kind: str
    about: str
    """The id of what was changed; empty where it is one of its kind."""
    name: str = ""
    """What that is called."""
    changes: bytes
    """What differs, as JSON: a list of `{"path", "before", "after"}`. Secrets are never in it."""
    source: str = ""
    """The address it was asked from."""


ApprovalState = Literal["waiting", "approved", "refused", "withdrawn", "overtaken"]
"""`approved`: it is done. `overtaken`: what it was about changed before somebody agreed, or it could not be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Something that would contact people, and waits for a second person's word."""

    id: int = 0
    """From 1; given by the store unless it is said."""
    state: ApprovalState = "waiting"
    action: str
    kind: str
    about: str
    name: str = ""
    by: str
    """Who asks for it."""
    by_name: str = ""
    asked_ms: int
    request: bytes
    """The whole call, as JSON: it is carried out as it was asked for."""
    before: str
    """What the thing said when it was asked, as a hash; it must say the same still."""
    changes: bytes = b"[]"
    """As of an audit entry: what it would come to, where that is known."""
    decided_by: str = ""
    decided_ms: int | None = None
    words: str = ""
    """What whoever decided said of it, or why it could not be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """What somebody said of something."""

    id: int = 0
    """From 1; given by the store unless it is said."""
    kind: str
    about: str
    by: str
    by_name: str = ""
    at_ms: int
    text: str
    """Plain text."""
    edited_ms: int | None = None
    resolved_ms: int | None = None
    resolved_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What somebody has written and not saved yet. There is one of each thing, whoever works on it."""

    kind: str
    about: str
    definition: bytes
    """JSON, as the editor has it; it need not be valid."""
    based_on: int
    """The version it began from; 0 for what was never saved."""
    revision: int
    """Higher with every saving, and never given again, not even after the draft was thrown away."""
    by: str
    by_name: str = ""
    updated_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Somebody who has something open before them."""

    kind: str
    about: str
    by: str
    by_name: str = ""
    since_ms: int
    seen_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """Which entries are meant; what is None or empty does not matter."""

    by: str = ""
    kind: str = ""
    about: str | None = None
    """Asked for with a kind."""
    since_ms: int | None = None
    until_ms: int | None = None
    """Entries from this moment on are left out."""


class TeamworkView(Protocol):
    """Reading it."""

    async def audit(self, query: AuditQuery, *, limit: int, before: int | None = None) -> list[AuditEntry]:
        """Newest first; only those numbered below `before`, if given."""
        ...

    async def approvals(self, state: ApprovalState | None, *, limit: int, before: int | None = None) -> list[Approval]:
        """Newest first; only those numbered below `before`, if given."""
        ...

    async def approval(self, approval_id: int) -> Approval | None: ...

    async def count_waiting_approvals(self, since_ms: int) -> int:
        """How many wait that were asked for from then on."""
        ...

    async def comments(self, kind: str, about: str, *, limit: int) -> list[Comment]:
        """What was said of something, the newest so many, oldest first."""
        ...

    async def comments_after(self, comment_id: int, *, limit: int) -> list[Comment]:
        """Every comment in order of id, after one."""
        ...

    async def comment(self, comment_id: int) -> Comment | None: ...

    async def mentions(self, to: str, *, limit: int) -> list[Comment]:
        """What turns to somebody, is not settled, and was not read by them: newest first."""
        ...

    async def count_mentions(self, to: str) -> int:
        """How many of those there are."""
        ...

    async def mentions_in(self, comment_id: int) -> list[str]:
        """Whom a comment turns to who have not read it, in order."""
        ...

    async def draft(self, kind: str, about: str) -> Draft | None: ...

    async def drafts(self, *, limit: int) -> list[Draft]:
        """Drafts, the one saved last first."""
        ...

    async def presences(self, kind: str, about: str, since_ms: int) -> list[Presence]:
        """Who was seen there since then, whoever came first first."""
        ...


class TeamworkTransaction(TeamworkView, Protocol):
    """Changing it."""

    async def add_audit(self, entry: AuditEntry) -> AuditEntry:
        """Keep an entry; returns it with its number. Entries are never changed, but by `blank_audit`."""
        ...

    async def blank_audit(self, kind: str, ids: Sequence[str]) -> int:
        """Take out of the entries about these what they name and say; who did what and when stays. Returns how many."""
        ...

    async def put_approval(self, approval: Approval) -> Approval:
        """Keep it, in the place of the one of that number; returns it with its number."""
        ...

    async def put_comment(self, comment: Comment) -> Comment:
        """Keep it, in the place of the one of that number; returns it with its number."""
        ...

    async def drop_comment(self, comment_id: int) -> None:
        """Delete it; nobody is turned to by it any more."""
        ...

    async def put_mention(self, to: str, comment_id: int) -> None:
        """Note that a comment turns to somebody, who has not read it."""
        ...

    async def drop_mention(self, to: str, comment_id: int) -> None:
        """They have read it, or it turns to them no more."""
        ...

    async def put_draft(self, draft: Draft) -> None:
        """Keep it, in the place of the one there is."""
        ...

    async def drop_draft(self, kind: str, about: str) -> None: ...

    async def put_presence(self, presence: Presence, *, forget_before_ms: int) -> None:
        """Say that somebody is there; whoever was not seen since `forget_before_ms` is forgotten, wherever it was."""
        ...

    async def drop_presence(self, kind: str, about: str, by: str) -> None: ...
