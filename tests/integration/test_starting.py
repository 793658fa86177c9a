"""A server that is still loading takes events in already, and loses none of them."""

from __future__ import annotations

import base64
import contextlib
import json
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from holdfast.places import open_ground
from holdfast.settings import Settings
from holdfast.workers.listening import Entrance
from holdfast.workers.server import begin_collecting
from tests.integration.api_server import API_KEY, WRITE_KEY, person, serving, until


async def answered(application: ASGIApp, method: str, path: str, body: object = None, key: str = "") -> tuple[int, Any]:
    """The status and the JSON of an answer."""
    basic = base64.b64encode(f"{key}:".encode())
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": [(b"content-type", b"application/json"), (b"authorization", b"Basic " + basic)],
    }
    told: list[Any] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}

    async def send(message: Any) -> None:
        told.append(message)

    await application(scope, receive, send)
    return told[0]["status"], json.loads(b"".join(each.get("body", b"") for each in told[1:]))


async def test_what_comes_while_the_engine_loads_is_taken_in(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    entrance = Entrance("Loading the engine.")
    event = {"type": "track", "userId": "early", "event": "Came Early", "messageId": "m-early"}
    async with contextlib.AsyncExitStack() as opened:
        assert (await answered(entrance, "POST", "/v1/track", event, WRITE_KEY))[0] == 503
        settings = Settings.load(data, {}, {"port": 8765})
        ground = await open_ground(settings, opened)
        await begin_collecting(entrance, ground, settings, (WRITE_KEY, API_KEY))
        assert await answered(entrance, "POST", "/v1/track", event, WRITE_KEY) == (200, {"success": True})
        assert (await answered(entrance, "POST", "/v1/track", event, "wk_unknown"))[0] == 401
        assert await ground.log.end() == 1
        for path in ("/healthz", "/api/people", "/"):
            status, said = await answered(entrance, "GET", path)
            assert (status, said["status"]) == (503, "starting")
    assert json.loads((data / "keys.json").read_bytes()) == {"write_key": WRITE_KEY, "api_key": API_KEY}
    with serving(data) as server:
        until(lambda: server.ask("GET", person("early")).status == 200, "who came early being known")
        names = [each["event"] for each in server.got("GET", person("early", "events"))["events"]]
        assert names == ["Came Early"]
