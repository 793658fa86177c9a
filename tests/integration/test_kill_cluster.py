"""Kill processes of every role with no warning, again and again, while they take in and send; then count.

The same over files, in one process, is tests/integration/test_kill.py. `make kill ROUNDS=100` runs both for longer.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from pathlib import Path

from tests.cluster_world import WRITE_KEY, Cluster, Member, cluster, posted, until
from tests.integration.kill_rounds import WELCOME, Writer, check_all, writing
from tests.test_one_event import track

ROUNDS = int(os.environ.get("TEST_KILLS", "10"))
ROLES = {"api": 1, "collect": 2, "react": 2, "send": 2}
"""How many of each are kept going."""
VICTIMS = ("collect", "react", "acting", "send", "send", "api", "nats", "postgres")
"""Who may be killed in a round; `acting` is the one that reacts, and the last two are servers."""
MOST_AT_ONCE = 3
"""Processes that are starting at the same time: more would keep the machine from everything else."""


class Keeper:
    """Keeps as many processes of each role going as there are to be."""

    def __init__(self, world: Cluster) -> None:
        self.world = world
        self.ports: list[int] = []
        """Where events are sent: to those that collect by now."""
        self._starting: list[threading.Thread] = []

    def start_all(self) -> None:
        self.world.start("api")
        for member in self.world.start(*(role for role, count in ROLES.items() for _ in range(count) if role != "api")):
            self._is_there(member)
        for port in self.ports:
            until(lambda each=port: posted(each, [track("Here", user="nobody")], key=WRITE_KEY) == 200, 30, "keys")  # type: ignore[misc]  # Its argument is a port.

    def kill(self, member: Member) -> None:
        """Kill it, and start another in its place."""
        if member.role == "collect":
            self.ports.remove(member.port)
        member.kill()
        another = self.world.launch(member.role)
        thread = threading.Thread(target=lambda: self._is_there(self.world.ready(another)))
        thread.start()
        self._starting.append(thread)
        self._starting = [each for each in self._starting if each.is_alive()]
        while len(self._starting) > MOST_AT_ONCE:
            self._starting.pop(0).join()

    def ready(self, role: str) -> list[Member]:
        return [each for each in self.world.of(role) if each.port]

    def wait(self) -> None:
        for each in self._starting:
            each.join()

    def _is_there(self, member: Member) -> None:
        if member.role == "collect":
            self.ports.append(member.port)


def test_whoever_is_killed_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    """Kill -9 of a random process or server in each round."""
    chance = random.Random(20261122)
    with cluster(tmp_path) as world:
        keeper = Keeper(world)
        keeper.start_all()
        world.ask("PUT", "/api/journeys/welcome", WELCOME)
        writers = [Writer(f"k{number}") for number in range(2)]
        killed: Counter[str] = Counter()
        with writing(writers, keeper.ports):
            while killed.total() < ROUNDS:
                time.sleep(chance.uniform(0.1, 0.8))
                victim = chance.choice(VICTIMS)
                if _killed(world, keeper, victim, chance):
                    killed[victim] += 1
            keeper.wait()
            time.sleep(1)
        came = check_all(world, writers, killed_senders=killed["send"])
    print(f"{ROUNDS} rounds: {dict(killed)}; {came}")
    assert came["acknowledged"] > ROUNDS * 5, "the rounds were too short to prove anything"


def _killed(world: Cluster, keeper: Keeper, victim: str, chance: random.Random) -> bool:
    """Kill one of them, if there is one that may be spared."""
    match victim:
        case "nats":
            world.nats[0].kill()
            world.nats[0].start()
        case "postgres":
            world.postgres.stop(signal.SIGQUIT)
            world.postgres.start()
        case "acting":
            acting = world.acting()
            if acting is None:
                return False
            keeper.kill(acting)
        case _:
            found = keeper.ready(victim)
            # Of those that collect one is left, or nothing would be taken in.
            if len(found) < (2 if victim == "collect" else 1):
                return False
            keeper.kill(chance.choice(found))
    return True
