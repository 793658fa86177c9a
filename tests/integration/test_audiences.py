"""Audiences by every way in: who came and went, sizes day by day, what segments share, whom we can write to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

import holdfast
from holdfast import did, trait
from holdfast.cli.main import app
from holdfast.decisions.gate import Contact, Withheld, gate
from holdfast.flows.audience import reach
from holdfast.flows.journey.playbook import Playbook
from holdfast.flows.journey.travel import load_travellers
from holdfast.kernel.errors import Invalid, TooLarge
from holdfast.wiring import rules_of

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
BOUGHT = did("Bought", within_days=7)


def bought(user: str, days: float) -> dict[str, Any]:
    return {"user_id": user, "event": "Bought", "timestamp": (MONDAY + timedelta(days=days)).isoformat()}


def says(user: str, days: float, **traits: object) -> dict[str, Any]:
    return {"user_id": user, "traits": traits, "timestamp": (MONDAY + timedelta(days=days)).isoformat()}


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[holdfast.Workspace]:
    with holdfast.open(tmp_path / "data") as opened:
        opened.track([bought("ann", 0.5), bought("ann", 5), bought("bob", 1), bought("cem", 9)])
        opened.track([says("ann", 0, plan="free"), says("ann", 6, plan="gold"), says("bob", 2, plan="gold")])
        yield opened


def users(frame: pl.DataFrame) -> list[str]:
    return list(frame["user_id"])


def test_who_came_and_who_went(ws: holdfast.Workspace) -> None:
    changes = ws.segment_changes(BOUGHT, "2026-03-04", "2026-03-12")
    assert changes.table.select("before", "after", "entered", "left", "stayed").row(0) == (2, 2, 1, 1, 1)
    assert (users(changes.people("entered")), users(changes.people("left"))) == (["cem"], ["bob"])
    assert (changes.entered, changes.left) == (1, 1)
    assert "1 entered and 1 left" in changes.words
    drawn = changes.plot()._repr_svg_()
    assert (">stayed<" in drawn, ">-1<" in drawn) == (True, True)
    gold = trait("plan") == "gold"
    assert ws.segment_changes(gold, date(2026, 3, 4), MONDAY + timedelta(days=6)).entered == 1
    assert ws.segment_changes(gold, "2026-03-01").entered == 2
    # Late events and merges count at once.
    ws.track([bought("dan", 8)])
    assert users(ws.segment_changes(BOUGHT, "2026-03-04", "2026-03-12").people("entered", limit=1, offset=1)) == ["dan"]
    merged = ws.merge("bob", "cem")
    assert ws.segment_changes(BOUGHT, "2026-03-04", "2026-03-12").left == 0
    ws.unmerge(merged.link.id)
    assert ws.segment_changes(BOUGHT, "2026-03-04", "2026-03-12").left == 1


def test_a_segment_at_a_moment(ws: holdfast.Workspace) -> None:
    gold = trait("plan") == "gold"
    ws.save_segment("gold", "Gold", gold)
    for segment in (gold, "gold", {"type": "in_segment", "segment": "gold"}):
        assert users(ws.audience(segment, at="2026-03-05").people()) == ["bob"]
        assert (ws.audience(segment, at="2026-03-05").count, ws.audience(segment, at="2026-03-05").everyone) == (1, 2)
        now = ws.audience(segment)
        assert (now.count, now.everyone, users(now.people(limit=1))) == (2, 3, ["ann"])
    assert ws.audience(~(gold & did("Bought", at_least=2)) | trait("plan").is_not_set()).count == 2


def test_sizes_day_by_day_in_a_time_zone(ws: holdfast.Workspace) -> None:
    told: list[tuple[int, int]] = []
    days = ws.segment_history(BOUGHT, last=366, time_zone="Asia/Kathmandu", progress=lambda *each: told.append(each))
    assert days.height == 366
    assert told[-1] == (366, 366)
    assert len(told) > 10
    spring = days.filter(pl.col("start").dt.date().is_between(date(2026, 3, 1), date(2026, 3, 12)))
    # In Kathmandu the second of March ends at 18:15 of the same day in London.
    assert spring["people"].to_list() == [0, 1, 2, 2, 2, 2, 2, 2, 2, 1, 2, 2]
    assert spring["entered"].to_list() == [0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0]
    assert spring["left"].to_list() == [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]
    assert spring["start"][0].isoformat() == "2026-03-01T00:00:00+05:45"
    months = ws.segment_history(BOUGHT, period="month", last=2)
    assert (months.height, months.columns) == (2, ["start", "as_of", "people", "entered", "left"])


def test_what_segments_have_in_common(ws: holdfast.Workspace) -> None:
    ws.save_segment("buyers", "Buyers", did("Bought"))
    found = ws.overlap({"buyers": "buyers", "gold": trait("plan") == "gold", "twice": did("Bought", at_least=2)})
    assert found.matrix.rows() == [("buyers", 3, 2, 1), ("gold", 2, 2, 1), ("twice", 1, 1, 1)]
    assert found.table.row(0) == ("buyers", "gold", 2, 3, 2 / 3, 1.0, 2 / 3)
    assert (found.in_any, found.in_all, found.in_one) == (3, 1, 1)
    drawn = found.plot()._repr_svg_()
    assert (">67%<" in drawn, ">twice<" in drawn, drawn.count(">100%<")) == (True, True, 6)
    largest = [(["buyers"], 1), (["buyers", "gold"], 1), (["buyers", "gold", "twice"], 1)]
    assert [row[:2] for row in found.combinations.rows()] == largest
    assert ws.overlap(["buyers", did("Bought")]).table["likeness"].to_list() == [1.0]


def test_reach_is_what_the_gate_says(ws: holdfast.Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "BATCH_PEOPLE", 4)  # So that there are several.

    def consent(user: str, granted: object, topic: str | None = None) -> dict[str, Any]:
        properties = {"channel": "email", "granted": granted} | ({"topic": topic} if topic else {})
        return {"user_id": user, "event": "Consent Changed", "properties": properties}

    people = [f"p{n}" for n in range(12)]
    ws.track([says(each, 0, email=f" {each}@Example.com ") for each in people[:10]])
    ws.track([says("p3", 1, email=None), says("p4", 1, email=17), says("p11", 0, email="p0@example.com")])
    ws.track([consent("p1", False), consent("p2", True), consent("p5", False, "news"), consent("p6", True, "news")])
    ws.track([consent("p6", False), consent("p7", False, "offers")])
    ws.merge("p8", "p9")

    async def suppress() -> None:
        async with ws._app.state.begin() as transaction:
            for address, reason in (("P0@EXAMPLE.COM", "bounced"), ("p2@example.com", "unsubscribed")):
                await transaction.suppress("email", address, reason, 0)

    ws._wait(suppress())
    everyone = holdfast.all_of()
    persons = ws.audience(everyone).people()["person"].to_list()

    def by_mail(told: pl.DataFrame) -> dict[str, int]:
        return dict(told.filter(pl.col("channel") == "email").select("outcome", "people").rows())

    async def by_gate(contact: Contact) -> dict[str, int]:
        now = ws._app.clock.now()
        rules = rules_of(ws._app.settings)
        async with ws._app.state.view() as view:
            travellers = await load_travellers(view, persons, Playbook(), rules, 0, channels=("email",))
        answers = [gate(contact, each.standing()["email"], rules, now) for each in travellers.values()]
        said = [each.reason if isinstance(each, Withheld) else "reachable" for each in answers]
        return {each: said.count(each) for each in said}

    for topic in ("", "news", "offers"):
        for transactional in (False, True):
            expected = ws._wait(by_gate(Contact(channel="email", topic=topic, transactional=transactional)))
            found = ws.reach(everyone, topic=topic, transactional=transactional)
            told = dict(
                found.table.filter(pl.col("people") > 0, pl.col("channel") == "email")
                .select("outcome", "people")
                .rows()
            )
            assert told == expected
            assert found.people == sum(told.values()) == 13
    assert ">no_consent<" in ws.reach(everyone, topic="news").plot()._repr_svg_()
    assert by_mail(ws.reach(everyone, topic="news").table) == {
        "reachable": 2, "no_address": 5, "no_consent": 3, "suppressed": 3,
    }  # fmt: skip


def test_the_command_line_says_the_same(ws: holdfast.Workspace, tmp_path: Path) -> None:
    ws.save_segment("buyers", "Buyers", BOUGHT)
    ws.close()
    gold = '{"type":"trait","trait":"plan","operator":"equals","value":"gold"}'

    def said(*arguments: str) -> str:
        ran = CliRunner().invoke(app, ["segment", *arguments, "--data", str(tmp_path / "data")])
        assert ran.exit_code == 0, ran.output
        return ran.output

    between = ("--since", "2026-03-04", "--until", "2026-03-12")
    assert json.loads(said("changes", "buyers", *between, "--json"))["entered"] == 1
    told = said("changes", "buyers", *between, "--who", "left")
    assert ("1 left" in told, "bob" in told, "cem" in told) == (True, True, False)
    points = json.loads(said("history", gold, "--period", "month", "--last", "12", "--json"))["points"]
    assert (points[-1]["people"], sum(each["entered"] for each in points)) == (2, 2)
    assert "AS OF" in said("history", gold, "--last", "2")
    told = said("overlap", "buyers", gold)
    assert ("2 in any, 0 in all, 2 in exactly one" in told, "IN EXACTLY THESE" in told) == (True, True)
    assert json.loads(said("overlap", "buyers", gold, "--json"))["common"][1] == [0, 2]
    assert re.search(r"^email +2 +have no address$", said("reach", gold), re.MULTILINE)
    assert "1 of 2." in said("audience", gold, "--at", "2026-03-05")
    ran = CliRunner().invoke(app, ["segment", "audience", "nobody", "--data", str(tmp_path / "data")])
    assert (ran.exit_code, "nobody" in ran.output) == (2, True)


def test_what_is_wrong_is_said(ws: holdfast.Workspace) -> None:
    for ask, path in (
        (lambda: ws.segment_changes(BOUGHT, "2026-03-04", "2026-03-04"), "$.until"),
        (lambda: ws.segment_changes(BOUGHT, "yesterday"), "$.since"),
        (lambda: ws.segment_changes(BOUGHT, "2026-03-04", "2190-01-01"), "$.until"),
        (lambda: ws.segment_history(BOUGHT, last=0), "$.last"),
        (lambda: ws.segment_history(BOUGHT, last=367), "$.last"),
        (lambda: ws.segment_history(BOUGHT, period="hour"), "$.period"),
        (lambda: ws.segment_history(BOUGHT, time_zone="Mars/Crater"), "$.time_zone"),
        (lambda: ws.overlap([BOUGHT]), "$.segments"),
        (lambda: ws.overlap([BOUGHT, "nobody-saved-this"]), "$.segments[1]"),
        (lambda: ws.audience("nobody-saved-this"), "$"),
        (lambda: ws.audience({"type": "did"}), "$"),
        (lambda: ws.audience(BOUGHT).people(limit=-1), "$.limit"),
        (lambda: ws.segment_changes(BOUGHT, "2026-03-04").people(offset=-1), "$.offset"),
    ):
        with pytest.raises((Invalid, TooLarge)) as refused:
            ask()
        assert refused.value.path.startswith(path)
        assert refused.value.hint
