"""Experiments from Python, over HTTP and at the command line: somebody gets the same wherever they are asked for."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from typer.testing import CliRunner, Result

import holdfast
from holdfast.cli.main import app as commands
from holdfast.flows.experiment.publishing import save_experiment
from holdfast.flows.upkeep.keys import add_key
from holdfast.http.decide import BODY_BYTES_MOST, decide_routes
from holdfast.kernel.errors import Conflict, NotFound
from holdfast.messages.person_token import sign_token, token_secret
from holdfast.testing.house import House

WRITE_KEY = "wk_of_the_site"
BASIC = "Basic " + base64.b64encode(f"{WRITE_KEY}:".encode()).decode()
COLOUR: dict[str, Any] = {
    "id": "colour",
    "name": "Colour",
    "variants": {"blue": 0.5, "red": 0.5},
    "values": {"red": {"button": "#f00"}},
    "state": "running",
}
GOLD: dict[str, Any] = {
    **COLOUR,
    "id": "gold",
    "values": {},
    "audience": {"type": "trait", "trait": "plan", "operator": "equals", "value": "gold"},
}


class Site:
    """A business's site."""

    def __init__(self, house: House) -> None:
        self.house = house
        app = Starlette(routes=decide_routes(house.app))
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://holdfast.example")

    async def ask(self, body: object = None, *, key: str = BASIC, **headers: str) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.client.post("/v1/decide", content=content, headers={"Authorization": key, **headers})

    async def variants(self, body: object, **headers: str) -> dict[str, str]:
        answer = await self.ask(body, **headers)
        assert answer.status_code == 200, answer.text
        return {name: each["variant"] for name, each in answer.json()["experiments"].items()}


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    house = await House.build(tmp_path)
    await add_key(house.app.state, "site", "write", now=house.clock.now(), key=WRITE_KEY)
    await house.app.access.refresh(house.app.state)
    for each in (COLOUR, GOLD):
        await save_experiment(house.app.state, each, now=house.clock.now())
    site = Site(house)
    async with site.client:
        yield site


async def test_a_page_is_told_the_variant_and_its_value(site: Site) -> None:
    values = set()
    for number in range(12):
        answer = await site.ask({"anonymous_id": f"browser-{number}"}, Origin="https://shop.example")
        assert answer.headers["access-control-allow-origin"] == "https://shop.example"
        assert answer.headers["cache-control"] == "no-store"
        found = answer.json()["experiments"]["colour"]
        assert found["value"] == {"red": {"button": "#f00"}, "blue": None}[found["variant"]]
        assert await site.variants({"anonymous_id": f"browser-{number}", "experiments": ["colour"]}) == {
            "colour": found["variant"]
        }
        values.add(found["variant"])
    assert values == {"blue", "red"}
    before = await site.client.options("/v1/decide", headers={"Origin": "https://shop.example"})
    assert (before.status_code, before.headers["access-control-allow-methods"]) == (204, "POST, OPTIONS")


async def test_an_audience_is_given_away_to_nobody_who_just_knows_a_user_id(site: Site) -> None:
    app = site.house.app
    body = {"type": "identify", "userId": "ann", "traits": {"plan": "gold"}, "messageId": "i1"}
    await app.collector.collect("batch", json.dumps({"batch": [body]}).encode(), "site")
    await app.settle()
    assert set(await site.variants({"user_id": "ann"})) == {"colour"}
    until = app.clock.now() + timedelta(hours=1)
    token = sign_token(token_secret(app.secret, "site"), "ann", ends=until)
    signed = await site.variants({}, **{"X-Holdfast-Person": token})
    assert set(signed) == {"colour", "gold"}
    assert signed["colour"] == (await site.variants({"user_id": "ann"}))["colour"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "nobody_named"),
        ({"user_id": 5}, 400, "bad_json"),
        ({"user_id": "ann", "experiment": "colour"}, 400, "bad_json"),
        (b"\xff", 400, "bad_json"),
        (b"[" * 5_000, 400, "bad_json"),
        ({"user_id": "ann", "experiments": ["color"]}, 400, "unknown_experiment"),
        ({"user_id": "a" * 1_001}, 413, "too_large"),
        ({"user_id": "ann", "experiments": ["colour"] * 201}, 413, "too_large"),
        (b" " * (BODY_BYTES_MOST + 1), 413, "too_large"),
    ],
)
async def test_what_cannot_be_answered_is_refused(site: Site, body: object, status: int, code: str) -> None:
    answer = await site.ask(body, Origin="https://shop.example")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["error"]["hint"]
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"


async def test_nobody_is_answered_without_a_key(site: Site) -> None:
    answer = await site.ask({"anonymous_id": "b"}, key="Basic " + base64.b64encode(b"wk_other:").decode())
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unknown_write_key")
    assert "www-authenticate" not in answer.headers


def test_a_workspace_keeps_experiments_and_tells_who_gets_what(tmp_path: Path) -> None:
    with holdfast.open(tmp_path) as ws:
        assert ws.save_experiment(COLOUR).variants == {"blue": 0.5, "red": 0.5}
        with pytest.raises(Conflict, match="has run already"):
            ws.save_experiment({**COLOUR, "state": "draft"})
        given = ws.decide("ann")["colour"].variant
        assert ws.decide("ann", ["colour"])["colour"].variant == given
        ws.save_experiment(GOLD)
        assert "gold" not in ws.decide("ann")
        ws.track([{"user_id": "ann", "traits": {"plan": "gold"}}])
        assert ws.decide("ann")["colour"].variant == given
        assert "gold" in ws.decide("ann"), "what was tracked before is known"
        assert [each.state for each in ws.experiments()] == ["running", "running"]
        other = {"blue": "red", "red": "blue"}[given]
        assert ws.declare_winner("colour", other).variants == {given: 0.0, other: 1.0}
        assert ws.decide("ann")["colour"].variant == other
        assert ws.stop_experiment("colour").state == "stopped"
        assert ws.experiment("colour", 1).state == "running"
        assert set(ws.decide("ann")) == {"gold"}
        with pytest.raises(NotFound, match="no experiment 'color'"):
            ws.stop_experiment("color")
        told = ws.sql(
            "SELECT text['experiment'] AS e, text['variant'] AS v, count() AS n FROM events "
            "WHERE event = 'Variant Assigned' GROUP BY e, v ORDER BY e"
        ).table
        assert [(row["e"], row["n"]) for row in told.to_dicts()] == [("colour", 1), ("gold", 1)]
        assert told.to_dicts()[0]["v"] == given


def test_the_commands_tell_one_story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    holdfast.open(tmp_path / "data").close()
    Path("colour.json").write_text(json.dumps(COLOUR))
    Path("nameless.json").write_text(json.dumps({"name": "x"}))

    def ran(*words: str, code: int = 0) -> Result:
        result = CliRunner().invoke(commands, ["experiment", *words, "--data", "data"])
        assert result.exit_code == code, (words, result.output, result.exception)
        return result

    assert "There are no experiments." in ran("list").output
    for _ in range(2):
        assert ran("apply", "colour.json").output == "Saved colour, version 1: running.\n"
    assert "the experiment has no id" in ran("apply", "nameless.json", code=2).output
    assert "there is no such file" in ran("apply", "gone.json", code=2).output
    assert "blue 50 %, red 50 %" in ran("list").output
    given = json.loads(ran("decide", "--person", "ann", "--json").output)["experiments"]["colour"]["variant"]
    assert given in ran("decide", "--person", "ann", "--experiment", "colour").output
    assert json.loads(ran("show", "colour").output)["state"] == "running"
    other = {"blue": "red", "red": "blue"}[given]
    assert ran("declare", "colour", other).output == f"Everybody gets {other} of colour: version 2.\n"
    assert other in ran("decide", "--person", "ann").output
    assert "has no variant 'green'" in ran("declare", "colour", "green", code=2).output
    assert ran("stop", "colour").output == "Stopped colour.\n"
    assert "They take part in none." in ran("decide", "--anonymous", "x").output
    versions = json.loads(ran("versions", "colour", "--json").output)["versions"]
    assert [(each["version"], each["state"]) for each in versions] == [(3, "stopped"), (2, "running"), (1, "running")]
    assert "`holdfast experiment list`" in ran("show", "color", code=2).output
