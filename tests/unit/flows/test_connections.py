"""Connections: settings are checked as their provider says, secrets are sealed, and one of a medium carries."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

import pytest

from holdfast.channels import web_push
from holdfast.channels.declared import Desk as ChannelDesk
from holdfast.decisions.fields import Secret, Text, Whole
from holdfast.events.event import Json
from holdfast.flows.delivery.connections import Connections, Wish
from holdfast.kernel.errors import Conflict, Exposed, Invalid, NotFound
from holdfast.kernel.sealing import CannotUnseal, Sealer, SealingKey
from holdfast.messages.links import Linker
from holdfast.messages.push.vapid import vapid_key
from holdfast.ports.connections import Connection
from holdfast.testing import FakeClock, MemoryState

TOKEN = "sk_live_very_secret"


@dataclass(frozen=True, slots=True, kw_only=True)
class TexterSettings:
    account: Annotated[str, Text(), "The account."]
    token: Annotated[str, Secret(), "Its token."]
    spare: Annotated[str, Secret(least=0), "Another."] = ""
    port: Annotated[int, Whole(), "The port."] = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    name: str
    medium: str
    settings: type[object] = TexterSettings
    complete: Callable[[Mapping[str, object], bytes], Mapping[str, object]] | None = None


PROVIDERS = {
    each.name: each for each in (Provider(name="texter", medium="sms"), Provider(name="mailer", medium="email"))
}
NEW, OLD = SealingKey(b"a new key"), SealingKey(b"an old key")


UNLIKED = {14: "port", 15: "$.port", 16: "$[0]", 17: "$"}
"""Complaints as those who look at settings make them: by the field's name, or from the settings down."""


def check(provider: str, settings: object) -> None:
    assert isinstance(settings, TexterSettings)
    if settings.port == 13:
        raise Invalid("13 is unlucky.", path="$.settings.port", hint="Use another.")
    if settings.port in UNLIKED:
        raise Invalid("Nobody likes it.", path=UNLIKED[settings.port], hint="Use another.")


class Desk:
    def __init__(self) -> None:
        self.state = MemoryState()
        self.clock = FakeClock()

    def at(self, *keys: SealingKey) -> Connections:
        sealer = Sealer(keys) if keys else None
        return Connections(state=self.state, clock=self.clock, sealer=sealer, providers=PROVIDERS, check=check)

    async def put(
        self, name: str, provider: str = "texter", *, default: bool | None = None, **settings: object
    ) -> Connection:
        given: Mapping[str, object] = settings or {"account": "AC1", "token": TOKEN}
        return await self.at(NEW).put(name, Wish(provider=provider, settings=given, default=default), by="ada")

    async def defaults(self) -> list[str]:
        return [each.name for each in await self.at(NEW).listed() if each.is_default]


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def refused(awaited: object) -> Exposed:
    with pytest.raises(Exposed) as refusal:
        await awaited  # type: ignore[misc]
    assert TOKEN not in "".join(traceback.format_exception(refusal.value))
    return refusal.value


async def test_a_secret_goes_in_and_is_told_nobody(desk: Desk) -> None:
    connection = await desk.put("main")
    assert TOKEN.encode() not in connection.secrets
    assert TOKEN.encode() not in connection.settings
    at = desk.at(NEW)
    assert at.shown(connection) == ({"account": "AC1", "port": 80}, {"token": True, "spare": False})
    settings = at.settings_of(connection)
    assert isinstance(settings, TexterSettings)
    assert settings.token == TOKEN
    assert TOKEN not in repr(settings) + str(settings) + repr(connection) + repr(at)
    assert "AC1" in repr(settings)


async def test_what_is_not_said_of_a_secret_leaves_it(desk: Desk) -> None:
    await desk.put("main", account="AC1", token=TOKEN, spare="x")
    first = await desk.at(NEW).named("main")
    desk.clock.advance(seconds=5)
    changed = await desk.put("main", account="AC2", spare="")
    settings = desk.at(NEW).settings_of(changed)
    assert settings == TexterSettings(account="AC2", token=TOKEN)
    assert changed.created_ms == first.created_ms < changed.changed_ms
    assert desk.at(NEW).shown(changed)[1] == {"token": True, "spare": False}


async def test_the_secret_of_one_provider_is_not_anothers(desk: Desk) -> None:
    await desk.put("main")
    refusal = await refused(desk.put("main", "mailer", account="AC1"))
    assert (refusal.code, refusal.path) == ("missing_field", "$.settings")


@pytest.mark.parametrize(
    ("name", "provider", "settings", "complaint"),
    [
        ("Main!", "texter", {}, ("bad_id", "$.name")),
        ("reseal", "texter", {}, ("bad_id", "$.name")),
        ("main", "texxter", {}, ("unknown_provider", "$.provider")),
        ("main", "texter", {"account": "AC1"}, ("missing_field", "$.settings")),
        ("main", "texter", {"account": "AC1", "token": TOKEN, "tokn": TOKEN}, ("unknown_field", "$.settings.tokn")),
        ("main", "texter", {"account": "AC1", "token": [TOKEN]}, ("wrong_type", "$.settings.token")),
        ("main", "texter", {"account": "AC1", "token": TOKEN * 10_000}, ("too_long", "$.settings.token")),
        ("main", "texter", {"account": "AC1", "token": TOKEN, "port": 13}, ("invalid", "$.settings.port")),
        ("main", "texter", {"account": "AC1", "token": TOKEN, "port": 14}, ("invalid", "$.settings.port")),
        ("main", "texter", {"account": "AC1", "token": TOKEN, "port": 15}, ("invalid", "$.settings.port")),
        ("main", "texter", {"account": "AC1", "token": TOKEN, "port": 16}, ("invalid", "$.settings[0]")),
        ("main", "texter", {"account": "AC1", "token": TOKEN, "port": 17}, ("invalid", "$.settings")),
    ],
)
async def test_what_cannot_be_is_refused_and_nothing_is_kept(
    desk: Desk, name: str, provider: str, settings: dict[str, Any], complaint: tuple[str, str]
) -> None:
    refusal = await refused(desk.put(name, provider, **(settings or {"account": "x", "token": "y"})))
    assert (refusal.code, refusal.path) == complaint
    assert await desk.at(NEW).listed() == []


async def test_the_first_of_a_medium_carries_it_until_another_is_said_to(desk: Desk) -> None:
    await desk.put("one")
    await desk.put("two")
    await desk.put("post", "mailer")
    assert await desk.defaults() == ["one", "post"]
    await desk.put("two", default=True)
    assert await desk.defaults() == ["post", "two"]
    await desk.put("two", account="AC9")
    assert await desk.defaults() == ["post", "two"]


async def test_nobody_has_to_wonder_who_carries(desk: Desk) -> None:
    await desk.put("one")
    await desk.put("two")
    for attempt in (desk.at(NEW).drop("one"), desk.put("one", default=False), desk.put("one", "mailer", default=True)):
        refusal = await refused(attempt)
        assert isinstance(refusal, Conflict)
        assert (refusal.code, "two" in refusal.hint) == ("last_default", True) or refusal.code == "missing_field"
    await desk.put("two", default=True)
    await desk.at(NEW).drop("one")
    await desk.at(NEW).drop("two")
    assert await desk.at(NEW).listed() == []
    assert isinstance(await refused(desk.at(NEW).drop("two")), NotFound)
    assert isinstance(await refused(desk.at(NEW).named("two")), NotFound)


async def test_a_wrong_key_is_told_with_the_name_of_the_connection(desk: Desk) -> None:
    connection = await desk.put("main")
    with pytest.raises(CannotUnseal, match="'token' of the connection 'main'"):
        desk.at(OLD).settings_of(connection)
    assert "'main'" in desk.at(OLD).problem(connection)
    assert desk.at(NEW).problem(connection) == ""
    refusal = await refused(desk.at(OLD).put("main", Wish(provider="texter", settings={"account": "AC2"}), by=""))
    assert refusal.code == "cannot_unseal"
    given = Wish(provider="texter", settings={"account": "AC2", "token": "another"})
    again = await desk.at(OLD).put("main", given, by="")
    assert desk.at(OLD).settings_of(again) == TexterSettings(account="AC2", token="another")


async def test_one_secret_cannot_be_put_in_the_place_of_another(desk: Desk) -> None:
    one, two = await desk.put("one"), await desk.put("two", account="AC2", token="x")
    with pytest.raises(CannotUnseal):
        desk.at(NEW).settings_of(replace(two, secrets=one.secrets))


async def test_without_a_key_nothing_secret_is_taken(desk: Desk) -> None:
    wish = Wish(provider="texter", settings={"account": "AC1", "token": TOKEN})
    assert (await refused(desk.at().put("main", wish, by=""))).code == "no_secret_key"


async def test_secrets_are_sealed_anew_with_the_key_of_now(desk: Desk) -> None:
    for name in ("one", "two"):
        await desk.at(OLD).put(name, Wish(provider="texter", settings={"account": name, "token": TOKEN}), by="ada")
    assert isinstance(await refused(desk.at(NEW).reseal(None)), CannotUnseal)
    assert isinstance(await refused(desk.at(NEW).reseal("no key of ours")), CannotUnseal)
    assert await desk.at(NEW).reseal("an old key") == 2
    assert await desk.at(NEW).reseal(None) == 0
    for each in await desk.at(NEW).listed():
        assert desk.at(NEW).settings_of(each) == TexterSettings(account=each.name, token=TOKEN)
        with pytest.raises(CannotUnseal):
            desk.at(OLD).settings_of(each)


async def test_changes_are_noticed(desk: Desk) -> None:
    async def changes() -> int:
        async with desk.state.view() as view:
            return await view.connection_changes()

    seen = [await changes()]
    await desk.put("one")
    seen.append(await changes())
    await desk.put("one", account="AC2")
    seen.append(await changes())
    await desk.at(NEW).drop("one")
    seen.append(await changes())
    assert len(set(seen)) == 4


def open_browsers(provider: str, settings: Any) -> None:
    assert provider == "web_push"
    linker = Linker(base_url="https://t.example", key=b"a key for these tests")
    web_push.CHANNEL.open(settings, ChannelDesk(linker=linker, workspace_name="Shop"))


async def test_a_key_of_our_own_is_made_once_and_its_open_half_is_shown(desk: Desk) -> None:
    connections = Connections(
        state=desk.state,
        clock=desk.clock,
        sealer=Sealer([NEW]),
        providers={"web_push": web_push.CHANNEL},
        check=open_browsers,
    )

    async def put(**settings: object) -> tuple[dict[str, Json], dict[str, bool]]:
        wish = Wish(provider="web_push", settings=settings)
        return connections.shown(await connections.put("browsers", wish, by="ada"))

    told, hidden = await put(contact="mailto:push@shop.example")
    assert hidden == {"private_key": True}
    public = told["public_key"]
    assert len(str(public)) == 87
    # Changed later, it is still the key that browsers subscribed with.
    assert (await put(contact="https://shop.example"))[0] == {"contact": "https://shop.example", "public_key": public}
    own = vapid_key(b"\x05" * 32)
    assert (await put(contact="mailto:a@b.example", private_key=own.secret))[0]["public_key"] == own.public
    refusal = await refused(put(contact="mailto:a@b.example", private_key=own.secret, public_key=str(public)))
    assert refusal.path == "$.settings.public_key"
    refusal = await refused(put(contact="mailto:a@b.example", private_key="no key"))
    assert refusal.path == "$.settings.private_key"
