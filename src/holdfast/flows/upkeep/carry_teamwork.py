"""Carry: what people who work together left for each other and what they saved to look at, which no log tells.

Every number stays the one it was.
"""

from __future__ import annotations

from holdfast.ports.boards import AnalysisKind
from holdfast.ports.state import Transaction, View
from holdfast.ports.teamwork import AuditQuery

AT_ONCE = 5_000
EVERYTHING = 2**31


async def carry_teamwork(view: View, transaction: Transaction) -> dict[str, int]:
    """Take over what there is of all of it; returns how many of each."""
    return {
        "audit entries": await _carry_audit(view, transaction),
        "approvals": await _carry_approvals(view, transaction),
        "comments": await _carry_comments(view, transaction),
        "drafts": await _carry_drafts(view, transaction),
        "saved insights and boards": await _carry_analyses(view, transaction),
        "meanings": await _carry_meanings(view, transaction),
        "shared links": await _carry_links(view, transaction),
    }


async def _carry_audit(view: View, transaction: Transaction) -> int:
    before, count = None, 0
    while entries := await view.audit(AuditQuery(), limit=AT_ONCE, before=before):
        before = entries[-1].id
        count += len(entries)
        for entry in entries:
            await transaction.add_audit(entry)
    return count


async def _carry_approvals(view: View, transaction: Transaction) -> int:
    before, count = None, 0
    while approvals := await view.approvals(None, limit=AT_ONCE, before=before):
        before = approvals[-1].id
        count += len(approvals)
        for approval in approvals:
            await transaction.put_approval(approval)
    return count


async def _carry_comments(view: View, transaction: Transaction) -> int:
    last = count = 0
    while comments := await view.comments_after(last, limit=AT_ONCE):
        last = comments[-1].id
        count += len(comments)
        for comment in comments:
            await transaction.put_comment(comment)
            for to in await view.mentions_in(comment.id):
                await transaction.put_mention(to, comment.id)
    return count


async def _carry_drafts(view: View, transaction: Transaction) -> int:
    drafts = await view.drafts(limit=EVERYTHING)
    for draft in drafts:
        await transaction.put_draft(draft)
    return len(drafts)


async def _carry_analyses(view: View, transaction: Transaction) -> int:
    kinds: tuple[AnalysisKind, ...] = ("insight", "board")
    found = [each for kind in kinds for gone in (False, True) for each in await view.analyses(kind, deleted=gone)]
    for analysis in found:
        await transaction.put_analysis(analysis)
    return len(found)


async def _carry_meanings(view: View, transaction: Transaction) -> int:
    meanings = await view.meanings()
    for meaning in meanings:
        await transaction.put_meaning(meaning)
    return len(meanings)


async def _carry_links(view: View, transaction: Transaction) -> int:
    links = await view.shared_links()
    for link in links:
        await transaction.put_shared_link(link)
    return len(links)
