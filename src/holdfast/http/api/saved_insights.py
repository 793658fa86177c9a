"""/api/saved-insights: questions that were saved, to be asked again and to stand on boards."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any, Self

from fastapi import APIRouter, Query, Request

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
from holdfast.http.shapes import WISH, Properties, moment_text
from holdfast.kernel.errors import Invalid
from holdfast.measures.insight_catalogue import declared_insights
from holdfast.ports.boards import Analysis
from holdfast.wiring import Application

SQL = "sql"
"""The kind of a saved question that is written in SQL."""


@dataclass(frozen=True, kw_only=True)
class SavedInsightWish:
    """A question to save: its kind, and what it asks as the console keeps it.

    That is the question of `POST /api/insights/{kind}`, and besides it `when`, which moves on with the calendar, and
    how it is drawn. Of the kind `sql` it is `{"query": "…"}`.
    """

    __pydantic_config__ = WISH

    name: str
    description: str = ""
    kind: str
    question: Properties


@dataclass(frozen=True, kw_only=True)
class SavedInsight:
    """A question that was saved. `version` is one more with every saving."""

    id: str
    name: str
    description: str
    kind: str
    question: Properties
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
            kind=said["kind"],
            question=said["question"],
            version=saved.version,
            by=saved.by,
            saved_at=moment_text(saved.saved_ms),
        )


@dataclass(frozen=True, kw_only=True)
class SavedInsights:
    """Saved questions, by name."""

    insights: list[SavedInsight]


def saved_insight_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/saved-insights", tags=["Insights"], dependencies=[needs("read")])

    @routes.get("")
    async def insights(deleted: Annotated[bool, Query()] = False) -> SavedInsights:
        """The saved insights, or those that were deleted."""
        async with app.state.view() as view:
            found = await listed(view, "insight", deleted=deleted)
        return SavedInsights(insights=[SavedInsight.of(each) for each in found])

    @routes.get("/{insight_id}")
    async def insight(insight_id: str) -> SavedInsight:
        """One saved insight."""
        async with app.state.view() as view:
            return SavedInsight.of(await find_analysis(view, "insight", insight_id))

    @routes.put("/{insight_id}", dependencies=[needs("analyses:write")])
    async def save(insight_id: str, wish: SavedInsightWish, request: Request) -> SavedInsight:
        """Save an insight under an id, in the place of what is there."""
        kinds = (*declared_insights(), SQL)
        if wish.kind not in kinds:
            hint = f"There is {', '.join(kinds)}."
            raise Invalid(f"{wish.kind!r:.80} is no kind of insight.", path="$.kind", hint=hint)
        said = asdict(wish)
        definition = {name: said[name] for name in ("kind", "question")}
        wanted = Wanted(
            kind="insight", id=insight_id, name=wish.name, description=wish.description, definition=definition
        )
        kept = await save_analysis(app.state, wanted, by=asked_by(app, request), now=app.clock.now())
        return SavedInsight.of(kept)

    @routes.delete("/{insight_id}", status_code=204, dependencies=[needs("analyses:write")])
    async def delete(insight_id: str, request: Request) -> None:
        """Delete a saved insight; it can be restored."""
        await delete_analysis(app.state, "insight", insight_id, by=asked_by(app, request), now=app.clock.now())

    @routes.post("/{insight_id}/restore", dependencies=[needs("analyses:write")])
    async def restore(insight_id: str, request: Request) -> SavedInsight:
        """Bring back a saved insight that was deleted."""
        back = await restore_analysis(app.state, "insight", insight_id, by=asked_by(app, request), now=app.clock.now())
        return SavedInsight.of(back)

    return routes
