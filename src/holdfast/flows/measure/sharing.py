"""Sharing: links that open one board or one saved insight to who has no account, until they end.

A link is its id, signed with the workspace's secret: it opens what it was made for, can be ended at once, and can be
told again to whoever may share. Nothing that opens anything is kept, so a copy of the state opens nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
from datetime import datetime, timedelta

from holdfast.flows.measure.boards import find_analysis
from holdfast.kernel.errors import NotFound, TooLarge
from holdfast.kernel.moments import to_millis
from holdfast.ports.boards import Analysis, AnalysisKind
from holdfast.ports.sharing import SharedLink
from holdfast.ports.state import State, View

OPEN_LINKS_MOST = 500
"""Links that open something, in one workspace."""
DAYS_MOST = 3_653
_SIGNATURE_BYTES = 24


def link_token(secret: bytes, link_id: str) -> str:
    """What stands in the address."""
    signed = hmac.new(secret, b"shared link\x1f" + link_id.encode(), hashlib.sha256).digest()[:_SIGNATURE_BYTES]
    return f"{link_id}.{base64.urlsafe_b64encode(signed).decode()}"


def link_id_in(secret: bytes, token: str) -> str | None:
    """Whose token it is; None for one that is not ours."""
    link_id = token.partition(".")[0]
    genuine = hmac.compare_digest(token.encode(), link_token(secret, link_id).encode())
    return link_id if genuine else None


async def share(
    state: State, kind: AnalysisKind, about: str, *, link_id: str, days: int | None, by: str, now: datetime
) -> SharedLink:
    """Make a link to a board or saved insight.

    Args:
        link_id: one that no other link has. It need not be hard to guess: the signature is.
        days: for how long it opens; None for as long as nobody ends it.

    Raises NotFound for what is not there, TooLarge when there are too many that open something.
    """
    ends = None if days is None else to_millis(now + timedelta(days=days))
    link = SharedLink(id=link_id, kind=kind, about=about, by=by, made_ms=to_millis(now), expires_ms=ends)
    async with state.begin() as transaction:
        await find_analysis(transaction, kind, about)
        open_links = [each for each in await transaction.shared_links() if each.opens(link.made_ms)]
        if len(open_links) >= OPEN_LINKS_MOST:
            hint = "End those that nobody needs."
            raise TooLarge(f"there are {OPEN_LINKS_MOST:,} links already, which is the most.", path="$", hint=hint)
        await transaction.put_shared_link(link)
    return link


async def end_link(state: State, link_id: str, *, now: datetime) -> SharedLink:
    """End a link: it opens nothing any more. One that ended stays as it is. Raises NotFound."""
    async with state.begin() as transaction:
        found = await transaction.shared_link(link_id)
        if found is None:
            hint = "GET /api/shared-links lists them."
            raise NotFound(f"there is no shared link {link_id!r:.120}.", hint=hint)
        if found.revoked_ms is not None:
            return found
        ended = replace(found, revoked_ms=to_millis(now))
        await transaction.put_shared_link(ended)
    return ended


async def what_it_opens(view: View, secret: bytes, token: str, *, now: datetime) -> tuple[SharedLink, Analysis] | None:
    """The link, and the board or insight as it is now; None for a link that opens nothing."""
    link_id = link_id_in(secret, token)
    link = await view.shared_link(link_id) if link_id is not None else None
    if link is None or not link.opens(to_millis(now)):
        return None
    found = await view.analysis(link.kind, link.about)
    return None if found is None or found.deleted else (link, found)
