"""The console in Chromium, on a workspace of 20 million events: the first view, a segment, a long list, a long journey.

Of what moves, two things are told: how long frames took beside those of the same page at rest, which a busy machine
makes longer in both, and what each frame took of the page's own processor time, which it hardly does.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, CDPSession, Page, expect, sync_playwright

from bench.benchmark import Benchmark, Measured, Row
from bench.served import served
from bench.shop_events import fill

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PATIENCE_MS = 120_000
FIRST_VIEW_MS_MOST = 1_500
COUNT_MS_MOST = 500
FRAME_RATIO_MOST = 2.0
"""The slowest twentieth of frames while something moves, against that of the page at rest."""
FRAME_CPU_MS_MOST = 12.0
"""Of the 16.7 ms a frame has at sixty a second."""
HEAP_MIB_MOST = 48
"""What the page may keep more, once it was scrolled from end to end."""
LISTED_LEAST = 100_000
STEPS = 100
MOVES = 240
"""Frames, at least, in which something moves."""

_RULES = [
    {"type": "did", "event": "Order Completed", "at_least": 2, "within_days": 90},
    {"type": "not", "of": {"type": "did", "event": "App Uninstalled", "within_days": 90}},
    {"type": "trait", "trait": "country", "operator": "equals", "value": "DE"},
]
_FRAMES = """() => {
  const took = (window.frames_took = [])
  let last = performance.now()
  const next = (now) => { took.push(now - last); last = now; window.frames_on && requestAnimationFrame(next) }
  window.frames_on = true
  requestAnimationFrame((now) => { last = now; requestAnimationFrame(next) })
}"""
_COUNTED = """() => {
  const total = () => document.querySelector('[data-testid=segment-total]')
  const began = performance.now()
  let stale = false
  window.counted = new Promise((done) => {
    const look = () => {
      const now = total()?.hasAttribute('data-stale')
      stale ||= now
      if (stale && !now) return done(performance.now() - began)
      requestAnimationFrame(look)
    }
    look()
  })
}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """How frames were while something moved."""

    median_ms: float
    p95_ms: float
    rest_p95_ms: float
    """Of the same page, at rest."""
    cpu_ms: float
    """Of the page's main thread, for each frame."""

    @property
    def ratio(self) -> float:
        return self.p95_ms / self.rest_p95_ms


def run(quick: bool) -> Measured:
    """Fill a workspace, serve it and look at it."""
    events = int(os.environ.get("BENCH_EVENTS") or (2_500_000 if quick else 20_000_000))
    people = max(events // 20, LISTED_LEAST * 11 // 10)  # Of twenty one was joined into another.
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        data = Path(directory)
        # In a process of its own: the engine opens a directory once in a process, and the server is to open it.
        filling = multiprocessing.get_context("spawn").Process(target=_fill, args=(data, events, people))
        filling.start()
        filling.join()
        assert filling.exitcode == 0
        with served(data, console_open="true") as server, _chromium() as browser:
            origin = f"http://127.0.0.1:{server.port}"
            _publish(origin)
            rows = [*_first_view(browser, origin, 3 if quick else 7), *_segment(browser, origin, 5 if quick else 15)]
            rows += [*_list(browser, origin), *_journey(browser, origin)]
    note = f"{events:,} events, {people:,} people; the cache cold for every first view, the server warm."
    used = max(each for row in rows if (each := _used(row)) is not None)
    return Measured(headline=used, rows=tuple(rows), notes=(note, "On the last line, the share used of a limit.", ""))


def _used(row: Row) -> float | None:
    """How much of its limit a row takes up."""
    if not row.limit:
        return None
    return (row.ratio or row.value) / float(row.limit.rpartition(" ")[2].replace(",", ""))


def _fill(data: Path, events: int, people: int) -> None:
    """Fill the history of a workspace that is not served yet."""
    import asyncio  # noqa: PLC0415 - Only in the process that fills.

    from holdfast.stores.clickhouse.engine import Engine, Limits  # noqa: PLC0415
    from holdfast.stores.clickhouse.history import ChdbHistory  # noqa: PLC0415

    async def filled() -> None:
        engine = Engine(data / "history", limits=Limits(), durable=False)
        history = await ChdbHistory.on(engine)
        try:
            now_ms = int(time.time() * 1000)
            engine.run_here(lambda handle: fill(handle, events=events, people=people, now_ms=now_ms))
        finally:
            await history.close()

    asyncio.run(filled())


@contextmanager
def _chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def _page(browser: Browser, origin: str) -> Iterator[Page]:
    """A page in a profile of its own, whose cache is empty."""
    context = browser.new_context(base_url=origin, viewport={"width": 1440, "height": 900}, locale="en-GB")
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


def _publish(origin: str) -> None:
    """A journey of a hundred steps: forks that come together again, and waits."""
    steps: dict[str, dict[str, Any]] = {
        "in": {"type": "trigger", "event": "Never Happens", "again": "once", "exits": {"entered": "s1"}}
    }
    for number in range(1, STEPS - 1):
        after = f"s{number + 1}" if number < STEPS - 2 else "done"
        if number % 5 == 1 and number < STEPS - 4:
            shares = {"a": 0.5, "b": 0.5}
            steps[f"s{number}"] = {
                "type": "split",
                "shares": shares,
                "exits": {"a": after, "b": f"s{number + 2}"},
            }
        elif number % 5 == 2 and number < STEPS - 5:
            steps[f"s{number}"] = {"type": "wait", "seconds": 60, "exits": {"waited": f"s{number + 2}"}}
        else:
            steps[f"s{number}"] = {"type": "wait", "seconds": 3_600, "exits": {"waited": after}}
    steps["done"] = {"type": "exit"}
    goal = {"event": "Order Completed", "within_seconds": 3_600}
    journey = {"id": "long", "name": "A long way", "goal": goal, "start": "in", "steps": steps}
    headers = {"Authorization": "Bearer ak_bench"}
    httpx.put(f"{origin}/api/journeys/long", json=journey, headers=headers, timeout=60).raise_for_status()


def _first_view(browser: Browser, origin: str, rounds: int) -> Iterator[Row]:
    """From the address to the overview's page, and to the numbers on it, everything fetched anew."""
    drawn, told, server = [], [], []
    for _ in range(rounds):
        with _page(browser, origin) as page:
            began = time.perf_counter()
            with page.expect_response(lambda answer: answer.url.endswith("/api/overview")) as answer:
                page.goto("/", wait_until="commit")
                page.get_by_role("heading", name="Overview").wait_for()
                drawn.append((time.perf_counter() - began) * 1000)
            page.get_by_text("Messages sent", exact=True).wait_for()
            told.append((time.perf_counter() - began) * 1000)
            answer.value.finished()
            timing = answer.value.request.timing
            server.append(timing["responseEnd"] - timing["requestStart"])
    yield _at_most("first view, cache cold", statistics.median(drawn), "ms", FIRST_VIEW_MS_MOST)
    yield Row(what="  until its numbers are there", value=statistics.median(told), unit="ms")
    yield Row(what="  of it, the overview's answer", value=statistics.median(server), unit="ms")


def _segment(browser: Browser, origin: str, rounds: int) -> Iterator[Row]:
    """From a key pressed in a rule to the new count: the pause after typing, the question and the drawing."""
    took, server = [], []
    with _page(browser, origin) as page:
        page.goto("/segments/new")
        page.get_by_role("button", name="View or paste JSON").click()
        page.get_by_label("Definition").fill(json.dumps({"type": "all", "of": _RULES}))
        page.get_by_role("button", name="Use this definition").click()
        times = page.get_by_role("textbox", name="Times", exact=True).first
        expect(page.locator("[data-testid=segment-total]:not([data-stale])")).to_be_visible(timeout=PATIENCE_MS)
        for number in range(3, rounds + 3):
            page.evaluate(_COUNTED)
            # The past thirty days are drawn last: then the page is at rest, and whoever edits has looked at it.
            with page.expect_response(lambda answer: answer.url.endswith("/api/segments/history")):
                with page.expect_response(lambda answer: answer.url.endswith("/api/segments/count")) as told:
                    times.fill(str(number))
                took.append(float(page.evaluate("window.counted")))
            server.append(float(told.value.json()["took_ms"]))
    yield _at_most("segment, key to new count", statistics.median(took), "ms", COUNT_MS_MOST)
    yield Row(what="  of it, the question", value=statistics.median(server), unit="ms")


def _list(browser: Browser, origin: str) -> Iterator[Row]:
    """Everybody there is, scrolled through."""
    with _page(browser, origin) as page:
        page.goto("/people")
        rows = page.get_by_role("region", name="People").get_by_role("link")
        rows.first.wait_for()
        page.mouse.move(800, 500)
        heap = _heap_mib(page)
        moved = _moved(page, lambda turn: page.mouse.wheel(0, 900 if turn % 2 else 1_300))
        listed = int(page.locator("table[aria-rowcount]").get_attribute("aria-rowcount") or 0) - 1
        assert listed >= LISTED_LEAST
        # To the other end, a leap at a time.
        scroller = page.locator("table[aria-rowcount]").locator("xpath=..")
        for part in range(1, 11):
            scroller.evaluate("(each, part) => { each.scrollTop = (each.scrollHeight * part) / 10 }", part)
            rows.first.wait_for()
        yield from _smooth(f"list of {listed:,} people", moved)
        yield _at_most("  what the page keeps more of memory", _heap_mib(page) - heap, "MiB", HEAP_MIB_MOST)


def _journey(browser: Browser, origin: str) -> Iterator[Row]:
    """The canvas, drawn about by the pointer."""
    with _page(browser, origin) as page:
        page.goto("/journeys/long")
        expect(page.locator(".react-flow__node").first).to_be_visible(timeout=PATIENCE_MS)
        assert page.locator(".react-flow__node").count() >= STEPS
        box = page.get_by_role("region", name="Journey canvas").bounding_box()
        assert box is not None
        x, y = box["x"] + 60, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        moved = _moved(page, lambda turn: page.mouse.move(x + turn % 80, y + (turn * 7) % 160))
        page.mouse.up()
        yield from _smooth(f"journey of {STEPS} steps, panned", moved)


def _moved(page: Page, move: Callable[[int], None]) -> Moved:
    """Move something for a while, and see how frames come beside those at rest."""
    rest = _frames(page, lambda _: page.wait_for_timeout(16), 60)[0]
    took, cpu_ms = _frames(page, move, MOVES)
    return Moved(
        median_ms=statistics.median(took),
        p95_ms=_p95(took),
        rest_p95_ms=_p95(rest),
        cpu_ms=cpu_ms / max(1, len(took)),
    )


def _frames(page: Page, move: Callable[[int], None], turns: int) -> tuple[list[float], float]:
    """How long each frame took, and what the main thread worked in all of them, both in milliseconds."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = _metric(session, "TaskDuration")
    page.evaluate(_FRAMES)
    for turn in range(turns):
        move(turn)
    took: list[float] = page.evaluate("() => { window.frames_on = false; return window.frames_took }")
    worked = _metric(session, "TaskDuration") - before
    session.detach()
    return took, worked * 1000


def _metric(session: CDPSession, name: str) -> float:
    found = session.send("Performance.getMetrics")["metrics"]
    return float(next(each["value"] for each in found if each["name"] == name))


def _heap_mib(page: Page) -> float:
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    session.send("HeapProfiler.collectGarbage")
    used = _metric(session, "JSHeapUsedSize")
    session.detach()
    return used / 1024 / 1024


def _p95(took: list[float]) -> float:
    return statistics.quantiles(took, n=20)[-1]


def _smooth(what: str, moved: Moved) -> Iterator[Row]:
    yield Row(what=f"{what}: a frame, median", value=moved.median_ms, unit="ms")
    yield Row(
        what="  p95, against the page at rest",
        value=moved.p95_ms,
        unit="ms",
        ratio=moved.ratio,
        limit=f"ratio at most {FRAME_RATIO_MOST}",
        met=moved.ratio <= FRAME_RATIO_MOST,
    )
    yield _at_most("  of the page's processor, a frame", moved.cpu_ms, "ms", FRAME_CPU_MS_MOST)


def _at_most(what: str, value: float, unit: str, most: float) -> Row:
    return Row(what=what, value=value, unit=unit, limit=f"at most {most:,}", met=value <= most)


BENCHMARK = Benchmark(about="the console in Chromium: first view, segment, long list, long journey", run=run)
