"""The page of a shared board: whatever is in it is text, and only the sites that are named may frame it."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast
from zoneinfo import ZoneInfo

import pytest

from holdfast.flows.measure.shared_board import NotShown, SharedBoard, ShownInsight, ShownKpi, ShownText
from holdfast.http.shared import ROWS_MOST, _answer, shared_page
from holdfast.measures.insight import Answer, Cell, Column
from holdfast.measures.kpi import Judged, KpiNode, Read, Unread
from holdfast.settings import Settings
from holdfast.wiring import Application

EVIL = '"><script>alert(1)</script>'
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 1, 2, 23, 30, tzinfo=UTC)


def _board(*cards: ShownInsight | ShownKpi | ShownText | NotShown) -> SharedBoard:
    return SharedBoard(name=f"Board {EVIL}", description=EVIL, as_of=NOW, cards=cards)


def _insight(rows: tuple[tuple[Cell, ...], ...]) -> ShownInsight:
    columns = (
        Column(name="start", type="moment", about=""),
        Column(name="breakdown", type="text", about=""),
        Column(name="median_seconds", type="number", about=""),
        Column(name="share", type="share", about=""),
        Column(name="value", type="money", about=""),
    )
    answer = Answer(columns=columns, rows=rows, time_zone="Europe/Berlin", currency="EUR")
    return ShownInsight(width=2, name=f"Orders {EVIL}", words=EVIL, answer=answer, picture="<svg/>")


def test_nothing_of_a_customers_is_markup() -> None:
    row = (1_767_394_800_000, EVIL, 90.0, 0.125, 1_234_50)
    page = shared_page(
        _board(
            _insight((row,)),
            ShownText(width=1, text=EVIL),
            NotShown(width=1, name=EVIL, why="sql"),
            ShownKpi(width=1, kpi=_kpi(Unread(reason=EVIL))),
        ),
        BERLIN,
        "en",
    )
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 8
    for said in ("As of 2026-01-03 00:30 Europe/Berlin", "2026-01-03", "90 s", "12.5%", "1,234.50 EUR", "Not known"):
        assert said in page, said


def test_what_is_too_long_says_how_much_more_there_is() -> None:
    rows = tuple((None, str(number), None, None, None) for number in range(ROWS_MOST + 3))
    page = shared_page(_board(_insight(rows)), BERLIN, "de")
    assert page.count("<tr>") == ROWS_MOST + 1
    assert "3 weitere Zeilen" in page
    assert "Als Tabelle" in page


def test_a_figure_stands_beside_its_target() -> None:
    page = shared_page(_board(ShownKpi(width=1, kpi=_kpi(Read(value=0.5, type="share", currency="")))), BERLIN, "en")
    assert "50.0%" in page
    assert "Target 75.0%" in page
    assert "Nothing on this board yet." in shared_page(_board(), BERLIN, "en")


def _kpi(figure: Read | Unread) -> Judged:
    question: dict[str, object] = {"event": "Bought"}
    node = KpiNode(
        id="k",
        name=f"Share {EVIL}",
        kind="kpi",
        insight="trend",
        question=question,
        column="value",
        target=0.75,
    )
    return Judged(node=node, depth=0, now=figure, before=None, people=None, status="met", met=1, missed=0, unknown=0)


@pytest.mark.parametrize(
    ("sites", "framed"),
    [
        ("", "frame-ancestors 'none'"),
        (
            "https://intranet.example, https://*.wiki.example",
            "frame-ancestors https://intranet.example https://*.wiki.",
        ),
        ("*", "frame-ancestors *"),
    ],
)
def test_only_the_sites_that_are_named_may_frame_it(sites: str, framed: str) -> None:
    app = cast("Application", SimpleNamespace(settings=Settings(embed_sites=sites)))
    policy = _answer(app, "").headers["content-security-policy"]
    assert framed in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
