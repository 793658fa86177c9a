"""/api/connections: the providers that are set up to carry messages. Their secrets go in, and never come out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field

from holdfast.decisions.fields import schema_of
from holdfast.flows.delivery.connections import Wish
from holdfast.http.auth import asked_by
from holdfast.http.needs import needs
from holdfast.http.shapes import WISH, Truth, moment_text
from holdfast.messages.parcel import Accepted, Deferred, InDoubt, Refused, Verdict
from holdfast.outgoing import Carried, to_set_up
from holdfast.ports.connections import Connection
from holdfast.wiring import Application


@dataclass(frozen=True, kw_only=True)
class ConnectionShape:
    """A provider, set up. Of each secret only whether there is one."""

    name: str
    provider: str
    label: str
    medium: str
    settings: dict[str, Any]
    secrets: dict[str, bool]
    default: bool
    """Whether messages of its medium go out by it."""
    problem: str
    """Why nothing can go out by it; empty when nothing is wrong with how it is set up."""
    callback_url: str
    """What to give its provider, so that it tells what becomes of messages; empty where it tells nothing."""
    created_at: str
    changed_at: str
    by: str


@dataclass(frozen=True, kw_only=True)
class CarriedShape:
    """What becomes of messages of a medium."""

    medium: str
    by: Literal["connection", "settings", "mailbox", "inbox", "nothing"]
    """`settings`: by what the settings say, such as `smtp_host`; `mailbox`: they are kept here; `inbox`: they wait in
    people's apps; `nothing`: they wait for a connection."""
    connection: str
    """The name of the connection, if it is one."""


@dataclass(frozen=True, kw_only=True)
class ConnectionList:
    """Every connection, and what becomes of each medium's messages."""

    connections: list[ConnectionShape]
    carried: list[CarriedShape]


@dataclass(frozen=True, kw_only=True)
class ProviderShape:
    """A provider that can be set up, and what it asks for."""

    name: str
    label: str
    medium: str
    source: str
    settings: dict[str, Any]
    """A JSON Schema; what is secret has the format `password`, and `writeOnly`."""
    calls_back: bool
    """Whether it tells by itself what becomes of messages."""


@dataclass(frozen=True, kw_only=True)
class ProviderList:
    """Every provider there is."""

    providers: list[ProviderShape]


@dataclass(frozen=True, kw_only=True)
class ConnectionWish:
    """A connection as it is to be. A secret that is left out stays as it is."""

    __pydantic_config__ = WISH

    provider: str
    settings: dict[str, Any] = field(default_factory=dict)
    default: Annotated[Truth | None, Field(description="Left out: as it is; the first of a medium is the default.")] = (
        None
    )


@dataclass(frozen=True, kw_only=True)
class TrialWish:
    """A message to send now."""

    __pydantic_config__ = WISH

    to: str
    content: Annotated[dict[str, Any] | None, Field(description="As a send step's template; left out: a test.")] = None


@dataclass(frozen=True, kw_only=True)
class TrialShape:
    """What the provider said."""

    verdict: Literal["accepted", "deferred", "refused", "in_doubt"]
    reason: str
    """In the provider's words and ours; empty when it was accepted."""
    provider_id: str
    """What the provider calls the message."""
    kept: bool
    """Whether it is in the built-in mailbox, and did not go out: `mailbox` is true."""


@dataclass(frozen=True, kw_only=True)
class ResealWish:
    """The key that sealed before, if it is none of those that are set."""

    __pydantic_config__ = WISH

    old_key: str | None = None


@dataclass(frozen=True, kw_only=True)
class Resealed:
    """Of how many connections secrets were sealed anew."""

    connections: int


def connection_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/connections", tags=["Connections"], dependencies=[needs("read")])

    async def noticed() -> None:
        # Here at once; other processes look for themselves within seconds.
        if app.offices is not None and await app.offices.refresh():
            app.wake.set()

    @routes.get("")
    async def listed() -> ConnectionList:
        """Every connection, and by what each medium's messages go."""
        connections = await app.outgoing.connections.listed()
        return ConnectionList(
            connections=[_shape(app, each) for each in connections],
            carried=[_carried(each) for each in app.outgoing.carried(connections)],
        )

    @routes.get("/providers")
    async def known() -> ProviderList:
        """Every provider that can be set up, with a schema of what it asks for."""
        return ProviderList(
            providers=[
                ProviderShape(
                    name=each.name,
                    label=each.label,
                    medium=each.medium,
                    source=each.source,
                    settings=dict(schema_of(each.settings)),
                    calls_back=each.inbound is not None,
                )
                for each in to_set_up().values()
            ]
        )

    @routes.post("/reseal", dependencies=[needs("settings:write")])
    async def reseal(wish: ResealWish) -> Resealed:
        """Seal every secret with the key that is set now."""
        sealed = await app.outgoing.connections.reseal(wish.old_key)
        await noticed()
        return Resealed(connections=sealed)

    @routes.get("/{name}")
    async def one(name: str) -> ConnectionShape:
        """One connection."""
        return _shape(app, await app.outgoing.connections.named(name))

    @routes.put("/{name}", dependencies=[needs("settings:write")])
    async def put(name: str, wish: ConnectionWish, request: Request) -> ConnectionShape:
        """Set a connection up, or change it; messages go by it within seconds."""
        wanted = Wish(provider=wish.provider, settings=wish.settings, default=wish.default)
        connection = await app.outgoing.connections.put(name, wanted, by=asked_by(app, request))
        await noticed()
        return _shape(app, connection)

    @routes.delete("/{name}", dependencies=[needs("settings:write")], status_code=204)
    async def drop(name: str) -> None:
        """Forget a connection, secrets and all. What waits to go by it waits for another."""
        await app.outgoing.connections.drop(name)
        await noticed()

    @routes.post("/{name}/test", dependencies=[needs("settings:write")])
    async def test(name: str, wish: TrialWish) -> TrialShape:
        """Send one message by it now, and say what its provider says. Suppressed addresses are not written to."""
        tried = await app.outgoing.try_out(name, wish.to, wish.content, offices=app.offices, rules=app.rules)
        return _trial(tried.verdict, kept=tried.kept)

    return routes


def _shape(app: Application, connection: Connection) -> ConnectionShape:
    connections = app.outgoing.connections
    declared = to_set_up().get(connection.provider)
    settings, secrets = connections.shown(connection)
    return ConnectionShape(
        name=connection.name,
        provider=connection.provider,
        label=declared.label if declared is not None else connection.provider,
        medium=connection.medium,
        settings=settings,
        secrets=secrets,
        default=connection.is_default,
        problem=connections.problem(connection),
        callback_url=app.outgoing.callback_url(connection),
        created_at=moment_text(connection.created_ms),
        changed_at=moment_text(connection.changed_ms),
        by=connection.by,
    )


def _carried(each: Carried) -> CarriedShape:
    return CarriedShape(medium=each.medium, by=each.by, connection=each.connection)


def _trial(verdict: Verdict, *, kept: bool) -> TrialShape:
    match verdict:
        case Accepted(provider_id):
            return TrialShape(verdict="accepted", reason="", provider_id=provider_id, kept=kept)
        case Deferred(reason):
            return TrialShape(verdict="deferred", reason=reason, provider_id="", kept=False)
        case Refused(reason):
            return TrialShape(verdict="refused", reason=reason, provider_id="", kept=False)
        case InDoubt(reason):
            return TrialShape(verdict="in_doubt", reason=reason, provider_id="", kept=False)
