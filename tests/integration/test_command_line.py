"""The command line against a real server, and against the data directory once the server is gone: the same answers."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

SECONDS_MOST = 120
COMMAND = str(Path(sys.executable).with_name("holdfast"))
ENVIRON = {name: value for name, value in os.environ.items() if not name.startswith("HOLDFAST_")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A data directory, and the server on it while there is one."""

    data: Path
    process: subprocess.Popen[str]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [COMMAND, *words, "--data", str(self.data)],
            capture_output=True,
            text=True,
            timeout=SECONDS_MOST,
            check=False,
            env=ENVIRON,
            cwd=self.data.parent,
        )

    def ask(self, *words: str) -> Any:
        ran = self.run(*words, "--json")
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    def collect(self, path: str, body: dict[str, object]) -> None:
        key = json.loads((self.data / "keys.json").read_text())["write_key"]
        url = json.loads((self.data / "server.json").read_text())["url"]
        request = urllib.request.Request(
            url + path,
            data=json.dumps(body).encode(),
            headers={"Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()},
        )
        with urllib.request.urlopen(request, timeout=SECONDS_MOST) as reply:
            assert json.loads(reply.read()) == {"success": True}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    data = tmp_path / "data"
    arguments = [COMMAND, "up", "--data", str(data), "--port", "0", "--for", str(SECONDS_MOST)]
    with subprocess.Popen(arguments, text=True, stdout=subprocess.PIPE, env=ENVIRON, cwd=tmp_path) as process:
        until = time.monotonic() + SECONDS_MOST
        while not (data / "server.json").exists():
            assert process.poll() is None, "the server ended before it was ready"
            assert time.monotonic() < until
            time.sleep(0.05)
        yield Place(data=data, process=process)
        if process.poll() is None:
            process.kill()


def test_the_same_answers_from_the_server_and_from_the_directory(place: Place) -> None:
    orders = {"type": "did", "event": "Order Completed"}
    place.collect("/v1/identify", {"userId": "ada", "traits": {"email": "ada@example.com", "country": "DE"}})
    place.collect("/v1/track", {"userId": "ada", "event": "Order Completed", "properties": {"revenue": 59.9}})
    place.collect("/v1/track", {"userId": "bob", "event": "Cart Viewed", "messageId": "m1"})

    assert stat.S_IMODE((place.data / "keys.json").stat().st_mode) == 0o600
    assert place.run("segment", "save", "buyers", json.dumps(orders), "--name", "Buyers").returncode == 0
    link = place.ask("people", "merge", "ada", "bob")["link_id"]
    assert place.ask("segment", "count", "buyers")["of"] == 1
    assert place.ask("people", "unmerge", str(link))["undone"] == [link]
    made = place.ask("keys", "add", "website")

    def answers() -> dict[str, Any]:
        return {
            "count": [place.ask("segment", "count", "buyers")[name] for name in ("count", "of", "words")],
            "shown": place.ask("people", "show", "ada"),
            "timeline": place.ask("people", "timeline", "ada", "--event", "Order Completed"),
            "keys": place.ask("keys", "list"),
        }

    assert [each["user_id"] for each in place.ask("segment", "people", "buyers")["people"]] == ["ada"]
    shown = place.run("segment", "people", "buyers", "--traits", "country, user_id").stdout.splitlines()
    assert [line.split()[0] for line in shown] == ["PERSON", "ada"]
    assert [line.split()[-2:] for line in shown] == [["COUNTRY", "USER_ID"], ["DE", "-"]]
    assert [each["name"] for each in place.ask("segment", "list")["segments"]] == ["Buyers"]
    assert place.ask("people", "find", "ada@")["total"] == 1
    served = answers()
    assert served["count"][:2] == [1, 2]
    assert served["shown"]["traits"] == {"email": "ada@example.com", "country": "DE"}
    assert [each["properties"] for each in served["timeline"]["events"]] == [{"revenue": 59.9}]
    assert made["key"] in [each["shown"] for each in served["keys"]["keys"]]

    place.process.send_signal(signal.SIGTERM)
    place.process.wait(SECONDS_MOST)
    assert place.process.returncode == 0
    assert not (place.data / "server.json").exists()
    assert answers() == served

    assert place.run("keys", "revoke", "website").returncode == 0
    assert [each["name"] for each in place.ask("keys", "list")["keys"] if each["revoked_at"]] == ["website"]


def test_a_complaint_of_the_server_reaches_the_terminal_whole(place: Place) -> None:
    wrong = json.dumps({"type": "did", "event": "Order Completed", "within_day": 3})
    said = place.run("segment", "count", wrong)
    assert said.returncode == 2
    assert said.stderr.startswith("$.definition.within_day: ") or said.stderr.startswith("$.within_day: ")
    assert "within_days" in said.stderr

    nobody = place.run("people", "show", "nobody")
    assert nobody.returncode == 2
    assert "nobody goes by 'nobody'" in nobody.stderr
    nothing = place.run("journey", "stop", "nothing")
    assert nothing.returncode == 2
    assert "there is no journey and no campaign 'nothing'" in nothing.stderr

    wrong_key = place.run("keys", "list", "--api-key", "wrong")
    assert wrong_key.returncode == 2
    assert "Traceback" not in wrong_key.stderr


def test_a_second_server_is_refused_and_told_where_the_first_is(place: Place) -> None:
    second = place.run("up", "--port", "0")
    assert second.returncode == 2
    url = json.loads((place.data / "server.json").read_text())["url"]
    assert f"already: {url}." in second.stderr
    assert place.process.poll() is None


def test_a_fresh_workspace_takes_the_keys_it_is_given_and_says_how_to_sign_in(tmp_path: Path) -> None:
    def up(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [COMMAND, "up", "--data", "data", "--port", "0", "--for", "0.1", *words],
            capture_output=True,
            text=True,
            timeout=SECONDS_MOST,
            check=False,
            env=ENVIRON,
            cwd=tmp_path,
        )

    given = ("--write-key", "wk_website", "--api-key", "ak_console")
    first = up(*given)
    assert first.returncode == 0, first.stderr
    keys = tmp_path / "data" / "keys.json"
    assert json.loads(keys.read_text()) == {"write_key": "wk_website", "api_key": "ak_console"}
    assert "  Console     http://127.0.0.1:" in first.stdout
    assert re.search(r"  Owner       http://127\.0\.0\.1:\d+/welcome#\S{40}", first.stdout)
    assert "the api_key in data/keys.json" in first.stdout
    assert "ak_console" not in first.stdout, "a log is read by more people than the file of keys"
    assert "was not taken" not in first.stderr

    assert "was not taken" not in up(*given).stderr, "a service starts the same way each time"
    other = up("--write-key", "wk_other")
    assert other.returncode == 0
    assert "--write-key was not taken" in other.stderr
    assert json.loads(keys.read_text())["write_key"] == "wk_website"


def test_who_works_here(place: Place) -> None:
    link = place.run("accounts", "invite", "Ada@Shop.example", "--role", "marketer")
    assert link.returncode == 0, link.stderr
    assert "/invitation#" in link.stdout
    (ada,) = place.ask("accounts", "list")["accounts"]
    assert (ada["email"], ada["role"], ada["state"]) == ("ada@shop.example", "marketer", "invited")
    assert place.run("accounts", "role", "ada@shop.example", "--role", "owner").returncode == 0, "it may do all"
    refused = place.run("accounts", "reset", "ada@shop.example")
    assert refused.returncode == 2
    assert "not in use" in refused.stderr
    assert "holdfast accounts list" in place.run("accounts", "disable", "nobody@shop.example").stderr
    assert "is no email address" in place.run("accounts", "invite", "ada").stderr
    key = place.run("keys", "add", "of-accounts", "--kind", "api", "--scope", "accounts:write").stdout.strip()
    by_key = place.run("accounts", "list", "--api-key", key)
    assert by_key.returncode == 2
    assert "`read`" in by_key.stderr, "a key has its own scopes, whoever uses it"
    assert place.run("accounts", "remove", "ada@shop.example").returncode == 0
    assert place.ask("accounts", "list")["accounts"] == []
