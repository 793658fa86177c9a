"""A process is killed after it handed a message over and before it knew what came of it: who follows says the same."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

from holdfast.events.event import IdentityKey
from holdfast.flows.content.catalogues import ImportWish, Rows, import_items
from holdfast.integrations.files.items import item_rows
from holdfast.ports.state import Send, View
from holdfast.settings import Settings
from holdfast.stores.sqlite.state import SqliteState
from holdfast.testing import START, FakeClock, a_profile
from holdfast.testing.carrier import KeptParcels
from holdfast.wiring import Mail, Sending, assemble_sending

WAIT_SECONDS = 120
GIVEN = {"webhook_private": True, "webhook_secret": "a secret of the test"}
FIRST_LIFE = """
import asyncio, sys
from pathlib import Path
from holdfast.stores.sqlite.state import SqliteState
from holdfast.testing.house import House
from tests.integration.test_killed_mid_attempt import GIVEN, goods
from tests.integration.test_webhooks import journey

BODY = '''{% catalogue "products" id: event.properties.sku as p %}
{"who": {{ person.name | json }}, "tea": {{ p.name | json }}}'''

async def live(directory, url):
    house = await House.build(directory, state=SqliteState(directory / "state"), **GIVEN)
    await goods(house.app.state, house.clock, directory, "Tea")
    await house.publish(journey(url, body=BODY))
    await house.happens(
        {"type": "identify", "userId": "ada", "messageId": "1", "traits": {"name": "Ada"}},
        {"type": "track", "userId": "ada", "messageId": "2", "event": "Checkout Started", "properties": {"sku": "t1"}},
    )

asyncio.run(live(Path(sys.argv[1]), sys.argv[2]))
"""


class Silent:
    """A server that keeps what it is asked, and answers nothing until it is told to."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, str], bytes]] = []
        self.called, self.answers = asyncio.Event(), False
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            self.calls.append((head[0], headers, await reader.readexactly(int(headers["content-length"]))))
            self.called.set()
            if self.answers:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
                await writer.drain()
            else:
                await reader.read()  # Until whoever called is no more.
        writer.close()


@asynccontextmanager
async def silent() -> AsyncIterator[Silent]:
    hook = Silent()
    server = await asyncio.start_server(hook.serve, "127.0.0.1", 0)
    hook.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hooks"
    yield hook
    server.close()


async def goods(state: SqliteState, clock: FakeClock, directory: Path, name: str) -> None:
    """The catalogue, in which the one item has that name."""
    file = directory / "goods.csv"
    file.write_text(f"id,name\nt1,{name}\n", encoding="utf-8")
    rows = Rows(read=item_rows(file), is_text=True)
    await import_items(state, clock, ImportWish(catalogue="products"), rows, lambda *_: None)


async def killed_in_mid_attempt(hook: Silent, directory: Path) -> None:
    with (directory / "first.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-c", FIRST_LIFE, str(directory), hook.url], stdout=log, stderr=log)
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            while not hook.called.is_set():
                assert process.poll() is None, (directory / "first.log").read_text()
                with suppress(TimeoutError):
                    await asyncio.wait_for(hook.called.wait(), 0.2)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert process.returncode == -signal.SIGKILL


@asynccontextmanager
async def second_life(state: SqliteState, clock: FakeClock, directory: Path) -> AsyncIterator[Sending]:
    async def nothing_waits(_: View) -> bool:
        return False

    async def nobody_is_told(_: object) -> None:
        """What is told of the channels themselves is none of this story."""

    settings = Settings.load(directory, {}, GIVEN, working_dir=directory)
    sending = await assemble_sending(
        settings,
        clock=clock,
        state=state,
        mail=Mail(carrier=KeptParcels(), mailbox=None),
        behind=nothing_waits,
        tell=nobody_is_told,
    )
    yield sending
    await sending.sender.finish(seconds=WAIT_SECONDS)


async def the_send(state: SqliteState) -> Send:
    async with state.view() as view:
        (send,) = await view.sends_of(origin="tell", identities=None, limit=9)
    return send


async def renamed(state: SqliteState, name: str) -> None:
    async with state.begin() as transaction:
        key = IdentityKey(kind="user", value="ada")
        ada = (await transaction.identities([key]))[key]
        await transaction.put_profiles({ada.id: a_profile(name=name)})


async def test_the_second_request_is_the_first_byte_for_byte_though_all_it_is_made_of_has_changed(
    tmp_path: Path,
) -> None:
    async with silent() as hook:
        await killed_in_mid_attempt(hook, tmp_path)
        state, clock = SqliteState(tmp_path / "state"), FakeClock(START + timedelta(hours=2))
        assert (await the_send(state)).state == "claimed"
        await goods(state, clock, tmp_path, "Coffee")
        await renamed(state, "Grace")
        hook.answers = True
        async with second_life(state, clock, tmp_path) as sending, asyncio.timeout(WAIT_SECONDS):
            while (await the_send(state)).state != "sent":
                clock.advance(seconds=60)
                await sending.dispatcher.cycle()
                await asyncio.sleep(0.01)
        async with state.view() as view:
            assert await view.kept_words([(await the_send(state)).key]) == {}, "it has ended"
        await state.close()
    first, second = (_without_the_moment(each) for each in hook.calls)
    assert b'"who": "Ada", "tea": "Tea"' in first[2]
    assert second == first


def _without_the_moment(call: tuple[str, dict[str, str], bytes]) -> tuple[str, dict[str, str], bytes]:
    """The call without what says when it was made, and what signs that."""
    asked, headers, body = call
    return asked, {name: headers[name] for name in headers if name not in _OF_ITS_MOMENT}, body


_OF_ITS_MOMENT = frozenset({"webhook-timestamp", "webhook-signature"})
