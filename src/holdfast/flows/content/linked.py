"""Linked content: what web addresses answer while a message is put into words.

Nobody's message waits long for a host that does not answer: a call has a few seconds, and a host that failed is left
alone for a while. An answer that may serve everybody is fetched once, however many ask for it at the same time.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias
from urllib.parse import urlsplit

from holdfast.events.event import Json
from holdfast.kernel.nesting import lies_within
from holdfast.messages.liquid.linked_hosts import LinkedHosts
from holdfast.messages.liquid.needs import Linked
from holdfast.ports.clock import Clock
from holdfast.ports.web import Call, Fetched, Fetcher, Unfetched

KEPT_BYTES_MOST = 16_000_000
"""How much of answers is kept for those who ask next."""
REST_SECONDS = 10
"""How long a host is left alone after it did not answer."""
RESTING_MOST = 1_000
DEPTH_MOST = 50
"""How deep the JSON of an answer may lie."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the template is given."""

    value: Json


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """There is none, and why."""

    reason: str
    lasting: bool = False
    """Whether it would be the same another time."""


AnswerOrNot: TypeAlias = Answer | NoAnswer


@dataclass(frozen=True, slots=True)
class _Kept:
    answer: Answer
    until: datetime
    weight: int


class LinkedContent:
    """Calls addresses for templates. Used from one event loop."""

    def __init__(self, *, fetcher: Fetcher, hosts: LinkedHosts, clock: Clock) -> None:
        """Nothing is called yet."""
        self._fetcher = fetcher
        self._hosts = hosts
        self._clock = clock
        self._kept: OrderedDict[Linked, _Kept] = OrderedDict()
        self._kept_bytes = 0
        self._under_way: dict[Linked, asyncio.Task[AnswerOrNot]] = {}
        self._resting: dict[str, datetime] = {}

    async def answer(self, need: Linked) -> AnswerOrNot:
        """What the address answers, or answered a short while ago."""
        asked = replace(need, required=False)
        if not self._hosts.allow(need.url):
            return NoAnswer(f"{_host(need.url)} is not among the hosts that may be called (linked_hosts)", lasting=True)
        if not need.cache_seconds:
            return await self._ask(asked)
        kept = self._kept.get(asked)
        if kept is not None and kept.until > self._clock.now():
            self._kept.move_to_end(asked)
            return kept.answer
        task = self._under_way.get(asked)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._ask(asked))
            self._under_way[asked] = task
            task.add_done_callback(lambda _: self._under_way.pop(asked, None))
        # Whoever waits may be called off; the others go on waiting.
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Call off what is under way and let go of the connections."""
        tasks = list(self._under_way.values())
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._fetcher.close()

    async def _ask(self, need: Linked) -> AnswerOrNot:
        host, now = _host(need.url), self._clock.now()
        if self._resting.get(host, now) > now:
            return NoAnswer(f"{host} did not answer a moment ago")
        call = Call(
            url=need.url, method=need.method, headers=dict(need.headers), body=need.body.encode("utf-8", "replace")
        )
        said = await self._fetcher.fetch(call)
        match said:
            case Unfetched(reason, lasting):
                if not lasting:
                    self._rest(host)
                return NoAnswer(f"{host}: {reason}", lasting)
            case Fetched(status=status) if not 200 <= status < 300:
                return NoAnswer(f"{host} answered {status}", lasting=status in (400, 401, 403, 404, 405, 410))
            case Fetched():
                answer = _read(said)
                if isinstance(answer, Answer) and need.cache_seconds:
                    self._keep(need, answer, len(said.body))
                return answer if isinstance(answer, Answer) else NoAnswer(f"{host}: {answer.reason}", answer.lasting)

    def _rest(self, host: str) -> None:
        if len(self._resting) >= RESTING_MOST:
            self._resting.clear()
        self._resting[host] = self._clock.now() + timedelta(seconds=REST_SECONDS)

    def _keep(self, need: Linked, answer: Answer, weight: int) -> None:
        before = self._kept.pop(need, None)
        self._kept_bytes -= before.weight if before else 0
        weight += 1_000 + len(need.url) + len(need.body)
        until = self._clock.now() + timedelta(seconds=need.cache_seconds)
        self._kept[need] = _Kept(answer, until, weight)
        self._kept_bytes += weight
        while self._kept_bytes > KEPT_BYTES_MOST:
            _, oldest = self._kept.popitem(last=False)
            self._kept_bytes -= oldest.weight


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _read(said: Fetched) -> AnswerOrNot:
    """The answer as a template takes it: JSON as what it says, anything else as text."""
    kind = said.content_type.partition(";")[0].strip().lower()
    if not (kind == "application/json" or kind.endswith("+json")):
        return Answer(said.body.decode("utf-8", "replace"))
    try:
        value: Json = json.loads(said.body, parse_constant=_refused)
    except (ValueError, RecursionError):
        return NoAnswer("it says that it answers JSON, and does not")
    return Answer(value) if lies_within(value, DEPTH_MOST) else NoAnswer("its JSON is nested too deeply", lasting=True)


def _refused(constant: str) -> Json:
    raise ValueError(f"{constant} is no JSON")
