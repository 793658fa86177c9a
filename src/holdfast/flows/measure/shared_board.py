"""A shared board: everything on it, asked and drawn, for who has no account.

Only what stands on the board is asked, by the questions that were saved: whoever has the link chooses nothing. Queries
in SQL are left out, for they may show anything of anybody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast
from zoneinfo import ZoneInfo

from holdfast.events.event import Json
from holdfast.flows.measure.boards import document_of
from holdfast.flows.measure.drawing import draw
from holdfast.flows.measure.kpis import QuestionOf, load_tree, reckon
from holdfast.kernel.errors import Exposed
from holdfast.kernel.moments import to_millis
from holdfast.measures.insight import Answer, Question
from holdfast.measures.insight_catalogue import declared_insights
from holdfast.measures.kept_question import question_kept
from holdfast.measures.kpi import Judged
from holdfast.ports.boards import Analysis
from holdfast.ports.insights import Insights
from holdfast.ports.state import State

Why = Literal["gone", "sql", "unanswered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownInsight:
    """A question, its answer, and the answer drawn as SVG."""

    width: int
    name: str
    words: str
    answer: Answer
    picture: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownKpi:
    """A figure of the tree."""

    width: int
    kpi: Judged


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownText:
    """Words."""

    width: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotShown:
    """What cannot be shown, and why."""

    width: int
    name: str
    why: Why


Shown = ShownInsight | ShownKpi | ShownText | NotShown


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedBoard:
    """What the page says."""

    name: str
    description: str
    as_of: datetime
    cards: Sequence[Shown]


@dataclass(frozen=True, slots=True)
class Shower:
    """Makes shared boards, one at a time: to draw takes a core, and nobody who has an account shall wait for it."""

    state: State
    insights: Callable[[], Insights]
    question_of: QuestionOf
    zone: ZoneInfo
    turn: asyncio.Lock

    async def show(self, shared: Analysis, *, now: datetime) -> SharedBoard:
        """A board, or an insight as a board of one card."""
        async with self.turn:
            said = document_of(shared)
            if shared.kind == "insight":
                cards = [await self._insight(shared, 3, {}, now)]
            else:
                cards = [await self._card(card, said, now) for card in _objects(said.get("cards"))]
        return SharedBoard(name=shared.name, description=shared.description, as_of=now, cards=cards)

    async def _card(self, card: Mapping[str, Json], board: Mapping[str, Json], now: datetime) -> Shown:
        width = int(cast("int", card["width"]))
        match card["type"]:
            case "text":
                return ShownText(width=width, text=str(card["text"]))
            case "kpi":
                return await self._kpi(str(card["kpi"]), width, now)
            case _:
                name = str(card["insight"])
                async with self.state.view() as view:
                    saved = await view.analysis("insight", name)
                if saved is None or saved.deleted:
                    return NotShown(width=width, name=name, why="gone")
                return await self._insight(saved, width, board, now)

    async def _insight(self, saved: Analysis, width: int, board: Mapping[str, Json], now: datetime) -> Shown:
        said = document_of(saved)
        kind = str(said["kind"])
        if kind not in declared_insights():
            return NotShown(width=width, name=saved.name, why="sql")
        period, segment = board.get("period"), board.get("segment")
        try:
            body = question_kept(
                kind,
                cast("Mapping[str, Json]", said["question"]),
                today=now.astimezone(self.zone).date(),
                when=period if isinstance(period, Mapping) else None,
                segment=segment if isinstance(segment, str) else None,
            )
            question = await self.question_of(kind, body)
            answer = await self.insights().insight(question, as_of_ms=to_millis(now))
        except Exposed:
            # What it complains of is for those who may mend it.
            return NotShown(width=width, name=saved.name, why="unanswered")
        picture = await asyncio.to_thread(_drawn, answer, question)
        return ShownInsight(width=width, name=saved.name, words=question.words(), answer=answer, picture=picture)

    async def _kpi(self, name: str, width: int, now: datetime) -> Shown:
        async with self.state.view() as view:
            tree = await load_tree(view)
        judged = await reckon(tree, insights=self.insights, question_of=self.question_of, as_of_ms=to_millis(now))
        found = next((each for each in judged if each.node.id == name), None)
        return ShownKpi(width=width, kpi=found) if found is not None else NotShown(width=width, name=name, why="gone")


def _drawn(answer: Answer, question: Question) -> str:
    # The card says what it is.
    return draw(answer, question.picture(), "").svg()


def _objects(value: Json) -> list[Mapping[str, Json]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []
