"""What names mean, how much of each event comes, and files that are stopped: over HTTP, on the real server."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.integration.api_server import API_KEY, Server
from tests.integration.held_upload import HeldUpload

MEANINGS = "/api/schema/meanings"
HEAD = "user_id,timestamp,event\n"
MAPPING = {"person": "user_id", "time": "timestamp", "event": "event"}
WAIT_SECONDS = 60


def _until(server: Server, path: str, wanted: Callable[[Any], bool]) -> Any:
    deadline = time.monotonic() + WAIT_SECONDS
    while not wanted(said := server.got("GET", path)):
        assert time.monotonic() < deadline, said
        time.sleep(0.1)
    return said


def test_what_a_name_means_is_told_where_the_name_is(server: Server) -> None:
    file = f"{HEAD}meant-1,2026-01-02,Meant Something\nmeant-1,2026-02-03,Meant Something\n"
    with HeldUpload(f"http://127.0.0.1:{server.port}", API_KEY, name="m.csv", mapping=MAPPING, begins=file) as upload:
        assert upload.finish("meant-2,2026-03-04,Meant Something\n")["added"] == 3
    said = server.got("PUT", MEANINGS, {"event": "Meant Something", "text": " It happened. \n"})
    assert (said["text"], said["name"], said["event"]) == ("It happened.", None, "Meant Something")
    server.got("PUT", MEANINGS, {"event": "Meant Something", "name": "why", "text": "The reason."})
    server.got("PUT", MEANINGS, {"name": "meant_trait", "text": "Of people."})
    (found,) = [each for each in server.got("GET", "/api/schema/events")["events"] if each["name"] == "Meant Something"]
    assert (found["meaning"], found["count"], found["people"]) == ("It happened.", 3, 2)
    assert (found["first"], found["last"]) == ("2026-01-02T00:00:00.000Z", "2026-03-04T00:00:00.000Z")
    told = server.got("GET", MEANINGS)["meanings"]
    ours = [(each["event"], each["name"]) for each in told if "eant" in f"{each['event']}{each['name']}"]
    assert ours == [(None, "meant_trait"), ("Meant Something", None), ("Meant Something", "why")]
    server.got("PUT", MEANINGS, {"event": "Meant Something", "text": ""})
    (found,) = [each for each in server.got("GET", "/api/schema/events")["events"] if each["name"] == "Meant Something"]
    assert found["meaning"] == ""


def test_what_means_nothing_is_refused_with_its_place(server: Server) -> None:
    assert server.refused(400, "PUT", MEANINGS, {"text": "x"})["path"] == "$.name"
    assert server.refused(400, "PUT", MEANINGS, {"event": "A", "text": "\u0000"})["path"] == "$.text"
    assert server.ask("PUT", MEANINGS, {"event": "A" * 501, "text": "x"}).status in {400, 413}
    assert server.ask("PUT", MEANINGS, {"event": "A", "text": "x" * 2_001}).status in {400, 413}


def test_how_much_of_each_event_came_of_late(server: Server) -> None:
    server.took(*({"type": "track", "userId": "much-1", "event": "Came Much", "messageId": f"m-{n}"} for n in range(3)))
    said = _until(
        server,
        "/api/schema/volumes?days=7",
        lambda told: any(each["name"] == "Came Much" and sum(each["counts"]) == 3 for each in told["events"]),
    )
    (found,) = [each for each in said["events"] if each["name"] == "Came Much"]
    assert found["counts"] == [0] * 6 + [3]
    # What came today is in no day that is over; midnight may have passed since.
    whole = server.got("GET", "/api/schema/volumes?days=7&whole=true")
    assert whole["since"].endswith("T00:00:00.000Z")
    assert [each["counts"][:6] for each in whole["events"] if each["name"] == "Came Much"] in ([], [[0] * 6])
    assert server.ask("GET", "/api/schema/volumes?days=0").status == 400


def test_a_file_is_stopped_and_goes_on_from_there(server: Server) -> None:
    assert server.got("GET", "/api/import") == {"under_way": None}
    server.refused(404, "DELETE", "/api/import")
    url, rest = f"http://127.0.0.1:{server.port}", "stopped-1,2026-01-02,Stopped Once\n"
    with HeldUpload(url, API_KEY, name="s.csv", mapping=MAPPING, begins=HEAD) as upload:
        doing = _until(server, "/api/import", lambda said: said["under_way"] is not None)["under_way"]
        assert (doing["label"], doing["called_off"]) == ("Importing s.csv", False)
        assert server.ask("DELETE", "/api/import").status == 204
        assert server.got("GET", "/api/import")["under_way"]["called_off"] is True
        done = upload.finish(rest)
    assert done == {"rows": 0, "added": 0, "known": 0, "bad": 0, "stopped": True}
    _until(server, "/api/import", lambda said: said["under_way"] is None)
    with HeldUpload(url, API_KEY, name="s.csv", mapping=MAPPING, begins=HEAD) as again:
        assert again.finish(rest) == {"rows": 1, "added": 1, "known": 0, "bad": 0, "stopped": False}
    said = [each["action"] for each in server.got("GET", "/api/audit?limit=50")["entries"]]
    assert "events.import_stopped" in said
