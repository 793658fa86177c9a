"""Every role at every call, over HTTP: let through exactly where the two lists written by hand say so."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import time
from collections.abc import Iterator

import pytest

from holdfast.flows.accounts.local import local_token
from holdfast.flows.accounts.permissions import PERMISSIONS, ROLES
from tests.integration.api_server import Server, serving
from tests.integration.test_api_permissions import TABLE, meant

PASSWORD = "tried and trusted"
NOT_OF_ANYBODY = "nothing-of-that-name"
FILES = re.compile(r"/import$")
CLOSED_STREAM_SECONDS = 60


def may() -> dict[str, set[str]]:
    """Which permissions each role is meant to have."""
    head, *rows = TABLE.strip("\n").splitlines()
    roles = head.split()
    found: dict[str, set[str]] = {role: set() for role in roles}
    for permission, *marks in (row.split() for row in rows):
        for role, mark in zip(roles, marks, strict=True):
            if mark == "x":
                found[role].add(permission)
    return found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("roles") / "data") as it:
        yield it


def signed_in(server: Server, role: str) -> dict[str, str]:
    """What somebody with that role sends along."""
    token = local_token((server.data / "secret.key").read_bytes(), time.time_ns() // 1_000_000)
    wish = {"email": f"{role}@shop.example", "role": role}
    local = {"Authorization": f"Bearer {token}"}
    made = server.call("POST", "/api/accounts/invitations", wish, headers=local)
    assert made.status == 201, made.body
    body = {"token": made.json["link"].partition("#")[2], "password": PASSWORD}
    answer = server.call("POST", "/session/invitation", body)
    assert answer.status == 200, answer.body
    assert answer.json["account"]["role"] == role
    return {"Cookie": answer.headers["set-cookie"].partition(";")[0], "Holdfast-Csrf": answer.json["csrf"]}


def asked(server: Server, method: str, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str]]:
    """The status, and the complaint if there is one: of a stream, which never ends, only how it begins."""
    concrete = re.sub(r"\{verb\}", "stop", path)
    concrete = re.sub(r"\{(version|run_id|mail_id|approval_id|comment_id)\}", "999", concrete)
    concrete = re.sub(r"\{.*?\}", NOT_OF_ANYBODY, concrete)
    # An empty object is not what most calls take: who may make the call is told so, and nothing is changed.
    body = None if method == "GET" else b"" if FILES.search(path) else b"{}"
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=CLOSED_STREAM_SECONDS)
    with contextlib.closing(connection):
        connection.request(method, concrete, body, {**headers, "Content-Type": "application/json"})
        answer = connection.getresponse()
        told = answer.read() if answer.status >= 400 else b""
    assert answer.status < 500, (method, concrete, told)
    return answer.status, json.loads(told)["error"] if told else {}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_at_every_call(server: Server, role: str) -> None:
    headers, granted = signed_in(server, role), may()[role]
    wrong = []
    for (method, path), permission in meant().items():
        status, complaint = asked(server, method, path, headers)
        refused = status == 403 and complaint["needs"] == permission
        # Who may take a second factor away is asked for the password, which is wrong.
        let_through = status not in {401, 403} or complaint["code"] == "wrong_password"
        if (permission in granted) is not let_through or (permission in granted) is refused:
            wrong.append((method, path, permission, status, complaint.get("code")))
    assert wrong == []


@pytest.mark.parametrize("left_out", PERMISSIONS)
def test_a_key_without_one_permission_at_every_call(server: Server, left_out: str) -> None:
    token = local_token((server.data / "secret.key").read_bytes(), time.time_ns() // 1_000_000)
    wish = {
        "name": f"without {left_out.replace(':', ' ')}",
        "kind": "api",
        "scopes": sorted({*PERMISSIONS} - {left_out}),
    }
    made = server.call("POST", "/api/keys", wish, headers={"Authorization": f"Bearer {token}"})
    assert made.status == 201, made.body
    headers = {"Authorization": f"Bearer {made.json['key']}"}
    lacking = [call for call, permission in meant().items() if permission == left_out]
    if left_out == "read":
        lacking = lacking[::5]  # There are many, and all are refused in one place.
    for method, path in lacking:
        status, complaint = asked(server, method, path, headers)
        assert (status, complaint.get("needs")) == (403, left_out), (method, path)
    status, _ = asked(server, "GET", "/api/overview", headers)
    assert status == (403 if left_out == "read" else 200)
