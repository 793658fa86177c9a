"""Live segments are always what the batch answer in SQL is: random people, events and time, on a real workspace."""

from __future__ import annotations

import json
import random
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import holdfast
from holdfast.flows.audience.segment_drafts import draft_of
from holdfast.flows.audience.segments import save_segment
from holdfast.flows.people.identify import find_identity, merge, unmerge
from holdfast.kernel.errors import Conflict
from holdfast.kernel.moments import format_moment, to_millis
from holdfast.segments.builders import all_of, any_of, bucket, did, first_did, in_segment, last_did, trait
from holdfast.segments.calendars import Calendar
from holdfast.segments.condition import Condition
from holdfast.segments.conditions.did import Did
from holdfast.segments.conditions.trait import Trait
from holdfast.settings import Settings
from holdfast.testing import FakeClock
from holdfast.wiring import Application, open_application
from tests.integration.api_server import Server

HALF_AN_HOUR = 30 / 1440
USERS = [f"u{n}" for n in range(9)]
DEVICES = [f"d{n}" for n in range(5)]
ZONES = ("Europe/Berlin", "Pacific/Apia", "America/Havana", "Australia/Lord_Howe", "nowhere", None)
DAYS = ("2026-03-29", "2026-03-30T23:30:00-10:00", "1990-03-31", "2024-02-29", "2026-04-02T00:00", "none", None)

SEGMENTS: dict[str, Condition] = {
    "everybody": all_of(),
    "idle": last_did("Viewed", before_days=HALF_AN_HOUR) & ~did("Bought", within_days=HALF_AN_HOUR),
    "not-bought": ~did("Bought", within_days=1),
    "thrice": did("Viewed", at_least=3, within_days=0.25),
    "few": did("Viewed", at_least=1, at_most=2, within_days=2),
    "new": first_did("Viewed", within_days=1),
    "today": Did(event="Viewed", calendar=Calendar(unit="day"), time_zone="person"),
    "week": Did(event="Bought", at_most=0, calendar=Calendar(unit="week")),
    "rolling": Did(event="Viewed", calendar=Calendar(unit="month", rolling=True), time_zone="Europe/Berlin"),
    "since": did("Bought", since="2026-03-28T12:00:00", until=None) & (trait("plan") == "gold"),
    "birthday": Trait(trait="day", operator="anniversary_within_days", value=2, time_zone="person"),
    "soon": Trait(trait="day", operator="days_until_at_most", value=1, time_zone="person"),
    "passed": ~Trait(trait="day", operator="days_since_at_least", value=1),
    "half": bucket("lot", 25, 75),
    "nested": in_segment("idle") | (in_segment("today") & ~in_segment("gold")),
    "gold": any_of(trait("plan") == "gold", did("Bought", at_least=4)),
    "deep": ~in_segment("nested") & did("Viewed", within_days=3),
}


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Application]:
    clock = FakeClock(datetime(2026, 3, 27, 9, 30, tzinfo=UTC))
    settings = Settings.load(tmp_path, {}, {"time_zone": "Europe/Berlin"}, working_dir=tmp_path)
    opened = await open_application(settings, clock=clock, serving=False)
    yield opened
    await opened.close()


async def save(app: Application, name: str, condition: Condition) -> None:
    draft = replace(draft_of(name, name, condition), live=True)
    await save_segment(app.state, draft, by="test", now=app.clock.now())


async def live_members(app: Application, name: str) -> list[int]:
    async with app.state.view() as view:
        (live,) = [each for each in await view.live_segments() if each.segment == name and each.ended_ms is None]
        members = [person for person, _ in await view.segment_members(live.number, limit=1_000)]
    assert live.size == len(members)
    return members


async def compare(app: Application, names: list[str], step: str) -> None:
    """After everything that happened is taken in and told."""
    await app.settle()
    now = app.clock.now()
    for name in names:
        condition = await app.condition(SEGMENTS[name])
        rows = await app.history.people(condition, as_of_ms=to_millis(now), limit=1_000)
        by_sql = sorted(each.person for each in rows)
        by_tick = await live_members(app, name)
        assert by_tick == by_sql, f"{step}, {now}: live {name} is {by_tick}, SQL says {by_sql}"


def message(draw: random.Random, number: int, now: datetime) -> dict[str, Any]:
    """Something somebody does or says: mostly now, now and then late, or by a clock that is ahead."""
    ago = draw.choice((0, 0, 0, 0, 1, 1_799, 86_400, 40 * 86_400, -3_600, -90_000))
    at = now - timedelta(seconds=ago, milliseconds=draw.choice((0, 0, 1, 999)))
    who: dict[str, Any] = {"userId": draw.choice(USERS)} if draw.random() < 0.7 else {}
    if not who or draw.random() < 0.2:
        who["anonymousId"] = draw.choice(DEVICES)
    said = {"messageId": f"m{number}", "timestamp": format_moment(at), **who}
    if draw.random() < 0.65:
        return {"type": "track", "event": draw.choice(("Viewed", "Viewed", "Bought", "Other")), **said}
    traits = {"plan": draw.choice(("gold", "free", None)), "day": draw.choice(DAYS), "timezone": draw.choice(ZONES)}
    return {"type": "identify", "traits": dict(draw.sample(sorted(traits.items()), 2)), **said}


async def join_or_part(app: Application, draw: random.Random) -> None:
    one, other = draw.sample(USERS, 2)
    async with app.state.view() as view:
        known = [await find_identity(view, name) for name in (one, other)]
        links = await view.links([each.id for each in known if each is not None])
    if None in known:
        return
    standing = [each for each in links if each.stands and each.id is not None]
    try:
        if standing and draw.random() < 0.6:
            await unmerge(app.state, draw.choice(standing).id, by="test", now=app.clock.now())
        else:
            await merge(app.state, one, other, by="test", now=app.clock.now())
    except Conflict:
        return  # They were one person already.


@pytest.mark.parametrize("seed", range(3))
async def test_live_is_what_sql_says_at_every_moment(app: Application, seed: int) -> None:
    draw = random.Random(seed)
    clock = app.clock
    assert isinstance(clock, FakeClock)
    names = [name for name in SEGMENTS if draw.random() < 0.85 or name in {"idle", "nested", "gold", "today"}]
    later = names[::4]
    for name in ("idle", "today", "gold", "nested"):
        await save(app, name, SEGMENTS[name])
    for name in names:
        if name not in later:
            await save(app, name, SEGMENTS[name])
    number = 0
    for step in range(12):
        for _ in range(draw.randrange(1, 5)):
            batch = [message(draw, number + each, clock.now()) for each in range(draw.randrange(1, 6))]
            number += len(batch)
            await app.collector.collect("batch", json.dumps({"batch": batch}).encode(), "default")
        if draw.random() < 0.2:
            await app.settle()
            await join_or_part(app, draw)
        if step == 4:
            await app.settle()
            for name in later:
                await save(app, name, SEGMENTS[name])
        await compare(app, [name for name in names if name not in later or step >= 4], f"seed {seed}, step {step}")
        clock.advance(seconds=draw.choice((0.001, 1, 60, 1_799, 1_800, 7_200, 21_600, 43_200, 86_400, 100_000)))
        await compare(app, [name for name in names if name not in later or step >= 4], f"seed {seed}, after {step}")


async def test_a_workspace_opened_again_goes_on_where_it_was(tmp_path: Path) -> None:
    """Timers and half a filling outlive the process."""
    clock = FakeClock(datetime(2026, 3, 27, 9, 30, tzinfo=UTC))
    settings = Settings.load(tmp_path, {}, {}, working_dir=tmp_path)
    app = await open_application(settings, clock=clock, serving=False)
    batch = [{"type": "track", "event": "Viewed", "userId": name, "messageId": name} for name in USERS]
    await app.collector.collect("batch", json.dumps({"batch": batch}).encode(), "default")
    await app.settle()
    await save(app, "idle", SEGMENTS["idle"])
    await app.reactor.tick()
    await app.close()
    clock.advance(minutes=30)
    again = await open_application(settings, clock=clock, serving=False)
    try:
        await again.settle()
        assert len(await live_members(again, "idle")) == len(USERS)
    finally:
        await again.close()


def test_from_python_a_segment_is_made_live_asked_and_kept_as_a_file(tmp_path: Path) -> None:
    with holdfast.open(tmp_path / "data") as ws:
        ws.track([{"user_id": name, "event": "Viewed"} for name in ("ann", "ben")])
        ws.save_segment("seen", "Seen", did("Viewed", within_days=1), live=True)
        ws.track([{"user_id": "cem", "event": "Viewed"}])
        found = ws.live_members("seen")
        assert (found.segment.size, found.filled) == (3, 1.0)
        assert sorted(each.name.value for each in found.members) == ["ann", "ben", "cem"]
        assert [each.name for each in ws.events_of("cem")].count("Segment Entered") == 1
        assert "Segment Entered" not in [each.name for each in ws.events_of("ann")]
        ws.pull_segments(tmp_path / "files", "toml")
        assert "live = true" in (tmp_path / "files" / "seen.toml").read_text(encoding="utf-8")
        assert [each.kind for each in ws.apply_segments(tmp_path / "files")] == ["unchanged"]
        ws.save_segment("seen", "Seen it", did("Viewed", within_days=1))
        assert ws.segment("seen").live, "it stays as it is where it is not said"
        ws.save_segment("seen", "Seen it", did("Viewed", within_days=1), live=False)
        with pytest.raises(Conflict, match="not live") as refused:
            ws.live_members("seen")
        assert "--live" in refused.value.hint
        ws.restore_segment("seen", 1)
        assert ws.live_members("seen").segment.size == 3


def test_over_http_members_come_in_pages(server: Server) -> None:
    path = "/api/segments/seen-live"
    server.took(*({"type": "track", "userId": f"live-{n}", "event": "Looked At It"} for n in range(5)))
    definition = {"type": "did", "event": "Looked At It"}
    saved = server.got("PUT", path, {"name": "Seen", "definition": definition, "live": True})
    assert saved["live"] is True
    until = time.monotonic() + 120
    while server.got("GET", f"{path}/members")["filled"] < 1:
        assert time.monotonic() < until, "it does not fill"
        time.sleep(0.02)
    server.took({"type": "track", "userId": "live-6", "event": "Looked At It"})
    first = server.got("GET", f"{path}/members?limit=4")
    assert (first["segment"], first["size"], first["version"]) == ("seen-live", 6, saved["version"])
    rest = server.got("GET", f"{path}/members?limit=4&after={first['next_after']}")
    assert rest["next_after"] is None
    names = [each["user_id"] for each in (*first["members"], *rest["members"])]
    assert names == [*(f"live-{n}" for n in range(5)), "live-6"]
    assert server.got("GET", f"{path}/versions")["versions"][0]["live"] is True
    often = {**definition, "at_least": 40, "within_days": 7}
    error = server.refused(400, "PUT", path, {"name": "Seen", "definition": often})
    assert (error["code"], error["path"]) == ("not_live", "$.at_least")
    server.got("PUT", path, {"name": "Seen", "definition": often, "live": False})
    assert server.refused(409, "GET", f"{path}/members")["code"] == "not_live"
    server.refused(404, "GET", "/api/segments/never-saved/members")
