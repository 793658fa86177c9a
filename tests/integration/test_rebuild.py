"""`holdfast rebuild`: a data directory made anew from the log of one that is not running."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

LIVE = """
import asyncio, json, sys
from pathlib import Path
import holdfast.wiring as wiring
from holdfast.flows.journey.decide import publish
from holdfast.settings import Settings
from holdfast.testing.clock import FakeClock

JOURNEY = {
    "id": "rescue", "name": "Rescue", "goal": {"event": "Bought", "within_seconds": 86400}, "start": "cart",
    "steps": {
        "cart": {"type": "trigger", "event": "Viewed", "again": "after_exit", "exits": {"entered": "wait"}},
        "wait": {"type": "wait", "seconds": 600, "exits": {"waited": "mail"}},
        "mail": {"type": "send", "channel": "email", "template": {"subject": "Hi", "html": "<p>Hi.</p>"},
                 "exits": {"sent": "done", "withheld": "done"}},
        "done": {"type": "exit"},
    },
}

async def main(first, last):
    clock = FakeClock()
    clock.advance(hours=first)
    app = await wiring.open_application(Settings.load(Path(sys.argv[1]), {}, {}), clock=clock)
    await publish(app.state, "journey", json.dumps(JOURNEY).encode(), now=clock.now())
    for number in range(first, last):
        who = f"u{number % 5}"
        traits = {"email": who + "@x.example"}
        batch = [{"type": "identify", "userId": who, "messageId": f"i{number}", "traits": traits},
                 {"type": "track", "event": "Viewed", "userId": who, "anonymousId": f"a{number}",
                  "messageId": f"v{number}"}]
        await app.collector.collect("batch", json.dumps({"batch": batch}).encode(), "shop")
        clock.advance(seconds=137.011)
        for _ in range(20):
            await app.settle()
            await asyncio.sleep(0.01)
    await app.close()

asyncio.run(main(int(sys.argv[2]), int(sys.argv[3])))
"""


def run(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *map(str, words)], capture_output=True, text=True, timeout=120, check=False)


def command(*words: object) -> subprocess.CompletedProcess[str]:
    return run("-c", "from holdfast.cli.main import app; app()", "rebuild", *words)


def live(data: Path, first: int, last: int) -> None:
    done = run("-c", LIVE, data, first, last)
    assert done.returncode == 0, done.stderr


def people(data: Path) -> list[tuple[object, ...]]:
    with sqlite3.connect(data / "state.sqlite") as state:
        return state.execute("SELECT id, kind, value, person FROM identity ORDER BY id").fetchall()


def test_a_workspace_is_made_anew_and_goes_on(tmp_path: Path) -> None:
    data, new, copy = tmp_path / "data", tmp_path / "new", tmp_path / "copy"
    live(data, 0, 8)
    shutil.copytree(data, copy, symlinks=True)
    checked = command("--check", "--data", data)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "visits" in checked.stdout
    done = command("--into", new, "--data", data)
    assert done.returncode == 0, done.stderr
    assert people(new) == people(data) != []
    live(data, 8, 12)
    live(new, 8, 12)
    assert command("--check", "--data", new).returncode == 0, "what was made anew can be made anew"
    later = tmp_path / "later"
    done = command("--from", copy, "--into", later, "--data", data)
    assert done.returncode == 0, done.stderr
    assert people(later) == people(data)


def test_what_differs_is_said(tmp_path: Path) -> None:
    data = tmp_path / "data"
    live(data, 0, 4)
    with sqlite3.connect(data / "state.sqlite") as state:
        state.execute("UPDATE visit SET step = 'done' WHERE id = 1")
    checked = command("--check", "--data", data)
    assert checked.returncode == 1
    assert "1 changed" in checked.stdout
    again = command("--into", data, "--data", data)
    assert again.returncode == 2
    assert "is not empty" in again.stderr
