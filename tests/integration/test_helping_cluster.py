"""Three processes react: all let timers fire, who is killed among them is not missed, and one alone does it all."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster_world import Cluster, Member, cluster, until
from tests.integration.kill_rounds import WELCOME, Writer, check_all, writing

PATIENCE_SECONDS = 120


def helping(world: Cluster) -> list[bool]:
    return [bool(each.health()["helping"]) for each in world.of("react") if each.is_alive]


def turns(world: Cluster, kind: str) -> int:
    """How often timers fired so far, by `people` or in a `tick` that left none to others."""

    async def count() -> int:
        async with world.postgres.connected() as connection:
            found = await connection.fetchval("SELECT count(*) FROM holdfast.turn WHERE kind = $1", kind)
            return int(found)

    return asyncio.run(count())


@contextmanager
def people_coming(world: Cluster, name: str, writers: list[Writer]) -> Iterator[None]:
    """People sign up, and an instant later are written to, until the block ends."""
    writers.append(Writer(name))
    with writing([writers[-1]], [each.port for each in world.of("collect")]):
        yield


def one_that_helps(world: Cluster) -> Member:
    acting = world.acting()
    return next(each for each in world.of("react") if each is not acting and each.is_alive)


def test_all_let_timers_fire_and_who_dies_is_not_missed(tmp_path: Path) -> None:
    with cluster(tmp_path) as world:
        world.start("api", "collect", "react", "react", "react", "send")
        world.ask("PUT", "/api/journeys/welcome", WELCOME)
        until(lambda: helping(world) == [True] * 3, PATIENCE_SECONDS, "everybody to help")
        writers: list[Writer] = []
        with people_coming(world, "first", writers):
            until(lambda: turns(world, "people") > 10, PATIENCE_SECONDS, "timers to fire by parts")
            one_that_helps(world).kill()
            seen = turns(world, "people")
            until(lambda: turns(world, "people") > seen + 10, PATIENCE_SECONDS, "the others to go on")
            acting = world.acting()
            assert acting is not None
            acting.kill()
            until(lambda: world.acting() is not None, PATIENCE_SECONDS, "the last one to take over")
        until(lambda: helping(world) == [False], PATIENCE_SECONDS, "the last one to know that it is alone")
        seen = turns(world, "people")
        with people_coming(world, "alone", writers):
            until(lambda: len(writers[-1].acknowledged) > 60, PATIENCE_SECONDS, "more people")
        done = check_all(world, writers, killed_senders=0)
        assert turns(world, "people") == seen, "alone, ticks fire everything"
        assert done["delivered"] > 20
