"""Accounts and time: how long sessions, links, codes and counts last, to the moment; and what addresses are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.flows.accounts.attempts import ADDRESS_MOST, NAME_MOST, address_key, count_attempt, name_key
from holdfast.flows.accounts.browsers import (
    IDLE_SECONDS,
    WHOLE_SECONDS,
    SignedIn,
    Visitor,
    begin_session,
    note_seen,
    signed_in,
)
from holdfast.flows.accounts.caller import COMMAND_LINE, Caller, forbidden
from holdfast.flows.accounts.emails import email_of
from holdfast.flows.accounts.local import GOOD_SECONDS, is_local, local_token
from holdfast.flows.accounts.members import (
    FIRST_SECONDS,
    INVITATION_SECONDS,
    RESET_SECONDS,
    Change,
    Newcomer,
    accept_invitation,
    change_account,
    first_owner_link,
    invite,
    make_first_owner,
    remove_account,
    reset_link,
    take_reset,
    whose_link,
)
from holdfast.flows.accounts.passwords import decode_password, is_password, kept_password
from holdfast.flows.accounts.permissions import OF_A_KEY, decode_permissions, permissions_of
from holdfast.flows.accounts.second_factor import (
    SecondFactor,
    code_at,
    is_on,
    new_factor,
    pack,
    unpack,
    used,
)
from holdfast.kernel.errors import Conflict, Forbidden, Invalid, TooMany, Unauthorized
from holdfast.kernel.moments import to_millis
from holdfast.kernel.sealing import CannotUnseal, Sealer, SealingKey
from holdfast.ports.accounts import Account
from holdfast.ports.state import AccessKey
from holdfast.stores.memory.state import MemoryState

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
HERE = Visitor(device="A browser", address="192.0.2.1")
ADA = Account(id="acc", email="ada@shop.example", name="Ada", role="marketer", state="active", created_ms=1)
SEALER = Sealer([SealingKey(b"a secret nobody can guess")])
SAID = Newcomer(name="Ada", password="correct horse battery")
SECOND = timedelta(seconds=1)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


async def began(state: MemoryState, account: Account = ADA) -> str:
    async with state.begin() as transaction:
        await transaction.put_account(account)
        return await begin_session(transaction, HERE, now=NOW, account_id=account.id)


async def found(state: MemoryState, token: str, now: datetime) -> SignedIn | None:
    async with state.view() as view:
        return await signed_in(view, token, now=now)


async def test_a_session_nobody_uses_is_over_after_a_while() -> None:
    state = MemoryState()
    token = await began(state)
    assert await found(state, token, later(IDLE_SECONDS) - SECOND / 1000) is not None
    assert await found(state, token, later(IDLE_SECONDS)) is None
    assert await found(state, token[:-1], NOW) is None


async def test_a_session_that_is_used_is_over_in_the_end() -> None:
    state = MemoryState()
    token = await began(state)
    now = NOW
    while now < later(WHOLE_SECONDS):
        seen = await found(state, token, now)
        assert seen is not None, now
        await note_seen(state, seen, HERE, now=now)
        now += timedelta(seconds=IDLE_SECONDS / 2)
    assert await found(state, token, later(WHOLE_SECONDS)) is None


async def test_that_somebody_is_here_is_noted_once_a_minute() -> None:
    state = MemoryState()
    token = await began(state)
    for seconds, noted in ((59, 0), (60, 60), (61, 60), (125, 125)):
        seen = await found(state, token, later(seconds))
        assert seen is not None
        await note_seen(state, seen, replace(HERE, address="192.0.2.9"), now=later(seconds))
        again = await found(state, token, later(seconds))
        assert again is not None
        assert again.account is not None
        assert again.session.seen_ms == to_millis(later(noted))
        assert (again.account.seen_ms or to_millis(NOW)) == to_millis(later(noted))


async def test_who_was_put_out_is_not_brought_back_by_having_been_here() -> None:
    state = MemoryState()
    seen = await found(state, await began(state), NOW)
    assert seen is not None
    async with state.begin() as transaction:
        await transaction.drop_account("acc")
    await note_seen(state, seen, HERE, now=later(100))
    async with state.view() as view:
        assert await view.accounts() == []
        assert await view.browser_sessions("acc") == []


@pytest.mark.parametrize("about", [{"state": "disabled"}, {"state": "invited"}, {"role": "emperor"}])
async def test_whose_account_is_not_in_use_is_nobody(about: dict[str, str]) -> None:
    state = MemoryState()
    assert await found(state, await began(state, replace(ADA, **about)), NOW) is None  # type: ignore[arg-type]


async def test_the_session_of_a_key_has_what_the_key_has() -> None:
    state = MemoryState()
    key = AccessKey(name="k", kind="api", hash="h", shown="…", created_ms=1, scopes=("read", "of-a-later-version"))
    async with state.begin() as transaction:
        await transaction.put_key(key)
        token = await begin_session(transaction, HERE, now=NOW, key_name="k")
    seen = await found(state, token, NOW)
    assert seen is not None
    assert seen.caller.permissions == {"read"}
    for changed in (replace(key, revoked_ms=1), replace(key, kind="write")):
        async with state.begin() as transaction:
            await transaction.put_key(changed)
        assert await found(state, token, NOW) is None
    async with state.begin() as transaction:
        await transaction.put_key(replace(key, scopes=None))
    seen = await found(state, token, NOW)
    assert seen is not None
    assert seen.caller.permissions == OF_A_KEY


async def test_links_are_good_for_a_while_to_the_moment() -> None:
    state = MemoryState()
    first = await first_owner_link(state, now=NOW)
    assert first is not None
    with pytest.raises(Unauthorized):
        await make_first_owner(state, first, "ada@shop.example", SAID, now=later(FIRST_SECONDS))
    just = later(FIRST_SECONDS) - SECOND / 1000
    owner = await make_first_owner(state, first, "ada@shop.example", SAID, now=just)
    assert await first_owner_link(state, now=NOW) is None
    _, invitation = await invite(state, COMMAND_LINE, "bob@shop.example", "viewer", now=NOW)
    with pytest.raises(Unauthorized):
        await take_reset(state, invitation, "another good one", now=NOW)  # Each is for what it was made for.
    with pytest.raises(Unauthorized):
        await make_first_owner(state, invitation, "eve@shop.example", SAID, now=NOW)
    with pytest.raises(Unauthorized):
        await accept_invitation(state, invitation, SAID, now=later(INVITATION_SECONDS))
    await accept_invitation(state, invitation, SAID, now=later(INVITATION_SECONDS) - SECOND / 1000)
    _, reset = await reset_link(state, COMMAND_LINE, owner.id, now=NOW)
    with pytest.raises(Unauthorized):
        await take_reset(state, reset, "another good one", now=later(RESET_SECONDS))
    async with state.view() as view:
        assert await whose_link(view, reset, now=NOW) == ("reset", "ada@shop.example")
        with pytest.raises(Unauthorized):
            await whose_link(view, reset, now=later(RESET_SECONDS))


async def test_who_was_invited_before_there_was_an_owner_is_nobody_yet() -> None:
    state = MemoryState()
    ada, invitation = await invite(state, COMMAND_LINE, "ada@shop.example", "viewer", now=NOW)
    await invite(state, COMMAND_LINE, "bob@shop.example", "viewer", now=NOW)
    await change_account(state, COMMAND_LINE, "bob@shop.example", Change(role="agent"))
    await remove_account(state, COMMAND_LINE, "bob@shop.example")
    first = await first_owner_link(state, now=NOW)
    assert first is not None
    with pytest.raises(Unauthorized):
        await make_first_owner(state, invitation, "ada@shop.example", SAID, now=NOW)
    owner = await make_first_owner(state, first, "ada@shop.example", SAID, now=NOW)
    assert (owner.id, owner.role, owner.state) == (ada.id, "owner", "active")
    with pytest.raises(Unauthorized):
        await accept_invitation(state, invitation, SAID, now=NOW)
    for change in (Change(role="admin"), Change(state="disabled")):
        with pytest.raises(Conflict):
            await change_account(state, COMMAND_LINE, owner.id, change)
    with pytest.raises(Conflict):
        await remove_account(state, COMMAND_LINE, owner.id)
    assert (await change_account(state, COMMAND_LINE, owner.id, Change(name=" A \t B "))).name == "A B"


async def test_tries_are_forgotten_after_a_while() -> None:
    state = MemoryState()
    now_ms = to_millis(NOW)
    for _ in range(NAME_MOST):
        await count_attempt(state, "ada", HERE, now_ms=now_ms)
    with pytest.raises(TooMany) as refused:
        await count_attempt(state, "ada", HERE, now_ms=now_ms + 1)
    assert refused.value.retry_seconds == 900
    await count_attempt(state, "bob", HERE, now_ms=now_ms)
    with pytest.raises(TooMany) as refused:
        await count_attempt(state, "ada", HERE, now_ms=now_ms + 899_999)
    assert refused.value.retry_seconds == 1
    await count_attempt(state, "ada", HERE, now_ms=now_ms + 900_000)


async def test_one_address_may_try_so_many_names() -> None:
    state = MemoryState()
    for number in range(ADDRESS_MOST):
        there = Visitor(device="", address=f"2001:db8::{number:x}")  # One network, whatever the rest.
        await count_attempt(state, f"name {number}", there, now_ms=0)
    with pytest.raises(TooMany):
        await count_attempt(state, "one more", Visitor(device="", address="2001:db8::ffff:1"), now_ms=0)
    await count_attempt(state, "one more", Visitor(device="", address="2001:db8:0:1::1"), now_ms=0)
    async with state.view() as view:
        assert await view.attempts(name_key("name 0")) is not None
        assert await view.attempts("name 0") is None, "what was typed is not kept"
    assert address_key("not an address") == address_key("")


def test_codes_are_those_of_the_standard() -> None:
    # RFC 6238, appendix B, SHA-1; of the eight digits there the last six.
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    published = {59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924",
                 2000000000: "69279037", 20000000000: "65353130"}  # fmt: skip
    assert {at: code_at(secret, at // 30) for at in published} == {at: each[-6:] for at, each in published.items()}


def confirmed() -> tuple[SecondFactor, str, list[str]]:
    factor, secret, codes = new_factor(SEALER, "acc")
    return replace(factor, confirmed=True), secret, codes


def test_a_code_is_good_once_and_for_a_little_while() -> None:
    factor, secret, _ = confirmed()
    at = 1_000_000
    for steps, good in ((-2, False), (-1, True), (0, True), (1, True), (2, False)):
        taken = used(factor, code_at(secret, at // 30 + steps), SEALER, "acc", now_seconds=at)
        assert (taken is not None) is good, steps
    taken = used(factor, code_at(secret, at // 30), SEALER, "acc", now_seconds=at)
    assert taken is not None
    assert used(taken, code_at(secret, at // 30), SEALER, "acc", now_seconds=at) is None
    assert used(taken, code_at(secret, at // 30 - 1), SEALER, "acc", now_seconds=at) is None, "nor one before it"
    assert used(taken, code_at(secret, at // 30 + 1), SEALER, "acc", now_seconds=at) is not None


def test_recovery_codes_are_good_once_each() -> None:
    factor, _, codes = confirmed()
    assert len(set(codes)) == 10
    taken = used(factor, f" {codes[3].upper()} ", SEALER, "acc", now_seconds=1)
    assert taken is not None
    assert len(taken.recovery) == 9
    assert used(taken, codes[3], SEALER, "acc", now_seconds=1) is None
    assert used(taken, codes[4].replace("-", ""), SEALER, "acc", now_seconds=1) is not None
    assert used(replace(factor, confirmed=False), codes[4], SEALER, "acc", now_seconds=1) is None
    for wrong in ("", "0" * 7, "x" * 100_000, "аbcd", codes[0][:-1], "------"):
        assert used(factor, wrong, SEALER, "acc", now_seconds=1) is None


def test_what_is_kept_of_a_second_factor_opens_nowhere_else() -> None:
    factor, secret, codes = confirmed()
    packed = pack(factor)
    assert unpack(packed) == factor
    assert is_on(packed)
    assert not is_on(pack(replace(factor, confirmed=False)))
    assert not is_on(b"")
    assert not any(each.encode() in packed for each in (secret, *codes))
    for sealer, account in ((SEALER, "another"), (Sealer([SealingKey(b"another")]), "acc")):
        with pytest.raises(CannotUnseal):
            used(factor, "123456", sealer, account, now_seconds=1)


async def test_passwords_as_they_are_kept() -> None:
    kept = await kept_password("ﬁfteen words ok")
    assert kept.startswith("$argon2id$")
    assert await is_password(kept, "ﬁfteen words ok")
    assert await is_password(await kept_password(decode_password("ﬁfteen words ok", "$")), "fifteen words ok")
    for wrong in ("", "fifteen words oK", "x" * 100_000):
        assert not await is_password(kept, wrong)
    for nothing in ("", "not a hash", kept[:-3]):
        assert not await is_password(nothing, "")
        assert not await is_password(nothing, "nobody's")


@pytest.mark.parametrize("weak", ["", "short", "aaaaaaaaaaaaaaaa", "abababababab", "x" * 201, "Ada@Shop.Example"])
def test_passwords_soon_guessed(weak: str) -> None:
    with pytest.raises(Invalid):
        decode_password(weak, "$.password", email="ada@shop.example")


@given(st.text(max_size=40), st.binary(max_size=8), st.integers(0, 2**40))
def test_no_word_is_that_of_the_data_directory_but_its_own(said: str, secret: bytes, now_ms: int) -> None:
    token = local_token(secret, now_ms)
    assert is_local(secret, token, now_ms)
    assert not is_local(secret, token, now_ms + GOOD_SECONDS * 1000)
    assert not is_local(secret + b"x", token, now_ms)
    assert not is_local(secret, token, now_ms - 1), "nobody signs for longer than it is meant to last"
    assert not is_local(secret, said, now_ms)
    assert not is_local(secret, token + said, now_ms) or not said
    until, signature = token.removeprefix("local.").split(".")
    assert not is_local(secret, f"local.{int(until) + 1}.{signature}", now_ms)


@given(st.text(max_size=300))
def test_an_address_that_is_one_is_one_in_its_own_form(said: str) -> None:
    found_email = email_of(said)
    if found_email is not None:
        assert found_email.isascii()
        assert found_email == found_email.lower().strip()
        assert email_of(found_email) == found_email
        assert found_email.count("@") == 1


def test_what_a_caller_may() -> None:
    viewer = Caller(kind="account", name="V", by="v@x.example", permissions=permissions_of("viewer"), role="viewer")
    viewer.require("read")
    with pytest.raises(Forbidden) as refused:
        viewer.require("people:read")
    assert refused.value.as_json()["needs"] == "people:read"
    assert "Settings → Accounts" in refused.value.hint
    assert "--scope sql" in forbidden("sql", of_a_key=True).hint
    with pytest.raises(Invalid):
        decode_permissions(["read", "everything"], "$.scopes")
    assert Visitor(device="a\r\nb" + "x" * 900, address="1").device == "ab" + "x" * 198
