"""People who work here, and two processes that answer them: what one is told holds in the other at once."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.cluster_world import Cluster, Member, cluster, until
from tests.integration.api_server import Server
from tests.integration.test_accounts import OWNER, Browser, joined

SECONDS_MOST = 60
"""How long another process may go on as before, on a machine that has much else to do; else it is some seconds."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("accounts")) as made:
        made.start("api", "api", "react")
        yield made


def at(member: Member, cookie: str = "", csrf: str = "") -> Browser:
    """A browser at that process."""
    return Browser(Server(None, member.port, Path()), cookie=cookie, csrf=csrf)  # type: ignore[arg-type]


def test_what_one_process_is_told_holds_in_the_other(world: Cluster) -> None:
    one, other = world.of("api")
    links = re.findall(r"/welcome#(\S+)", world.log_of("api"))
    assert len(links) == 2, "each tells one"
    with ThreadPoolExecutor(2) as pool:
        tried = pool.map(lambda pair: at(pair[0]).call("POST", "/session/first", {"token": pair[1], **OWNER}).status,
                         zip((one, other), links, strict=True))  # fmt: skip
        assert sorted(tried) == [200, 401], "one owner is first"
    owner = at(one)
    assert owner.sign_in(OWNER["email"], OWNER["password"]).status == 200
    same = at(other, owner.cookie, owner.csrf)
    assert same.got("GET", "/session")["account"]["email"] == "owner@shop.example"

    mara = joined(owner, "mara@shop.example", "marketer")
    there = at(other, mara.cookie, mara.csrf)
    assert there.call("GET", "/api/people").status == 200
    owner.got("PUT", "/api/accounts/mara@shop.example", {"role": "viewer"})
    assert there.call("GET", "/api/people").status == 403, "at once"
    same.got("PUT", "/api/accounts/mara@shop.example", {"state": "disabled"})
    assert mara.call("GET", "/api/overview").status == 401
    assert there.call("GET", "/api/overview").status == 401

    for number in range(10):
        assert at((one, other)[number % 2]).sign_in("nobody@shop.example", "wrong password").status == 401
    assert at(one).sign_in("nobody@shop.example", "wrong password").status == 429, "tries are counted together"
    assert at(other).sign_in("nobody@shop.example", "wrong password").status == 429


def test_a_key_that_is_revoked_in_one_process_opens_nothing_in_the_other_for_long(world: Cluster) -> None:
    one, other = world.of("api")
    owner = at(one)
    assert owner.sign_in(OWNER["email"], OWNER["password"]).status == 200
    made = owner.got("POST", "/api/keys", {"name": "short-lived", "kind": "api", "scopes": ["read"]}, status=201)
    by_key = {"Authorization": f"Bearer {made['key']}"}

    def opens() -> bool:
        return at(other).server.call("GET", "/api/overview", headers=by_key).status == 200

    until(opens, SECONDS_MOST, "the key")
    session = at(other)
    assert session.call("POST", "/session", {"key": made["key"]}).status == 200
    owner.got("DELETE", "/api/keys/short-lived", status=204)
    assert session.call("GET", "/api/overview").status == 401, "its sessions are over at once"
    began = time.monotonic()
    until(lambda: not opens(), 4 * SECONDS_MOST, "the end of the key")
    assert time.monotonic() - began < 4 * SECONDS_MOST


def test_a_process_that_is_killed_takes_nobody_with_it(world: Cluster) -> None:
    one, other = world.of("api")
    owner = at(one)
    assert owner.sign_in(OWNER["email"], OWNER["password"]).status == 200
    one.kill()
    there = at(other, owner.cookie, owner.csrf)
    assert there.got("GET", "/session")["signed_in"] is True
    there.got("POST", "/api/accounts/invitations", {"email": "late@shop.example", "role": "viewer"}, status=201)
