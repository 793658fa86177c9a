"""A durable workflow for each person, by DBOS: what our state machine is compared with.

`workflows` runs this file in a process of its own, with a Python that has DBOS (see `journey_steps`); each workflow is
the journey of the benchmark as it would be written for it, but with empty steps and nothing to wait for, which is to
its favour. Steps are counted from the first workflow started to the last one ended.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.metadata
import importlib.util
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

STEPS = 6
AT_ONCE = 16
DATABASES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
SECONDS_MOST = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflows:
    """What DBOS came to on one database, one way."""

    database: str
    version: str
    way: str
    steps_a_second: float


def workflows(database: str, where: str, *, seconds: float) -> list[Workflows]:
    """DBOS on `sqlite` (`where` is a file) or `postgres` (a URL), each way for so long; empty where it is not there."""
    python = os.environ.get("BENCH_DBOS", sys.executable)
    if python == sys.executable and importlib.util.find_spec("dbos") is None:
        return []
    found = []
    for way in ("one after another", "threads", "async"):
        done = subprocess.run(
            [python, __file__, database, where, way, str(seconds)],
            stdout=subprocess.PIPE,
            text=True,
            timeout=SECONDS_MOST,
            check=False,
        )
        if done.returncode != 0:
            print(f"DBOS on {database}, {way}, ended with {done.returncode}.", file=sys.stderr)
            continue
        said = json.loads(done.stdout.splitlines()[-1])
        found.append(
            Workflows(
                database=DATABASES[database], version=said["version"], way=way, steps_a_second=said["steps_a_second"]
            )
        )
    return found


def _measure(database: str, where: str, way: str, seconds: float) -> dict[str, object]:
    import dbos  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415 - Only this process has it.

    url = f"sqlite:///{where}" if database == "sqlite" else where.replace("postgresql://", "postgresql+psycopg://")
    dbos.DBOS(config={"name": "bench", "system_database_url": url, "run_admin_server": False, "log_level": "ERROR"})
    journey, journey_async = _declared(dbos.DBOS)
    dbos.DBOS.launch()
    journey(0)  # Warms everything up.
    began = time.perf_counter()
    until = began + seconds
    if way == "async":
        done = asyncio.run(_asynchronously(journey_async, until))
    elif way == "threads":
        with ThreadPoolExecutor(AT_ONCE) as pool:
            done = sum(pool.map(lambda lane: _until(journey, lane, until), range(AT_ONCE)))
    else:
        done = _until(journey, 0, until)
    took = time.perf_counter() - began
    dbos.DBOS.destroy()
    return {"steps_a_second": done * STEPS / took, "version": importlib.metadata.version("dbos")}


def _declared(dbos: Any) -> tuple[Any, Any]:  # noqa: ANN401 - A library that is not ours, and has no types here.
    @dbos.step()  # type: ignore[untyped-decorator, unused-ignore]
    def step(person: int, number: int) -> int:
        return person + number

    @dbos.workflow()  # type: ignore[untyped-decorator, unused-ignore]
    def journey(person: int) -> int:
        return sum(step(person, number) for number in range(STEPS))

    @dbos.step()  # type: ignore[untyped-decorator, unused-ignore]
    async def step_async(person: int, number: int) -> int:
        return person + number

    @dbos.workflow()  # type: ignore[untyped-decorator, unused-ignore]
    async def journey_async(person: int) -> int:
        return sum([await step_async(person, number) for number in range(STEPS)])

    return journey, journey_async


def _until(journey: Any, lane: int, until: float) -> int:  # noqa: ANN401 - As above.
    done = 0
    while time.perf_counter() < until:
        journey(lane + done * AT_ONCE)
        done += 1
    return done


async def _asynchronously(journey: Any, until: float) -> int:  # noqa: ANN401 - As above.
    async def lane(number: int) -> int:
        done = 0
        while time.perf_counter() < until:
            await journey(number + done * AT_ONCE)
            done += 1
        return done

    return sum(await asyncio.gather(*map(lane, range(AT_ONCE))))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database", choices=sorted(DATABASES))
    parser.add_argument("where")
    parser.add_argument("way")
    parser.add_argument("seconds", type=float)
    given = parser.parse_args()
    # On Debian's SQLite 3.40 DBOS does not start: where a newer one is at hand it is taken.
    if importlib.util.find_spec("pysqlite3") is not None:
        sys.modules["sqlite3"] = importlib.import_module("pysqlite3")
        sys.modules["sqlite3.dbapi2"] = sys.modules["sqlite3"]
    print(json.dumps(_measure(given.database, given.where, given.way, given.seconds)))
