"""Who gets in, and what the front door says to everybody else."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from http.cookies import SimpleCookie

import pytest

from holdfast.http.auth import COOKIE, OPEN_CALLER, make_session
from tests.integration.api_server import API_KEY, Answer, Server, complaint, serving, until

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose console stands open; it is told to be ready by the first test."""
    with serving(tmp_path_factory.mktemp("open") / "data", held=True, console_open=True) as it:
        yield it


def cookie_of(answer: Answer) -> str:
    """The session cookie as a browser sends it back; it must be one no script and no other site gets hold of."""
    assert answer.status == 200, answer.body
    set_cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in set_cookie
    assert "SameSite=strict" in set_cookie
    assert "Path=/" in set_cookie
    return f"holdfast_session={SimpleCookie(set_cookie)['holdfast_session'].value}"


def test_starting_and_then_ready(open_server: Server) -> None:
    waiting = open_server.call("GET", "/healthz")
    assert waiting.status == 503
    assert waiting.json == {"status": "starting", "doing": "Preparing the workspace."}
    assert waiting.headers["retry-after"]
    # While a workspace is prepared it can be watched, and what comes in is durable and waits.
    assert open_server.ask("GET", "/api/overview").status == 200
    assert open_server.collect({"type": "track", "userId": "early", "event": "x"}) == 200
    assert open_server.process.stdin is not None
    open_server.process.stdin.write("go\n")
    open_server.process.stdin.flush()
    until(lambda: open_server.call("GET", "/healthz").status == 200, "being ready")
    ready = open_server.call("GET", "/healthz").json
    assert ready["status"] == "ok"
    assert re.fullmatch(r"\d+\.\d+\..+", ready["version"])
    assert open_server.call("HEAD", "/healthz").status == 200


def described(server: Server) -> list[tuple[str, str]]:
    paths = server.call("GET", "/openapi.json").json["paths"]
    return [(method.upper(), path) for path, each in paths.items() for method in each]


def test_the_description_is_whole(server: Server) -> None:
    described_paths = {path for _, path in described(server)}
    assert described_paths >= {
        "/session", "/api/overview", "/api/live", "/api/people", "/api/people/{user_id}", "/api/people/{user_id}/live",
        "/api/people/{user_id}/events", "/api/people/{user_id}/consent", "/api/people/merge", "/api/people/unmerge",
        "/api/segments", "/api/segments/count", "/api/segments/people", "/api/segments/{segment_id}",
        "/api/segments/explain",
        "/api/journeys", "/api/journeys/{decision_id}", "/api/journeys/{decision_id}/results",
        "/api/journeys/{decision_id}/{verb}", "/api/campaigns", "/api/campaigns/{decision_id}/results",
        "/api/mailbox", "/api/mailbox/{mail_id}", "/api/errors", "/api/errors/replay", "/api/schema/events",
        "/api/schema/events/{name}/properties", "/api/schema/traits", "/api/keys", "/api/keys/{name}",
        "/api/schema/events/{name}/values", "/api/schema/traits/values", "/api/sql", "/api/queries",
        "/api/queries/{query_id}",
        "/api/import", "/api/export",
    }  # fmt: skip
    whole = server.call("GET", "/openapi.json").json
    for path, each in whole["paths"].items():
        for method, about in each.items():
            assert about["description"], (method, path)
            assert about["tags"], (method, path)
            assert {name for name in about["responses"] if name.startswith(("2", "3"))}, (method, path)
    assert "content" in whole["paths"]["/api/import"]["post"].get("requestBody", {}), "the file is not described"
    assert not [path for path in described_paths if "_name" in path or ":" in path]


FORGED = "39999999999999.6f776e6572." + "0" * 64
STRANGERS: tuple[dict[str, str], ...] = (
    {},
    {"Authorization": "Bearer wrong"},
    {"Authorization": "Bearer "},
    {"Authorization": f"Basic {API_KEY}"},
    {"Authorization": "Bearer wk_of_the_test"},
    {"Authorization": "Bearer \xff\xfe"},
    {"Cookie": "holdfast_session="},
    {"Cookie": f"holdfast_session={API_KEY}"},
    {"Cookie": f"holdfast_session={FORGED}"},
    {"Cookie": "holdfast_session=...."},
    {"Cookie": "holdfast_session=console"},
)


def test_no_call_is_answered_without_a_key(server: Server) -> None:
    calls = [(method, path) for method, path in described(server) if path.startswith("/api/")]
    assert len(calls) > 35
    for method, path in calls:
        concrete = re.sub(r"\{.*?\}", "1", path)
        answer = server.call(method, concrete, raw=b"{}", headers={})
        assert answer.status == 401, (method, path)
        assert complaint(answer)["hint"]
        assert answer.headers["www-authenticate"] == "Bearer"
    for headers in STRANGERS:
        for path in ("/api/overview", "/api/nothing", "/%61pi/people", "/api%2Fpeople", "/api/live"):
            answer = server.call("GET", path, headers=headers)
            # A path that only looks like ours is a page of the console: nothing is told there.
            assert answer.status == 401, (path, headers)


@pytest.mark.parametrize("path", ["//api/people", "/API/people", "/./api/people", "/x/../api/people", "/;/api/people"])
def test_no_way_around_the_door(server: Server, path: str) -> None:
    answer = server.call("GET", path)
    assert answer.status in {200, 400, 404}
    assert b'"people"' not in answer.body


def test_a_session(server: Server) -> None:
    nobody = server.call("GET", "/session")
    assert nobody.json == {
        "signed_in": False,
        "workspace": {"name": "My workspace", "currency": "EUR", "zone": "UTC"},
        "demo": False,
        "first_start": True,
        "account": None,
        "permissions": [],
        "csrf": "",
    }
    assert "set-cookie" not in nobody.headers
    wrong = server.call("POST", "/session", {"key": "wrong"})
    assert wrong.status == 401
    assert complaint(wrong)["path"] == "$.key"
    assert "set-cookie" not in wrong.headers
    cookie = cookie_of(server.call("POST", "/session", {"key": f" {API_KEY}\n"}))
    assert API_KEY not in cookie
    assert server.call("GET", "/session", headers={"Cookie": cookie}).json["signed_in"] is True
    assert server.call("GET", "/api/overview", headers={"Cookie": cookie}).status == 200
    tampered = cookie[:-1] + ("0" if cookie[-1] != "0" else "1")
    assert server.call("GET", "/api/overview", headers={"Cookie": tampered}).status == 401
    longer = cookie.replace("=", "=9", 1)
    assert server.call("GET", "/api/overview", headers={"Cookie": longer}).status == 401
    assert server.call("GET", "/api/overview", headers={"Cookie": cookie}).status == 200
    ended = server.call("DELETE", "/session", headers={"Cookie": cookie})
    assert ended.json["signed_in"] is False
    assert "Max-Age=0" in ended.headers["set-cookie"]
    assert server.call("GET", "/api/overview", headers={"Cookie": cookie}).status == 401, (
        "it is over, not only forgotten"
    )


def test_a_cookie_somebody_wrote_opens_nothing(server: Server) -> None:
    secret = (server.data / "secret.key").read_bytes()
    now_ms = int(time.time() * 1000)
    for name, until_ms, status in (
        ("owner", now_ms + 60_000, 401),  # The name of an api key: its sessions are kept, and not written in a cookie.
        ("nobody", now_ms + 60_000, 401),
        ("default", now_ms + 60_000, 401),  # The name of a write key.
        (OPEN_CALLER, now_ms + 60_000, 401),
    ):
        cookie = {"Cookie": f"{COOKIE}={make_session(secret, name, until_ms)}"}
        assert server.call("GET", "/api/overview", headers=cookie).status == status, (name, until_ms)


def test_a_page_of_another_origin_cannot_act_for_who_is_signed_in(server: Server) -> None:
    cookie = cookie_of(server.call("POST", "/session", {"key": API_KEY}))
    csrf = server.call("GET", "/session", headers={"Cookie": cookie}).json["csrf"]

    def stop(**headers: str) -> int:
        given = {
            "Cookie": cookie,
            "Holdfast-Csrf": csrf,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return server.call("POST", "/api/journeys/none/stop", headers=given).status

    assert stop() == 404
    assert stop(Sec_Fetch_Site="same-origin") == 404
    assert stop(Sec_Fetch_Site="none") == 404
    assert stop(Sec_Fetch_Site="same-site") == 401, "another port of this machine is the same site to a browser"
    assert stop(Sec_Fetch_Site="cross-site") == 401
    assert server.ask("POST", "/api/journeys/none/stop", headers={"Sec-Fetch-Site": "cross-site"}).status == 404


def test_a_page_that_is_not_ours_does_not_know_what_ours_say(server: Server) -> None:
    first, second = (cookie_of(server.call("POST", "/session", {"key": API_KEY})) for _ in range(2))
    csrf = server.call("GET", "/session", headers={"Cookie": second}).json["csrf"]
    for given in ({}, {"Holdfast-Csrf": ""}, {"Holdfast-Csrf": "\xff"}, {"Holdfast-Csrf": csrf[:-1] + "g"}):
        answer = server.call("POST", "/api/journeys/none/stop", headers={"Cookie": second, **given})
        assert answer.status == 403, given
        assert complaint(answer)["code"] == "csrf"
        assert server.call("GET", "/api/overview", headers={"Cookie": second, **given}).status == 200
    another = {"Cookie": first, "Holdfast-Csrf": csrf}
    assert server.call("POST", "/api/journeys/none/stop", headers=another).status == 403, "of another session"


def test_an_open_console_is_open_to_this_machine_only(open_server: Server) -> None:
    here = open_server.call("GET", "/session", headers={"Host": f"127.0.0.1:{open_server.port}"})
    assert here.json["signed_in"] is True
    assert here.json["demo"] is True
    cookie = cookie_of(here)
    for host in ("localhost", "127.0.0.1", "[::1]", "[::1]:80", f"localhost:{open_server.port}"):
        answer = open_server.call("GET", "/session", headers={"Host": host})
        assert answer.json["signed_in"] is True, host
        overview = open_server.call("GET", "/api/overview", headers={"Cookie": cookie, "Host": host})
        assert overview.status == 200, host
    # A name of somebody else's that leads here: their page would be asking.
    for host in ("evil.example", "evil.example:8787", "127.0.0.1.evil.example", "localhost.evil.example:80", "[", ""):
        answer = open_server.call("GET", "/session", headers={"Host": host})
        assert answer.json["signed_in"] is False, host
        assert "set-cookie" not in answer.headers
        overview = open_server.call("GET", "/api/overview", headers={"Cookie": cookie, "Host": host})
        assert overview.status == 401, host
    assert open_server.ask("GET", "/api/overview", headers={"Host": "evil.example"}).status == 200, "a key is a key"


def test_the_cookie_of_an_open_console_opens_no_closed_one(server: Server, open_server: Server) -> None:
    cookie = cookie_of(open_server.call("GET", "/session"))
    assert server.call("GET", "/api/overview", headers={"Cookie": cookie}).status == 401


def test_keys_open_and_close_at_once(server: Server) -> None:
    made = server.got("POST", "/api/keys", {"name": "shop-app", "kind": "write"}, status=201)
    key = made["key"]
    assert server.collect({"type": "track", "userId": "keyed", "event": "Came In"}, key=key) == 200
    assert server.got("GET", "/api/people/keyed/events")["events"][0]["source"] == "shop-app"
    assert server.call("GET", "/api/people", headers={"Authorization": f"Bearer {key}"}).status == 401
    assert server.refused(409, "POST", "/api/keys", {"name": "shop-app", "kind": "write"})["path"] == "$.name"
    server.got("DELETE", "/api/keys/shop-app", status=204)
    assert server.collect({"type": "track", "userId": "keyed", "event": "Came In"}, key=key) == 401
    server.refused(404, "DELETE", "/api/keys/shop-app")
    server.refused(409, "POST", "/api/keys", {"name": "shop-app", "kind": "api"})

    api = server.got("POST", "/api/keys", {"name": "A colleague", "kind": "api"}, status=201)["key"]
    headers = {"Authorization": f"Bearer {api}"}
    cookie = {"Cookie": cookie_of(server.call("POST", "/session", {"key": api}))}
    assert server.call("GET", "/api/overview", headers=headers).status == 200
    assert server.call("GET", "/api/overview", headers=cookie).status == 200
    assert server.collect({"type": "track", "userId": "keyed", "event": "Came In"}, key=api) == 401
    server.got("DELETE", "/api/keys/A%20colleague", status=204)
    assert server.call("GET", "/api/overview", headers=headers).status == 401
    assert server.call("GET", "/api/overview", headers=cookie).status == 401, "the session outlived its key"
    assert server.call("GET", "/session", headers=cookie).json["signed_in"] is False

    listed = {each["name"]: each for each in server.got("GET", "/api/keys")["keys"]}
    assert listed["shop-app"]["revoked_at"]
    assert listed["owner"]["revoked_at"] is None
    assert API_KEY not in str(listed)
    assert api not in str(listed)
    assert listed["owner"]["shown"] == "…" + API_KEY[-4:]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"name": "", "kind": "write"}, "$.name"),
        ({"name": "holdfast", "kind": "write"}, "$.name"),
        ({"name": "a/b", "kind": "write"}, "$.name"),
        ({"name": "x" * 101, "kind": "write"}, "$.name"),
        ({"name": "x", "kind": "admin"}, "$.kind"),
        ({"name": "x"}, "$.kind"),
        ({"name": "x", "kind": "write", "key": "mine"}, "$.key"),
    ],
)
def test_keys_that_cannot_be(server: Server, body: dict[str, str], path: str) -> None:
    assert server.refused(400, "POST", "/api/keys", body)["path"] == path


def test_the_last_api_key_cannot_be_revoked_by_itself(server: Server) -> None:
    assert server.refused(409, "DELETE", "/api/keys/owner")["hint"]
    assert server.got("GET", "/api/overview")


def test_what_is_not_there(server: Server) -> None:
    for method, path in (
        ("GET", "/api/nothing"), ("POST", "/api/nothing"), ("PUT", "/api/people/x/nothing/"), ("GET", "/api/segments/"),
        ("GET", "/api/people/%00/"), ("GET", "/api/"), ("GET", "/v1/nothing"), ("POST", "/v1/nothing"), ("GET", "/m/x"),
        ("GET", "/assets/none.js"), ("GET", "/assets/..%2findex.html"), ("GET", "/assets/%00"), ("GET", "/assets/"),
        ("GET", "/assets/..%2f..%2fapp.py"), ("GET", "/session/x"), ("GET", "/assets/%2Fetc%2Fpasswd"),
    ):  # fmt: skip
        answer = server.ask(method, path)
        assert answer.status in {404, 405}, (method, path, answer.status)
        error = complaint(answer)
        assert error["code"] in {"not_found", "unknown_person", "wrong_method"}, (method, path)
        assert error["hint"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/api/people", {"GET"}),
        ("PATCH", "/api/segments/x", {"GET", "PUT", "DELETE"}),
        ("POST", "/api/overview", {"GET"}),
        ("PUT", "/api/import", {"GET", "POST", "DELETE"}),
        ("PUT", "/session", {"GET", "POST", "DELETE"}),
        ("TRACE", "/api/people", {"GET"}),
        ("POST", "/", {"GET", "HEAD"}),
        ("DELETE", "/m/u/x", {"GET", "HEAD", "POST"}),
        ("POST", "/healthz", {"GET", "HEAD"}),
    ],
)
def test_a_method_that_is_not_understood(server: Server, method: str, path: str, allowed: set[str]) -> None:
    answer = server.ask(method, path)
    assert answer.status == 405
    assert complaint(answer)["code"] == "wrong_method"
    assert set(answer.headers["allow"].split(", ")) == allowed


def test_bodies_have_a_limit_and_a_type(server: Server) -> None:
    question = b'{"definition": {"type": "all", "of": []}}'
    roomy = question[:-1] + b" " * (4 * 1024 * 1024 - len(question)) + b"}"
    assert server.ask("POST", "/api/segments/count", raw=roomy).status == 200
    for path in ("/api/segments/count", "/session"):
        assert server.refused(413, "POST", path, raw=roomy + b" ")["code"] == "too_large"
    # What a page of another site may post unasked is refused; who brings a key is no such page.
    plain = {"Content-Type": "text/plain"}
    refused = server.call("POST", "/session", raw=b'{"key": "x"}', headers=plain)
    assert complaint(refused)["code"] == "wrong_content_type"
    assert server.ask("POST", "/api/segments/count", raw=question, headers=plain).status == 200
    assert server.ask("POST", "/session", raw=b'{"key": NaN}').status == 400
    charset = {"Content-Type": "application/json; charset=utf-8"}
    assert server.ask("POST", "/api/segments/count", raw=question, headers=charset).status == 200


def test_what_is_said_is_kept_by_nobody(server: Server) -> None:
    for answer in (
        server.ask("GET", "/api/overview"),
        server.call("GET", "/api/overview"),
        server.call("GET", "/session"),
    ):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "server" not in answer.headers


def test_the_console(server: Server) -> None:
    page = server.call("GET", "/")
    if page.status == 503:
        pytest.skip("the console is not built here")
    for path in ("/", "/people/a%2Fb", "/apis", "/mailbox", "/runs/x/y"):
        answer = server.call("GET", path)
        assert (answer.status, answer.body) == (200, page.body)
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe-eval" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
    assets = re.findall(r'(?:src|href)="(/assets/[^"]+)"', page.text)
    assert assets
    assert "http://" not in page.text.replace("http://www.w3.org", "")
    for path in assets:
        plain = server.call("GET", path)
        assert plain.status == 200
        assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"
        packed = server.call("GET", path, headers={"Accept-Encoding": "gzip, br"})
        assert packed.headers.get("content-encoding") in {"br", "gzip", None}
        assert packed.headers["vary"] == "Accept-Encoding"
        assert packed.headers["content-type"] == plain.headers["content-type"]
        assert len(packed.body) <= len(plain.body)


def test_the_reference_page_asks_nobody_else_for_anything(server: Server) -> None:
    page = server.call("GET", "/docs")
    assert page.status == 200
    assert "/api/segments/count" in page.text
    assert not re.search(r"(?:src|href)=.https?://", page.text), "a script of others would run beside the session"
