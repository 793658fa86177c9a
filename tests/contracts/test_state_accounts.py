"""The state contract: accounts, the sessions of browsers, links that work once, attempts; and what keys may do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from holdfast.ports.accounts import Account, Attempts, BrowserSession, OnceLink
from holdfast.ports.state import AccessKey, State
from tests.contracts.state_contract import state as state  # noqa: PLC0414 - The fixture.

ADA = Account(
    id="acc_ada",
    email="ada@shop.example",
    name="Ada “ß” \U0001f600",
    role="owner",
    state="active",
    created_ms=2**41,
    seen_ms=2**41 + 1,
    language="de",
    password="$argon2id$v=19$…",
    two_factor=b"\x00\x01\xff",
    subject="https://id.example\x1f7",
)
BOB = Account(id="acc_bob", email="bob@shop.example", name="", role="viewer", state="invited", created_ms=7)
PHONE = BrowserSession(
    id="s1",
    hash="h1",
    account_id="acc_ada",
    created_ms=1,
    seen_ms=5,
    until_ms=2**41,
    device="Mozilla/5.0 “x”",
    address="2001:db8::1",
)
DESK = replace(PHONE, id="s2", hash="h2", seen_ms=9, until_ms=100)
OF_A_KEY = replace(PHONE, id="s3", hash="h3", account_id="", key_name="owner", until_ms=50)
INVITATION = OnceLink(
    hash="l1", purpose="invitation", account_id="acc_bob", created_ms=1, until_ms=50, by="ada@shop.example"
)
RESET = replace(INVITATION, hash="l2", purpose="reset", until_ms=100)
FIRST = replace(INVITATION, hash="l3", purpose="first", account_id="", until_ms=2**41, by="")


async def test_accounts_are_found_by_each_of_their_names(state: State) -> None:
    async with state.begin() as transaction:
        assert await transaction.accounts() == []
        await transaction.put_account(ADA)
        await transaction.put_account(BOB)
        assert await transaction.account_by_email("bob@shop.example") == BOB
    async with state.view() as view:
        assert await view.accounts() == [BOB, ADA], "the oldest first"
        assert await view.account("acc_ada") == ADA
        assert await view.account("ada@shop.example") is None
        assert await view.account_by_email("ada@shop.example") == ADA
        assert await view.account_by_email("ADA@shop.example") is None
        assert await view.account_by_subject("https://id.example\x1f7") == ADA
        assert await view.account_by_subject("") is None, "who came by no provider is not found by none"


async def test_one_is_replaced_whole(state: State) -> None:
    changed = replace(
        ADA, email="a@x.example", name="A", role="agent", state="disabled", seen_ms=None, language="", password="",
        two_factor=b"", subject="", created_ms=1,
    )  # fmt: skip
    async with state.begin() as transaction:
        await transaction.put_account(ADA)
        await transaction.put_account(changed)
    async with state.view() as view:
        assert await view.accounts() == [changed]
        assert await view.account_by_email("ada@shop.example") is None


@pytest.mark.parametrize("other", [replace(BOB, email=ADA.email), replace(BOB, subject=ADA.subject)])
async def test_no_two_have_one_name(state: State, other: Account) -> None:
    with pytest.raises(Exception, match=r".+"):  # noqa: PT012 - Where it is noticed is the store's own affair.
        async with state.begin() as transaction:
            await transaction.put_account(ADA)
            await transaction.put_account(other)
    async with state.view() as view:
        assert await view.accounts() == []


async def test_sessions(state: State) -> None:
    async with state.begin() as transaction:
        for each in (PHONE, DESK, OF_A_KEY):
            await transaction.put_browser_session(each)
    async with state.view() as view:
        assert await view.browser_session("h1") == PHONE
        assert await view.browser_session("s1") is None
        assert await view.browser_session("h3") == OF_A_KEY
        assert await view.browser_sessions("acc_ada") == [DESK, PHONE], "the one seen last first"
    async with state.begin() as transaction:
        seen = replace(PHONE, seen_ms=77, address="192.0.2.1")
        await transaction.put_browser_session(seen)
        assert await transaction.browser_sessions("acc_ada") == [seen, DESK]
        await transaction.drop_browser_sessions("acc_ada", but="s2")
        assert await transaction.browser_sessions("acc_ada") == [DESK]
        await transaction.drop_browser_session("s2")
        await transaction.drop_browser_session("s2")
        assert await transaction.browser_sessions("acc_ada") == []
        assert await transaction.browser_session("h3") == OF_A_KEY


async def test_links_that_work_once(state: State) -> None:
    async with state.begin() as transaction:
        for each in (RESET, INVITATION, FIRST):
            await transaction.put_once_link(each)
    async with state.begin() as transaction:
        assert await transaction.once_link("l1") == INVITATION
        assert await transaction.once_links("first") == [FIRST]
        await transaction.drop_once_links("reset", "acc_bob")
        assert await transaction.once_link("l2") is None
        assert await transaction.once_links("invitation") == [INVITATION]
        await transaction.drop_once_link("l1")
        await transaction.drop_once_link("l1")
        assert await transaction.once_links("invitation") == []
    async with state.view() as view:
        assert await view.once_link("l3") == FIRST


async def test_who_is_forgotten_leaves_no_session_and_no_link(state: State) -> None:
    async with state.begin() as transaction:
        for account in (ADA, BOB):
            await transaction.put_account(account)
        for session in (PHONE, DESK, OF_A_KEY, replace(PHONE, id="s4", hash="h4", account_id="acc_bob")):
            await transaction.put_browser_session(session)
        for link in (INVITATION, RESET, FIRST):
            await transaction.put_once_link(link)
        await transaction.drop_account("acc_bob")
        await transaction.drop_account("nobody")
        assert await transaction.accounts() == [ADA]
        assert await transaction.browser_session("h4") is None
        assert await transaction.browser_sessions("acc_ada") == [DESK, PHONE]
        assert [await transaction.once_link(each) for each in ("l1", "l2", "l3")] == [None, None, FIRST]


async def test_attempts(state: State) -> None:
    async with state.begin() as transaction:
        assert await transaction.attempts("k") is None
        await transaction.put_attempts(Attempts(key="k", count=1, until_ms=10))
        await transaction.put_attempts(Attempts(key="k", count=2, until_ms=2**41))
        assert await transaction.attempts("k") == Attempts(key="k", count=2, until_ms=2**41)
        await transaction.drop_attempts("k")
        await transaction.drop_attempts("k")
        assert await transaction.attempts("k") is None


async def test_what_is_over_is_swept_away_to_the_moment(state: State) -> None:
    async with state.begin() as transaction:
        for session in (PHONE, DESK, OF_A_KEY):
            await transaction.put_browser_session(session)
        for link in (INVITATION, RESET, FIRST):
            await transaction.put_once_link(link)
        for number in (50, 51, 100, 101):
            await transaction.put_attempts(Attempts(key=f"k{number}", count=1, until_ms=number))
        await transaction.sweep_accounts(100)
        assert [await transaction.browser_session(each) for each in ("h1", "h2", "h3")] == [PHONE, None, None]
        assert [await transaction.once_link(each) for each in ("l1", "l2", "l3")] == [None, None, FIRST]
        kept = [await transaction.attempts(f"k{number}") for number in (50, 51, 100, 101)]
        assert [each is not None for each in kept] == [False, False, False, True]


async def test_what_keys_may_and_when_they_were_used(state: State) -> None:
    key = AccessKey(name="old", kind="api", hash="x", shown="…x", created_ms=1)
    some = replace(key, name="some", hash="y", scopes=("read", "people:read"), used_ms=2**41, created_ms=2)
    async with state.begin() as transaction:
        await transaction.put_key(key)
        await transaction.put_key(some)
        await transaction.note_key_used("old", 2**41 + 5)
        await transaction.note_key_used("nobody", 1)
    async with state.view() as view:
        assert await view.keys() == [replace(key, used_ms=2**41 + 5), some]
