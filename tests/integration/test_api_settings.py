"""Settings chosen over HTTP: what may be, what is fixed, what holds at once, and what is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from holdfast.flows.upkeep.chosen_settings import choose_settings, chosen_settings
from holdfast.settings import CHOOSABLE, PREFIX
from holdfast.stores.sqlite.state import SqliteState
from tests.integration.api_server import Server, complaint, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose currency is set by a file."""
    data = tmp_path_factory.mktemp("settings") / "data"
    data.mkdir()
    (data / "holdfast.toml").write_text('currency = "USD"\n', encoding="utf-8")
    with serving(data) as it:
        yield it


def revision_of(server: Server) -> int:
    revision: int = server.ask("GET", "/api/settings").json["revision"]
    return revision


def settings_of(server: Server) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in server.ask("GET", "/api/settings").json["settings"]}


def choose(server: Server, based_on: int | None = None, **values: object) -> Any:
    return server.ask("PUT", "/api/settings", {"values": values, "based_on": based_on})


def test_what_is_chosen_holds_at_once_and_is_told(server: Server) -> None:
    before = settings_of(server)
    assert set(before) == set(CHOOSABLE)
    assert before["quiet_from"]["value"] == before["quiet_from"]["default"] == ""
    revision = revision_of(server)
    answer = choose(server, revision, quiet_from="21:00", quiet_until="08:00", workspace_name="Lodestar")
    assert answer.status == 200, answer.body
    assert answer.json["revision"] == revision + 1
    after = settings_of(server)
    assert (after["quiet_from"]["value"], after["quiet_from"]["chosen"], after["quiet_from"]["waits"]) == (
        "21:00",
        True,
        False,
    )
    assert server.call("GET", "/session").json["workspace"]["name"] == "Lodestar"
    entry = server.ask("GET", "/api/audit?kind=settings").json["entries"][0]
    assert entry["action"] == "settings.changed"
    assert {"path": "$.quiet_from", "before": None, "after": "21:00"} in entry["changes"]
    assert choose(server, quiet_from=None, quiet_until=None).status == 200
    assert settings_of(server)["quiet_from"]["value"] == ""


def test_what_holds_after_a_start_says_so(server: Server) -> None:
    assert choose(server, time_zone="Europe/Berlin").status == 200
    assert settings_of(server)["time_zone"]["waits"] is True
    assert server.call("GET", "/session").json["workspace"]["zone"] == "UTC"


def test_what_is_chosen_is_there_after_a_start(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as first:
        assert choose(first, time_zone="Europe/Berlin", cap_email_per_day=7).status == 200
    with serving(tmp_path / "data") as second:
        found = settings_of(second)
        assert (found["time_zone"]["value"], found["time_zone"]["waits"]) == ("Europe/Berlin", False)
        assert found["cap_email_per_day"]["value"] == 7
        assert second.ask("GET", "/session").json["workspace"]["zone"] == "Europe/Berlin"


async def test_after_an_upgrade_that_was_taken_back_the_rest_holds_and_can_be_changed(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as newer:
        assert choose(newer, contact_caps="1 in 24 hours", cap_email_per_day=7).status == 200
    state = SqliteState(tmp_path / "data")
    async with state.begin() as transaction:
        await choose_settings(transaction, {"of_a_newer_version": 1})
    await state.close()

    with serving(tmp_path / "data") as older:
        assert settings_of(older)["cap_email_per_day"]["value"] == 7
        assert choose(older, cap_email_per_day=8).status == 200
    state = SqliteState(tmp_path / "data")
    async with state.view() as view:
        kept = (await chosen_settings(view)).values
    await state.close()
    assert kept == {"contact_caps": "1 in 24 hours", "cap_email_per_day": 8, "of_a_newer_version": 1}


def test_what_whoever_runs_the_server_set_is_not_chosen(server: Server) -> None:
    assert settings_of(server)["currency"]["value"] == "USD"
    assert "holdfast.toml" in settings_of(server)["currency"]["fixed"]
    answer = choose(server, currency="EUR")
    assert answer.status == 409
    said = complaint(answer)
    assert said["code"] == "fixed_setting"
    assert said["path"] == "$.values.currency"


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"quiet_from": "21:00"}, "$.values.quiet"),
        ({"time_zone": "Mars/Olympus"}, "$.values.time_zone"),
        ({"cap_email_per_day": -1}, "$.values.cap_email_per_day"),
        ({"cap_email_per_day": True}, "$.values.cap_email_per_day"),
        ({"global_holdout": 2}, "$.values.global_holdout"),
        ({"contact_caps": "many"}, "$.values.contact_caps"),
        ({"workspace_name": "a\x00b"}, "$.values.workspace_name"),
        ({"workspace_name": "x" * 5000}, "$.values.workspace_name"),
        ({"state_url": "postgresql://elsewhere/it"}, "$.values.state_url"),
        ({"nothing": None}, "$.values.nothing"),
    ],
)
def test_what_cannot_be_is_refused_and_not_kept(server: Server, values: dict[str, Any], path: str) -> None:
    revision = revision_of(server)
    answer = choose(server, **values)
    assert answer.status == 400, answer.body
    assert complaint(answer)["path"].startswith(path)
    assert revision_of(server) == revision


def test_nobody_chooses_over_somebody_else(server: Server) -> None:
    revision = revision_of(server)
    assert choose(server, revision, cap_email_per_day=2).status == 200
    answer = choose(server, revision, cap_email_per_day=9)
    assert answer.status == 409
    assert complaint(answer)["code"] == "moved_on"
    assert settings_of(server)["cap_email_per_day"]["value"] == 2


def test_the_server_says_how_it_stands(server: Server) -> None:
    health = server.ask("GET", "/api/health").json
    assert health["places"] == [{"what": each, "how": "file"} for each in ("state", "log", "history")]
    assert health["data_bytes"] > health["log_bytes"] > 0
    assert health["free_bytes"] > 0
    assert health["log_backlog"] == 0
    assert PREFIX not in str(health)


def test_a_holdout_that_is_chosen_is_noted_with_its_moment(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as server:
        server.took({"type": "track", "event": "Seen", "userId": "ann", "messageId": "m1"})
        assert choose(server, global_holdout=0.25).status == 200
        assert choose(server, global_holdout=0.25, cap_email_per_day=3).status == 200
        told = server.got("GET", "/api/holdout")
        shares = told["periods"][-1]["shares"]
        assert [each["share"] for each in shares][-2:] == [0.0, 0.25]
        assert told["periods"][-1]["since"] == shares[-1]["since"], "it counts from when somebody was held out"
        assert told["periods"][-1]["noted"] is True
        old = server.got("GET", "/api/holdout?max_age=300")
        assert old["as_of"] == told["as_of"], "an old answer will do"
        assert server.got("GET", "/api/holdout")["as_of"] > told["as_of"], "and nobody else is told an old one"
        assert choose(server, global_holdout=0.5).status == 200
        changed = server.got("GET", "/api/holdout?max_age=300")
        assert changed["share"] == 0.5, "what was asked of another share is no answer"
