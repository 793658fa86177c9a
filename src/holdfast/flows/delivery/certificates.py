"""Certificates of providers that sign their calls with keys that change: fetched when first met, and kept for a day.

Which addresses may be asked is for the provider's own file to say; here is seen to it that a flood of calls that name
ever new addresses does not become a flood of ours.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from holdfast.kernel.errors import Busy
from holdfast.ports.clock import Clock
from holdfast.ports.web import Call, Fetched, FetchedOrNot, Fetcher

KEPT_SECONDS = 86_400
KEPT_MOST = 50
"""A provider has one for each region and year."""
REST_SECONDS = 10
"""How long an address is left alone that did not answer with a certificate."""
AT_ONCE_MOST = 4
"""How many are fetched at a time; who comes then is to call again."""
OK = 200


@dataclass(frozen=True, slots=True)
class _Kept:
    answered: FetchedOrNot
    until: datetime


class CertificateKeeper:
    """Fetches certificates. Used from one event loop."""

    def __init__(self, *, open_fetcher: Callable[[], Fetcher], clock: Clock) -> None:
        """Nothing is fetched yet.

        Args:
            open_fetcher: one for each call: a connection that is used once a day is not kept open.
        """
        self._open_fetcher = open_fetcher
        self._clock = clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._under_way: dict[str, asyncio.Task[FetchedOrNot]] = {}

    async def get(self, url: str) -> bytes:
        """What stands at the address. Raises Busy where it cannot be had now."""
        kept = self._kept.get(url)
        if kept is None or kept.until <= self._clock.now():
            answered = await self._fetch(url)
        else:
            self._kept.move_to_end(url)
            answered = kept.answered
        if isinstance(answered, Fetched) and answered.status == OK:
            return answered.body
        raise _not_now()

    async def _fetch(self, url: str) -> FetchedOrNot:
        task = self._under_way.get(url)
        if task is None:
            if len(self._under_way) >= AT_ONCE_MOST:
                raise _not_now()
            task = asyncio.get_running_loop().create_task(self._fetched(url))
            self._under_way[url] = task
            task.add_done_callback(lambda _: self._under_way.pop(url, None))
        # Whoever waits may be called off; the others go on waiting.
        return await asyncio.shield(task)

    async def _fetched(self, url: str) -> FetchedOrNot:
        fetcher = self._open_fetcher()
        try:
            answered = await fetcher.fetch(Call(url=url))
        finally:
            await fetcher.close()
        good = isinstance(answered, Fetched) and answered.status == OK
        until = self._clock.now() + timedelta(seconds=KEPT_SECONDS if good else REST_SECONDS)
        self._kept[url] = _Kept(answered, until)
        self._kept.move_to_end(url)
        while len(self._kept) > KEPT_MOST:
            self._kept.popitem(last=False)
        return answered


def _not_now() -> Busy:
    hint = "Call again: without the certificate nobody can tell who calls."
    return Busy("the certificate of the signature cannot be had now.", code="no_certificate", hint=hint)
