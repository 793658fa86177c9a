"""Where things are kept: what settings go together, and what each role needs of them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from holdfast.kernel.errors import Conflict, Invalid
from holdfast.kernel.sealing import NONCE_BYTES, CannotUnseal, Sealer
from holdfast.places import Role, check_role, history_server, log_servers, sealer_of, secret_of
from holdfast.settings import Settings, merge
from holdfast.stores.memory.state import MemoryState

SHARED = {
    "state_url": "postgresql://ida:hunter2@db/holdfast",
    "log_url": "nats://ida:hunter2@n1:4222,n2:4222",
    "history_url": "https://ida:hunter2@clickhouse:8443/shop",
    "history_analyst_url": "https://ann:hunter2@clickhouse:8443",
    "mailbox": False,
    "public_url": "https://holdfast.example.com",
}
ROLES: tuple[Role, ...] = ("collect", "react", "send", "api")


def made(**changes: Any) -> Settings:
    said = {name: value for name, value in {**SHARED, **changes}.items() if value is not None}
    return merge(said, {}, {}, {})


@pytest.mark.parametrize("role", ROLES)
def test_every_role_works_on_servers(role: Role) -> None:
    check_role(made(), role)


@pytest.mark.parametrize("role", ROLES)
def test_no_role_works_on_files(role: Role) -> None:
    with pytest.raises(Conflict) as refused:
        check_role(made(state_url=None, log_url=None, history_url=None), role)
    assert refused.value.code == "state_not_shared"
    assert "holdfast up" in refused.value.hint


@pytest.mark.parametrize(
    ("role", "changes", "code"),
    [
        ("react", {"history_url": None}, "history_not_shared"),
        ("api", {"history_url": None}, "history_not_shared"),
        ("send", {"mailbox": True}, "mailbox_not_shared"),
        ("send", {"public_url": ""}, "public_url_missing"),
    ],
)
def test_what_a_role_cannot_do_without(role: Role, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Conflict) as refused:
        check_role(made(**changes), role)
    assert refused.value.code == code
    assert refused.value.hint


@pytest.mark.parametrize("role", ["collect", "send"])
def test_who_asks_nothing_of_the_history_needs_none(role: Role) -> None:
    check_role(made(history_url=None), role)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"log_url": None}, "log_url"),
        ({"state_url": None}, "state_url"),
        ({"state_url": "mysql://ida:hunter2@db"}, "state_url"),
        ({"log_url": "n1:4222"}, "log_url"),
        ({"log_url": "nats://"}, "log_url"),
        ({"history_url": "clickhouse://ida:hunter2@db"}, "history_url"),
    ],
)
def test_addresses_that_cannot_be_are_refused_and_not_repeated(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(Invalid) as refused:
        made(**changes)
    assert refused.value.path.endswith(path)
    assert "hunter2" not in str(refused.value)


def test_no_address_is_ever_shown() -> None:
    settings = made()
    assert "hunter2" not in f"{settings!r} {settings.shown()}"
    assert settings.shown()["state_url"] == "(set)"


def test_one_login_holds_for_every_server_of_the_log() -> None:
    assert log_servers("nats://ida:pw@n1:4222,n2:4222/SHOP") == (
        ["nats://ida:pw@n1:4222", "nats://ida:pw@n2:4222"],
        "SHOP",
    )
    assert log_servers("tls://n1") == (["tls://n1"], "HOLDFAST")
    with pytest.raises(Invalid):
        log_servers("nats://,/SHOP")


def test_the_database_of_the_history_is_the_path_of_its_address() -> None:
    assert history_server("http://ida:pw@ch:8123/shop") == ("http://ida:pw@ch:8123", "shop")
    assert history_server("http://ch:8123") == ("http://ch:8123", "holdfast")


async def test_processes_that_start_together_have_one_secret() -> None:
    state, settings = MemoryState(), made()
    secrets = await asyncio.gather(*(secret_of(settings, state) for _ in range(8)))
    assert len(set(secrets)) == 1
    assert len(secrets[0]) == 32
    assert await secret_of(settings, state) == secrets[0]


def sealed_by(sealer: Sealer | None) -> bytes:
    assert sealer is not None
    return sealer.seal("a secret", "place", nonce=bytes(NONCE_BYTES))


def test_secrets_are_sealed_by_the_setting_else_by_the_file_of_ones_own() -> None:
    own = b"what is in the file of the data directory"
    alone, set_up = Settings(), Settings(secret_key="k" * 32)
    by_file = sealed_by(sealer_of(alone, own))
    by_setting = sealed_by(sealer_of(set_up, own))
    both = sealer_of(set_up, own)
    assert both is not None
    assert both.unseal(by_file, "place") == both.unseal(by_setting, "place") == "a secret"
    assert both.is_current(by_setting)
    assert not both.is_current(by_file)


def test_what_lies_beside_the_secrets_in_a_shared_state_does_not_seal_them() -> None:
    own = b"what is in the state that is shared"
    assert sealer_of(made(secret_key=None), own) is None
    shared = sealer_of(made(secret_key="k" * 32), own)
    assert shared is not None
    with pytest.raises(CannotUnseal):
        shared.unseal(sealed_by(sealer_of(Settings(), own)), "place")
    assert shared.unseal(sealed_by(sealer_of(made(secret_key="k" * 32), b"of another")), "place") == "a secret"


def test_a_key_that_could_be_guessed_is_refused_and_not_repeated() -> None:
    with pytest.raises(Invalid) as refused:
        Settings(secret_key="hunter2")
    assert refused.value.path == "secret_key"
    assert "hunter2" not in str(refused.value)
    assert "k" * 32 not in repr(Settings(secret_key="k" * 32))
