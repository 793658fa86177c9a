"""The page a shared link opens: `/shared/{token}`. Its signature opens it, and nothing else can be asked from it.

It is a document without scripts: pictures drawn here, and tables. Framed it may be by the sites of `embed_sites`.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from holdfast.flows.measure.drawn import duration
from holdfast.flows.measure.shared_board import (
    NotShown,
    SharedBoard,
    Shower,
    Shown,
    ShownInsight,
    ShownKpi,
    ShownText,
)
from holdfast.flows.measure.sharing import what_it_opens
from holdfast.http.public_page import HEADERS, Language, language_for, lost
from holdfast.kernel.errors import Exposed
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.kernel.money import minor_digits
from holdfast.measures.insight import Answer, Cell, ColumnType
from holdfast.measures.kpi import Figure, Judged, Read
from holdfast.settings import decode_sites
from holdfast.wiring import Application

FRESH_MS = 60_000
"""How long a page is told again as it is: who reloads it does not have everything reckoned anew."""
KEPT_MOST = 100
ROWS_MOST = 200
"""Rows of a table that are told."""

_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "as_of": "As of {moment}",
        "table": "As a table",
        "rest": "{count} more rows are in the console.",
        "gone": "What stood here was deleted.",
        "sql": "This is a query, which is shown in the console only.",
        "unanswered": "This could not be reckoned now.",
        "empty": "Nothing on this board yet.",
        "target": "Target {target}",
        "unknown": "Not known",
        "busy": "Not now",
        "again": "The numbers cannot be reckoned at the moment. Reload the page in a while.",
    },
    "de": {
        "as_of": "Stand: {moment}",
        "table": "Als Tabelle",
        "rest": "{count} weitere Zeilen stehen in der Konsole.",
        "gone": "Was hier stand, wurde gelöscht.",
        "sql": "Das ist eine Abfrage, die nur in der Konsole zu sehen ist.",
        "unanswered": "Das ließ sich gerade nicht berechnen.",
        "empty": "Noch nichts auf dieser Tafel.",
        "target": "Ziel {target}",
        "unknown": "Nicht bekannt",
        "busy": "Gerade nicht",
        "again": "Die Zahlen lassen sich im Augenblick nicht berechnen. Laden Sie die Seite später neu.",
    },
}
_STYLE = """
:root{color-scheme:light}*{box-sizing:border-box}body{font:14px/1.5 system-ui,sans-serif;margin:0;padding:20px;
background:#f7f7f4;color:#1b1b19}h1{font-size:20px;margin:0}h2{font-size:14px;margin:0 0 2px}p{margin:0 0 8px}
header{margin:0 0 16px}.quiet{color:#5b5a54}.cards{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));gap:14px;
padding:0;margin:0;list-style:none}.cards>li{background:#fff;border:1px solid #e6e5df;border-radius:12px;padding:14px;
overflow:hidden;overflow-wrap:anywhere}.w2{grid-column:span 2}.w3{grid-column:1/-1}img{display:block;width:100%;
max-width:860px;height:auto;margin-inline:auto}.text{white-space:pre-line}.figure{font-size:26px;font-weight:600;letter-spacing:-.03em}
.rows{overflow:auto;max-height:420px}table{border-collapse:collapse;font-variant-numeric:tabular-nums;width:100%}
th,td{text-align:start;padding:5px 10px 5px 0;border-bottom:1px solid #e6e5df;font-weight:400;white-space:nowrap}
th{color:#5b5a54;font-size:12px}.number{text-align:end}summary{cursor:pointer;color:#254fb8;padding:4px 0}
summary:focus-visible,.rows:focus-visible{outline:2px solid #2d5ed4;outline-offset:2px}
@media (max-width:760px){.cards{display:block}.cards>li{margin-block-end:14px}}
"""


def shared_routes(app: Application) -> list[Route]:
    """The routes."""
    turn = asyncio.Lock()
    kept: dict[tuple[str, int, Language], tuple[int, str]] = {}

    async def shared(request: Request) -> Response:
        language, now = language_for(request), app.clock.now()
        async with app.state.view() as view:
            opened = await what_it_opens(view, app.secret, request.path_params["token"], now=now)
        if opened is None:
            return lost(language)
        link, analysis = opened
        name = (link.id, analysis.version, language)
        made_ms, html = kept.get(name, (0, ""))
        if to_millis(now) - made_ms > FRESH_MS:
            try:
                await app.catch_up()
                shower = Shower(app.state, lambda: app.insights, app.question, app.zone, turn)
                html = shared_page(await shower.show(analysis, now=now), app.zone, language)
            except Exposed:
                words = _WORDS[language]
                said = f"<h1>{words['busy']}</h1><p>{words['again']}</p>"
                return _answer(app, _document(words["busy"], said, language), 503)
            while len(kept) >= KEPT_MOST:
                del kept[next(iter(kept))]
            kept[name] = (to_millis(now), html)
        return _answer(app, html)

    return [Route("/shared/{token}", shared, methods=["GET", "HEAD"])]


def _answer(app: Application, html: str, status: int = 200) -> HTMLResponse:
    sites = decode_sites(app.settings.embed_sites)
    policy = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; sandbox; "
        f"frame-ancestors {' '.join(sites) or chr(39) + 'none' + chr(39)}"
    )
    return HTMLResponse(html, status, {**HEADERS, "Content-Security-Policy": policy})


def shared_page(board: SharedBoard, zone: ZoneInfo, language: Language) -> str:
    """The whole page."""
    words = _WORDS[language]
    about = f'<p class="quiet text">{escape(board.description)}</p>' if board.description else ""
    moment = f"{board.as_of.astimezone(zone):%Y-%m-%d %H:%M} {zone.key}"
    cards = "".join(f'<li class="w{each.width}">{_card(each, words)}</li>' for each in board.cards)
    body = (
        f"<header><h1>{escape(board.name)}</h1>{about}"
        f'<p class="quiet">{escape(words["as_of"].format(moment=moment))}</p></header>'
        + (f'<ul class="cards">{cards}</ul>' if cards else f"<p>{words['empty']}</p>")
    )
    return _document(board.name, body, language)


def _document(title: str, body: str, language: Language) -> str:
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><main>{body}</main></body></html>"
    )


def _card(card: Shown, words: dict[str, str]) -> str:
    match card:
        case ShownText():
            return f'<p class="text">{escape(card.text)}</p>'
        case NotShown():
            return f'<h2>{escape(card.name)}</h2><p class="quiet">{words[card.why]}</p>'
        case ShownKpi():
            return _kpi(card.kpi, words)
        case ShownInsight():
            drawn = base64.b64encode(card.picture.encode()).decode()
            return (
                f'<h2>{escape(card.name)}</h2><p class="quiet">{escape(card.words)}</p>'
                f'<img alt="{escape(card.words)}" src="data:image/svg+xml;base64,{drawn}">'
                f"<details><summary>{words['table']}</summary>{_table(card.name, card.answer, words)}</details>"
            )


def _kpi(kpi: Judged, words: dict[str, str]) -> str:
    target = ""
    if kpi.node.target is not None and isinstance(kpi.now, Read):
        said = words["target"].format(target=_amount(kpi.node.target, kpi.now.type, kpi.now.currency))
        target = f'<p class="quiet">{escape(said)}</p>'
    return f'<h2>{escape(kpi.node.name)}</h2><p class="figure">{escape(_figure(kpi.now, words))}</p>{target}'


def _figure(figure: Figure | None, words: dict[str, str]) -> str:
    return _amount(figure.value, figure.type, figure.currency) if isinstance(figure, Read) else words["unknown"]


def _table(name: str, answer: Answer, words: dict[str, str]) -> str:
    zone = ZoneInfo(answer.time_zone)
    head = "".join(f'<th scope="col"{_side(each.type)}>{escape(_called(each.name))}</th>' for each in answer.columns)
    rows = "".join(_row(row, answer, zone) for row in answer.rows[:ROWS_MOST])
    rest = len(answer.rows) - ROWS_MOST
    more = f'<p class="quiet">{words["rest"].format(count=f"{rest:,}")}</p>' if rest > 0 else ""
    return (
        f'<div class="rows" tabindex="0" role="region" aria-label="{escape(name)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>{more}"
    )


def _row(row: Sequence[Cell], answer: Answer, zone: ZoneInfo) -> str:
    cells = (
        f"<td{_side(column.type)}>{escape(_cell(cell, column.type, column.name, answer.currency, zone))}</td>"
        for cell, column in zip(row, answer.columns, strict=True)
    )
    return f"<tr>{''.join(cells)}</tr>"


def _side(kind: ColumnType) -> str:
    return "" if kind in ("text", "moment", "truth") else ' class="number"'


def _called(column: str) -> str:
    return column.removesuffix("_seconds").replace("_", " ")


def _cell(cell: Cell, kind: ColumnType, column: str, currency: str, zone: ZoneInfo) -> str:
    if cell is None:
        return "–"
    if kind == "moment":
        return _moment(from_millis(int(cell)).astimezone(zone))
    if isinstance(cell, (str, bool)):
        return str(cell)
    if column.endswith("_seconds"):
        return duration(float(cell))
    return _amount(float(cell), kind, currency)


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d}" if (at.hour, at.minute) == (0, 0) else f"{at:%Y-%m-%d %H:%M}"


def _amount(value: float, kind: ColumnType, currency: str) -> str:
    if kind == "money":
        digits = minor_digits(currency)
        return f"{value / 10**digits:,.{digits}f} {currency}"
    if kind == "share":
        return f"{value:.1%}"
    return f"{value:,.0f}" if value == round(value) else f"{value:,.2f}"
