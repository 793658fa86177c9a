"""/api/erasures and /api/people/{id}/export: what is held of a person, and forgetting them with proof.

Whom it is about is said in the body, not in the path: names do not end in the log of a proxy.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Query, Request
from starlette.responses import StreamingResponse

from holdfast.flows.people.erasure_record import Found, Record, Step, decoded
from holdfast.flows.people.export_person import export_person
from holdfast.flows.people.prove_erased import prove
from holdfast.http.auth import asked_by
from holdfast.http.needs import needs
from holdfast.http.shapes import WISH, Truth, moment_text
from holdfast.kernel.errors import NotFound
from holdfast.wiring import Application


@dataclass(frozen=True, kw_only=True)
class ErasureWish:
    """Whom to erase."""

    __pydantic_config__ = WISH

    person: str
    """Any id they go by. All that is held of the person goes, whatever other ids they have."""
    wait: Truth = True
    """Answer when it is done, which takes some seconds; else at once, and it goes on by itself."""


@dataclass(frozen=True, kw_only=True)
class ProofWish:
    """Whose erasure to prove."""

    __pydantic_config__ = WISH

    person: str


@dataclass(frozen=True, kw_only=True)
class StepShape:
    """What was done in one store."""

    store: str
    looked_for: str
    removed: dict[str, int]
    at: str

    @classmethod
    def of(cls, step: Step) -> StepShape:
        return cls(store=step.store, looked_for=step.looked_for, removed=step.removed, at=moment_text(step.at_ms))


@dataclass(frozen=True, kw_only=True)
class FoundShape:
    """What a search of one store found."""

    store: str
    looked_for: str
    found: dict[str, int]

    @classmethod
    def of(cls, found: Found) -> FoundShape:
        return cls(store=found.store, looked_for=found.looked_for, found=found.found)


@dataclass(frozen=True, kw_only=True)
class ErasureShape:
    """An erasure: its certificate, once it is done. Nothing in it is personal."""

    id: str
    state: Literal["running", "done"]
    requested_at: str
    by: str
    done_at: str | None
    problem: str
    names: list[str]
    """Hashes of their names, keyed with the workspace's secret."""
    identities: list[int]
    log_offset: int
    steps: list[StepShape]
    verified: list[FoundShape]
    mentioned: int
    log_gone_by: str | None
    seal: str

    @classmethod
    def of(cls, record: Record) -> ErasureShape:
        return cls(
            id=record.id,
            state="running" if record.done_ms is None else "done",
            requested_at=moment_text(record.requested_ms),
            by=record.by,
            done_at=None if record.done_ms is None else moment_text(record.done_ms),
            problem=record.problem,
            names=record.names,
            identities=record.identities,
            log_offset=record.until,
            steps=[StepShape.of(each) for each in record.steps],
            verified=[FoundShape.of(each) for each in record.verified],
            mentioned=record.mentioned,
            log_gone_by=None if record.log_gone_by_ms is None else moment_text(record.log_gone_by_ms),
            seal=record.seal,
        )


@dataclass(frozen=True, kw_only=True)
class ErasureList:
    """Every erasure, the oldest first."""

    erasures: list[ErasureShape]


@dataclass(frozen=True, kw_only=True)
class ProofShape:
    """A certificate, tried again."""

    holds: bool
    """Whether it is genuine and done, and the search found nothing."""
    genuine: bool
    found: list[FoundShape]
    erasure: ErasureShape


def erasure_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api", tags=["Privacy"], dependencies=[needs("people:erase")])

    @routes.post("/erasures")
    async def erase(request: Request, wish: Annotated[ErasureWish, Body()]) -> ErasureShape:
        """Forget a person in every store. Asked again, the same erasure is given as it stands."""
        record = await app.eraser.request(wish.person, by=asked_by(app, request))
        if wish.wait:
            record = await app.eraser.run(record.id)
        app.erase_wanted.set()
        return ErasureShape.of(record)

    @routes.get("/erasures")
    async def erasures() -> ErasureList:
        """Every erasure there was."""
        async with app.state.view() as view:
            found = await view.erasures()
        return ErasureList(erasures=[ErasureShape.of(decoded(each.record)) for each in found])

    @routes.post("/erasures/prove")
    async def proof(wish: Annotated[ProofWish, Body()]) -> ProofShape:
        """Check the certificate of whoever went by a name, and search every store for the name again."""
        tried = await prove(app.eraser.stores, wish.person)
        return ProofShape(
            holds=tried.holds,
            genuine=tried.genuine,
            found=[FoundShape.of(each) for each in tried.found],
            erasure=ErasureShape.of(tried.record),
        )

    @routes.get("/erasures/{erasure_id}")
    async def erasure(erasure_id: str) -> ErasureShape:
        """One erasure."""
        async with app.state.view() as view:
            found = await view.erasure(erasure_id)
        if found is None:
            hint = "GET /api/erasures lists them."
            raise NotFound(f"there is no erasure {erasure_id!r:.100}.", code="unknown_erasure", hint=hint)
        return ErasureShape.of(decoded(found.record))

    @routes.get("/people/{user_id:name}/export", response_class=StreamingResponse)
    async def export(
        user_id: str, file_format: Annotated[Literal["json", "jsonl"], Query(alias="format")] = "json"
    ) -> StreamingResponse:
        """Everything that is held of a person, as one file."""
        await app.catch_up()
        pieces = export_person(app.holder(), user_id, file_format)
        first = await anext(pieces)  # Whatever there is to complain of comes before the first byte.

        async def body() -> AsyncIterator[bytes]:
            yield first
            async for piece in pieces:
                yield piece

        kind = "application/json" if file_format == "json" else "application/x-ndjson"
        disposition = f'attachment; filename="person.{file_format}"'
        return StreamingResponse(body(), media_type=kind, headers={"Content-Disposition": disposition})

    return routes
