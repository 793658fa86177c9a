"""Signing in by an identity provider that runs: the redirects as a browser follows them."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest

from tests.integration.api_server import Answer, Server, serving

PEOPLE = (
    {"sub": "7", "email": "Ida@shop.example", "email_verified": True, "name": "Ida"},
    {"sub": "8", "email": "unsure@shop.example", "email_verified": False},
    {"sub": "9", "email": "stranger@elsewhere.example", "email_verified": True},
)
START_SECONDS = 90


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The address of a provider in a process of its own."""
    told = [each for person in PEOPLE for each in ("--user-claims", json.dumps(person))]
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "-p", "0", "-n", "true", *told]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    found: list[str] = []

    def listen() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            if where := re.search(r"running on (http://\S+)", line):
                found.append(where[1])
                started.set()

    started = threading.Event()
    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    try:
        assert started.wait(START_SECONDS), "the provider did not start"
        yield found[0]
    finally:
        process.kill()
        process.wait()
        listener.join(START_SECONDS)
        if process.stderr is not None:
            process.stderr.close()


@pytest.fixture(scope="module")
def server(provider: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server people may sign in to by it."""
    told: dict[str, Any] = {
        "oidc_issuer": provider,
        "oidc_client_id": "holdfast",
        "oidc_client_secret": "s",
        "oidc_label": "Example",
    }
    let_in: dict[str, Any] = {"oidc_domains": "shop.example", "oidc_default_role": "viewer"}
    with serving(tmp_path_factory.mktemp("provider") / "data", **told, **let_in) as it:
        yield it


class _Staying(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def at_the_provider(address: str, **form: str) -> str:
    """Where the provider sends somebody back to who answers its form so."""
    opener = urllib.request.build_opener(_Staying)
    with pytest.raises(urllib.error.HTTPError) as kept:
        opener.open(address, urllib.parse.urlencode(form).encode(), timeout=120)
    with kept.value as redirect:
        assert redirect.code in {302, 303}
        return str(redirect.headers["Location"])


def left(server: Server, where: str = "/") -> tuple[str, str]:
    """Where the browser is sent, and the cookie it has from then on."""
    answer = server.call("GET", "/session/oidc?" + urllib.parse.urlencode({"next": where}))
    assert answer.status == 303, answer.body
    said = SimpleCookie(answer.headers["set-cookie"])["holdfast_oidc"]
    assert said["httponly"]
    assert said["samesite"] == "lax"
    assert said["path"] == "/session/oidc"
    return answer.headers["location"], f"holdfast_oidc={said.value}"


def came_back(server: Server, address: str, cookie: str) -> Answer:
    parts = urllib.parse.urlsplit(address)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"http://127.0.0.1:{server.port}/session/oidc/back"
    headers = {"Cookie": cookie, "Sec-Fetch-Site": "cross-site", "User-Agent": "A browser"}
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    with contextlib.closing(connection):
        connection.request("GET", f"{parts.path}?{parts.query}", headers=headers)
        answer = connection.getresponse()
        cookies = ", ".join(answer.headers.get_all("Set-Cookie", []))  # Two of them: one is given, one taken away.
        return Answer(answer.status, {"location": answer.headers["Location"], "set-cookie": cookies}, answer.read())


def session_in(answer: Answer) -> str:
    found = re.search(r"holdfast_session=([^;,\s]+)", answer.headers["set-cookie"])
    assert found
    return f"holdfast_session={found[1]}"


def test_somebody_comes_by_the_provider(server: Server) -> None:
    methods = server.call("GET", "/session/methods").json
    assert methods == {"password": True, "oidc": [{"id": "oidc", "label": "Example"}], "passkey": False}
    address, cookie = left(server, "/people?text=a")
    back = at_the_provider(address, sub="7")
    assert came_back(server, back, "").headers["location"] == "/?problem=oidc_not_begun", "another browser"
    answer = came_back(server, back, cookie)
    assert (answer.status, answer.headers["location"]) == (303, "/people?text=a")
    assert "holdfast_oidc=" in answer.headers["set-cookie"], "it is taken away again"
    session = server.call("GET", "/session", headers={"Cookie": session_in(answer)}).json
    assert session["account"]["email"] == "ida@shop.example"
    assert session["account"]["role"] == "viewer"
    again = came_back(server, back, cookie)
    assert again.headers["location"] == "/?problem=oidc_forged", "a code is good once"
    assert "holdfast_session" not in again.headers["set-cookie"]


@pytest.mark.parametrize(
    ("sub", "problem"), [("8", "email_unverified"), ("9", "not_invited"), ("10", "email_unverified")]
)
def test_who_is_not_let_in_is_told_why(server: Server, sub: str, problem: str) -> None:
    address, cookie = left(server)
    answer = came_back(server, at_the_provider(address, sub=sub), cookie)
    assert (answer.status, answer.headers["location"]) == (303, f"/?problem={problem}")
    assert "holdfast_session" not in answer.headers["set-cookie"]


def test_who_changes_their_mind_there(server: Server) -> None:
    address, cookie = left(server)
    assert (
        came_back(server, at_the_provider(address, action="deny"), cookie).headers["location"]
        == "/?problem=oidc_refused"
    )


@pytest.mark.parametrize("where", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_nobody_is_led_elsewhere(server: Server, where: str) -> None:
    address, cookie = left(server, where)
    assert came_back(server, at_the_provider(address, sub="7"), cookie).headers["location"] == "/"


def test_cookies_that_are_not_ours(server: Server) -> None:
    address, cookie = left(server)
    back = at_the_provider(address, sub="7")
    _, another = left(server)
    for wrong in ("holdfast_oidc=", "holdfast_oidc=e30=", "holdfast_oidc=%00", cookie[:-3] + "AAA"):
        assert came_back(server, back, wrong).headers["location"] == "/?problem=oidc_not_begun"
    assert came_back(server, back, another).headers["location"] == "/?problem=oidc_forged"


def test_a_server_with_no_provider(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as it:
        assert it.call("GET", "/session/methods").json["oidc"] == []
        assert it.call("GET", "/session/oidc").headers["location"] == "/?problem=no_provider"


def test_a_provider_that_is_not_there(tmp_path: Path) -> None:
    with serving(tmp_path / "data", oidc_issuer="http://127.0.0.1:9", oidc_client_id="x") as it:
        assert it.call("GET", "/session/oidc").headers["location"] == "/?problem=oidc_unreachable"
