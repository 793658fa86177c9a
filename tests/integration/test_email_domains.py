"""Email domains over HTTP and at the command line: set up once, and what the DNS needs is told again."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from holdfast.cli.main import app
from tests.integration.api_server import Server

RELAY = {"sender": "Shop <hello@shop.example>", "host": "smtp.relay.example", "password": "s3cret"}


@pytest.fixture(scope="module", autouse=True)
def relay(server: Server) -> Iterator[None]:
    server.got("PUT", "/api/connections/domain-relay", {"provider": "email_smtp", "settings": RELAY})
    yield
    server.ask("DELETE", "/api/connections/domain-relay")


def test_a_domain_is_set_up_and_its_key_never_shown(server: Server) -> None:
    wish = {"domain": "shop.example", "connection": "domain-relay", "bounce_host": "bounces.shop.example"}
    made = server.got("POST", "/api/email-domains", wish, status=201)
    assert (made["connection"], made["bounce_host"]) == ("domain-relay", "bounces.shop.example")
    assert [each["kind"] for each in made["records"]] == ["TXT", "TXT", "TXT", "MX"]
    assert [made] == server.got("GET", "/api/email-domains")["domains"]
    shown = json.dumps([made, server.got("GET", "/api/connections")])
    assert "PRIVATE KEY" not in shown
    assert "s3cret" not in shown


def test_the_command_line_prints_what_to_put_into_the_dns(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_API_KEY", server.keys[1])
    given = ["--connection", "domain-relay", "--ed25519", "--data", str(server.data)]
    said = CliRunner().invoke(app, ["email", "domain", "add", "shop.example", *given])
    assert said.exit_code == 0, said.output
    lines = [line for line in said.output.splitlines() if line and not line.startswith(";")]
    assert [line.split(" ")[2] for line in lines] == ["TXT", "TXT", "TXT", "TXT", "MX"]
    again = CliRunner().invoke(app, ["email", "domain", "list", "--data", str(server.data)])
    assert all(line in again.output for line in lines)
