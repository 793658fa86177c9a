"""The state contract: the audit log, approvals, comments, drafts and presence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from holdfast.ports.state import State
from holdfast.ports.teamwork import Approval, AuditEntry, AuditQuery, Comment, Draft, Presence
from tests.contracts.state_contract import state as state  # noqa: PLC0414 - The fixture.

ENTRY = AuditEntry(
    at_ms=10,
    by="änn@shop.example",
    by_name="Änn \0",
    action="journey.published",
    kind="journey",
    about="cart",
    name="Cart",
    changes=b'[{"path":"$"}]',
    source="127.0.0.1",
)
ASKED = Approval(
    action="journey.published", kind="journey", about="cart", by="ann", asked_ms=5, request=b"{}\xff", before="abc"
)
SAID = Comment(kind="journey", about="cart", by="ann", by_name="Ann", at_ms=1, text="Look \0 at \U0001f600 this")
DRAFT = Draft(kind="segment", about="vips", definition=b"\x00\xff", based_on=2, revision=2**44, by="ann", updated_ms=7)
HERE = Presence(kind="journey", about="cart", by="ann", by_name="Ann", since_ms=1, seen_ms=1)
ALL = AuditQuery()


async def test_entries_are_numbered_as_they_come_and_told_newest_first(state: State) -> None:
    changes = (ENTRY, replace(ENTRY, at_ms=2**45, by="key", by_kind="key"), replace(ENTRY, kind="key", about=""))
    async with state.begin() as transaction:
        kept = [await transaction.add_audit(change) for change in changes]
    assert [each.id for each in kept] == [1, 2, 3]
    assert replace(kept[0], id=0) == ENTRY
    async with state.view() as view:
        assert await view.audit(ALL, limit=9) == kept[::-1]
        assert await view.audit(ALL, limit=1, before=3) == [kept[1]]
        assert await view.audit(ALL, limit=9, before=1) == []


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        (AuditQuery(by="ben"), [6, 3, 2]),
        (AuditQuery(kind="segment"), [6, 5, 2]),
        (AuditQuery(kind="segment", about="a"), [6, 2]),
        (AuditQuery(kind="workspace", about=""), [4]),
        (AuditQuery(by="ben", kind="segment"), [6, 2]),
        (AuditQuery(by="ann", kind="segment", about="b"), [5]),
        (AuditQuery(by="ann", kind="segment", about="a"), []),
        (AuditQuery(since_ms=30), [6, 5, 4, 3]),
        (AuditQuery(since_ms=20, until_ms=40), [3, 2]),
        (AuditQuery(by="ben", since_ms=30), [6, 3]),
        (AuditQuery(kind="segment", until_ms=21), [2]),
        (AuditQuery(kind="segment", about="a", since_ms=21), [6]),
        (AuditQuery(by="nobody"), []),
    ],
)
async def test_entries_are_found_by_who_what_and_when(state: State, query: AuditQuery, numbers: list[int]) -> None:
    entries = [
        ("ann", "journey", "a"),
        ("ben", "segment", "a"),
        ("ben", "journey", "b"),
        ("ann", "workspace", ""),
        ("ann", "segment", "b"),
        ("ben", "segment", "a"),
    ]
    async with state.begin() as transaction:
        for number, (by, kind, about) in enumerate(entries, 1):
            await transaction.add_audit(replace(ENTRY, by=by, kind=kind, about=about, at_ms=number * 10))
    async with state.view() as view:
        assert [each.id for each in await view.audit(query, limit=9)] == numbers
        first = numbers[:1]
        assert [each.id for each in await view.audit(query, limit=1)] == first
        if first:
            assert [each.id for each in await view.audit(query, limit=9, before=first[0])] == numbers[1:]


async def test_entries_about_somebody_forgotten_say_no_more_who_that_was(state: State) -> None:
    async with state.begin() as transaction:
        about = [("person", "ann\0"), ("person", "ben"), ("journey", "ann\0"), ("person", "ann\0")]
        kept = [await transaction.add_audit(replace(ENTRY, kind=kind, about=each)) for kind, each in about]
        assert await transaction.blank_audit("person", ["ann\0", "cem"]) == 2
        assert await transaction.blank_audit("person", []) == 0
    blank = [replace(each, about="", name="", changes=b"[]") for each in kept]
    async with state.view() as view:
        assert await view.audit(ALL, limit=9) == [blank[3], kept[2], kept[1], blank[0]]


async def test_an_entry_that_says_its_number_keeps_it(state: State) -> None:
    async with state.begin() as transaction:
        assert (await transaction.add_audit(replace(ENTRY, id=41))).id == 41
        assert (await transaction.add_audit(ENTRY)).id == 42
        assert (await transaction.put_approval(replace(ASKED, id=7))).id == 7
        assert (await transaction.put_comment(replace(SAID, id=9))).id == 9
    async with state.view() as view:
        assert await view.approval(7) == replace(ASKED, id=7)
        assert await view.comment(9) == replace(SAID, id=9)


async def test_what_waits_for_a_word_is_kept_until_it_has_one(state: State) -> None:
    async with state.begin() as transaction:
        first = await transaction.put_approval(ASKED)
        second = await transaction.put_approval(replace(ASKED, asked_ms=9, changes=b"[1]", by_name="Ann"))
        assert await transaction.count_waiting_approvals(0) == 2
        assert await transaction.count_waiting_approvals(6) == 1
        decided = replace(first, state="approved", decided_by="ben", decided_ms=2**45, words="Go \0")
        assert await transaction.put_approval(decided) == decided
    async with state.view() as view:
        assert await view.approval(1) == decided
        assert await view.approval(3) is None
        assert await view.approvals(None, limit=9) == [second, decided]
        assert await view.approvals("approved", limit=9) == [decided]
        assert await view.approvals("waiting", limit=9) == [second]
        assert await view.approvals(None, limit=9, before=2) == [decided]
        assert await view.approvals("waiting", limit=9, before=2) == []
        assert await view.approvals(None, limit=1) == [second]
        assert await view.count_waiting_approvals(0) == 1


async def test_comments_are_of_one_thing_and_the_newest_so_many_are_told_in_order(state: State) -> None:
    async with state.begin() as transaction:
        kept = [await transaction.put_comment(replace(SAID, at_ms=each)) for each in (1, 2, 3)]
        other = await transaction.put_comment(replace(SAID, kind="segment"))
        resolved = replace(kept[1], text="", edited_ms=5, resolved_ms=6, resolved_by="ben")
        assert await transaction.put_comment(resolved) == resolved
        await transaction.drop_comment(kept[0].id)
        await transaction.drop_comment(99)
    async with state.view() as view:
        assert await view.comments("journey", "cart", limit=9) == [resolved, kept[2]]
        assert await view.comments("journey", "cart", limit=1) == [kept[2]]
        assert await view.comments("journey", "other", limit=9) == []
        assert await view.comments_after(0, limit=9) == [resolved, kept[2], other]
        assert await view.comments_after(2, limit=1) == [kept[2]]
        assert await view.comment(kept[0].id) is None


async def test_who_is_turned_to_finds_it_until_they_have_read_it_or_it_is_settled(state: State) -> None:
    async with state.begin() as transaction:
        kept = [await transaction.put_comment(replace(SAID, at_ms=each)) for each in (1, 2, 3, 4)]
        for to, comment in (("änn@shop.example", 0), ("änn@shop.example", 2), ("ben", 2), ("ben", 3), ("ben", 3)):
            await transaction.put_mention(to, kept[comment].id)
        await transaction.put_comment(replace(kept[0], text="Other"))
    async with state.view() as view:
        assert await view.mentions("änn@shop.example", limit=9) == [kept[2], replace(kept[0], text="Other")]
        assert await view.mentions("ben", limit=1) == [kept[3]]
        assert (await view.count_mentions("ben"), await view.count_mentions("cat")) == (2, 0)
        assert await view.mentions_in(kept[2].id) == ["ben", "änn@shop.example"]
    async with state.begin() as transaction:
        await transaction.drop_mention("ben", kept[3].id)
        await transaction.drop_mention("cat", kept[2].id)
        assert await transaction.mentions("ben", limit=9) == [kept[2]]
        settled = await transaction.put_comment(replace(kept[2], resolved_ms=5, resolved_by="ann"))
        assert await transaction.mentions("ben", limit=9) == []
        assert await transaction.count_mentions("ben") == 0
        await transaction.put_comment(replace(settled, resolved_ms=None, resolved_by=""))
        assert await transaction.count_mentions("ben") == 1
        await transaction.drop_comment(kept[2].id)
        assert await transaction.mentions_in(kept[2].id) == []
        # Under the number of one that was dropped nobody is turned to.
        await transaction.put_comment(replace(SAID, id=kept[2].id))
        assert await transaction.mentions("ben", limit=9) == []


async def test_a_thing_has_one_draft(state: State) -> None:
    other = replace(DRAFT, kind="journey", updated_ms=8)
    async with state.begin() as transaction:
        assert await transaction.draft("segment", "vips") is None
        await transaction.put_draft(DRAFT)
        await transaction.put_draft(other)
        assert await transaction.draft("segment", "vips") == DRAFT
        newer = replace(DRAFT, definition=b"2", based_on=3, revision=DRAFT.revision + 1, by="ben", by_name="Ben")
        await transaction.put_draft(newer)
    async with state.begin() as transaction:
        assert await transaction.drafts(limit=9) == [other, newer]
        assert await transaction.drafts(limit=1) == [other]
        await transaction.drop_draft("segment", "vips")
        await transaction.drop_draft("segment", "none")
    async with state.view() as view:
        assert await view.draft("segment", "vips") is None
        assert await view.drafts(limit=9) == [other]


async def test_who_is_there_is_forgotten_when_they_were_not_seen_for_long(state: State) -> None:
    ben = replace(HERE, by="ben", by_name="", since_ms=0, seen_ms=20)
    async with state.begin() as transaction:
        await transaction.put_presence(HERE, forget_before_ms=0)
        await transaction.put_presence(replace(HERE, kind="segment", seen_ms=30), forget_before_ms=0)
        await transaction.put_presence(ben, forget_before_ms=1)
        assert await transaction.presences("journey", "cart", 0) == [ben, HERE]
        assert await transaction.presences("journey", "cart", 20) == [ben]
        again = replace(HERE, seen_ms=40, by_name="Änn")
        await transaction.put_presence(again, forget_before_ms=21)
        assert await transaction.presences("journey", "cart", 0) == [again]
        await transaction.drop_presence("journey", "cart", "ann")
    async with state.view() as view:
        assert await view.presences("journey", "cart", 0) == []
        assert len(await view.presences("segment", "cart", 0)) == 1
