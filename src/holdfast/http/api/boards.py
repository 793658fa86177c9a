"""/api/boards: saved insights, KPIs and words side by side."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Query, Request
from pydantic import Field, TypeAdapter

from holdfast.flows.measure.boards import (
    Wanted,
    delete_analysis,
    document_of,
    find_analysis,
    listed,
    restore_analysis,
    save_analysis,
)
from holdfast.http.auth import asked_by
from holdfast.http.needs import needs
from holdfast.http.shapes import WISH, Whole, moment_text
from holdfast.kernel.errors import Invalid
from holdfast.ports.boards import Analysis
from holdfast.wiring import Application

CARDS_MOST = 60
TEXT_CHARACTERS_MOST = 10_000
DAYS_MOST = 3_653

Width = Annotated[Literal[1, 2, 3], Field(description="How many thirds of the board it takes.")]
CardId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,60}$")]
Named = Annotated[str, Field(min_length=1, max_length=200)]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]


@dataclass(frozen=True, kw_only=True)
class InsightCard:
    """A saved insight on a board, by its id."""

    __pydantic_config__ = WISH

    type: Literal["insight"]
    id: CardId
    width: Width = 1
    insight: Named


@dataclass(frozen=True, kw_only=True)
class KpiCard:
    """A KPI of the tree on a board, by its id."""

    __pydantic_config__ = WISH

    type: Literal["kpi"]
    id: CardId
    width: Width = 1
    kpi: Named


@dataclass(frozen=True, kw_only=True)
class TextCard:
    """Words on a board: plain text."""

    __pydantic_config__ = WISH

    type: Literal["text"]
    id: CardId
    width: Width = 1
    text: Annotated[str, Field(max_length=TEXT_CHARACTERS_MOST)]


@dataclass(frozen=True, kw_only=True)
class LastDays:
    """The last so many days, today with them."""

    __pydantic_config__ = WISH

    last_days: Annotated[Whole, Field(ge=1, le=DAYS_MOST)]


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """From one date to another, itself left out."""

    __pydantic_config__ = WISH

    since: Day
    until: Day | None = None


Card = Annotated[InsightCard | KpiCard | TextCard, Field(discriminator="type")]
When = LastDays | Stretch


@dataclass(frozen=True, kw_only=True)
class BoardWish:
    """A board to save: its cards in their order, and what holds for all its insights.

    With a `period`, every insight is asked for it, whatever it says itself; with a `segment`, only of its people.
    """

    __pydantic_config__ = WISH

    name: str
    description: str = ""
    period: When | None = None
    segment: Named | None = None
    cards: Annotated[list[Card], Field(max_length=CARDS_MOST)] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Board:
    """A board. `version` is one more with every saving."""

    id: str
    name: str
    description: str
    period: When | None
    segment: str | None
    cards: list[Card]
    version: int
    by: str
    saved_at: str

    @classmethod
    def of(cls, saved: Analysis) -> Self:
        said: dict[str, Any] = document_of(saved)
        return cls(
            id=saved.id,
            name=saved.name,
            description=saved.description,
            period=_WHEN.validate_python(said["period"]),
            segment=said["segment"],
            cards=_CARDS.validate_python(said["cards"]),
            version=saved.version,
            by=saved.by,
            saved_at=moment_text(saved.saved_ms),
        )


_WHEN: TypeAdapter[When | None] = TypeAdapter(When | None)
_CARDS: TypeAdapter[list[Card]] = TypeAdapter(list[Card])


@dataclass(frozen=True, kw_only=True)
class BoardHeading:
    """A board in the list of them."""

    id: str
    name: str
    description: str
    cards: int
    by: str
    saved_at: str


@dataclass(frozen=True, kw_only=True)
class BoardList:
    """Boards, by name."""

    boards: list[BoardHeading]


def board_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/boards", tags=["Boards"], dependencies=[needs("read")])

    @routes.get("")
    async def boards(deleted: Annotated[bool, Query()] = False) -> BoardList:
        """The boards, or those that were deleted."""
        async with app.state.view() as view:
            found = await listed(view, "board", deleted=deleted)
        return BoardList(boards=[_heading(each) for each in found])

    @routes.get("/{board_id}")
    async def board(board_id: str) -> Board:
        """One board."""
        async with app.state.view() as view:
            return Board.of(await find_analysis(view, "board", board_id))

    @routes.put("/{board_id}", dependencies=[needs("analyses:write")])
    async def save(board_id: str, wish: BoardWish, request: Request) -> Board:
        """Save a board under an id, in the place of what is there.

        With `based_on`, the version that was read, nothing is saved where somebody saved it since.
        """
        _check_ids(wish)
        said = asdict(wish)
        definition = {name: said[name] for name in ("period", "segment", "cards")}
        wanted = Wanted(kind="board", id=board_id, name=wish.name, description=wish.description, definition=definition)
        return Board.of(await save_analysis(app.state, wanted, by=asked_by(app, request), now=app.clock.now()))

    @routes.delete("/{board_id}", status_code=204, dependencies=[needs("analyses:write")])
    async def delete(board_id: str, request: Request) -> None:
        """Delete a board; it can be restored. The insights on it stay."""
        await delete_analysis(app.state, "board", board_id, by=asked_by(app, request), now=app.clock.now())

    @routes.post("/{board_id}/restore", dependencies=[needs("analyses:write")])
    async def restore(board_id: str, request: Request) -> Board:
        """Bring back a board that was deleted."""
        back = await restore_analysis(app.state, "board", board_id, by=asked_by(app, request), now=app.clock.now())
        return Board.of(back)

    return routes


def _heading(saved: Analysis) -> BoardHeading:
    return BoardHeading(
        id=saved.id,
        name=saved.name,
        description=saved.description,
        cards=len(_cards(saved)),
        by=saved.by,
        saved_at=moment_text(saved.saved_ms),
    )


def _cards(saved: Analysis) -> list[Any]:
    cards = document_of(saved)["cards"]
    return cards if isinstance(cards, list) else []


def _check_ids(wish: BoardWish) -> None:
    twice = [name for name, count in Counter(each.id for each in wish.cards).items() if count > 1]
    if twice:
        raise Invalid(f"two cards have the id {twice[0]!r}.", path="$.cards", hint="Give each an id of its own.")
