"""A message to a browser, shown by the service worker of the docs in a real Chromium.

Its push service cannot be reached from here, so what would come from there is handed to the worker as the service does.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page

from holdfast.channels.declared import Desk
from holdfast.channels.web_push import WebPushSettings, web_push_channel
from holdfast.kernel.ids import effect_key
from holdfast.messages.content import Words
from holdfast.messages.links import Linker, decode_link
from holdfast.messages.parcel import Parcel
from holdfast.messages.push.vapid import vapid_key
from holdfast.profiles.devices import Device, write_devices
from holdfast.testing import a_send
from tests.docs_blocks import ROOT, blocks_of
from tests.push_service import Subscription, decrypt

LINKER = Linker(base_url="https://t.example", key=b"a key of thirty-two bytes, for us")
SEND = effect_key("send", 1)
SHOWN = """async () => {
  const worker = await navigator.serviceWorker.ready;
  for (let turn = 0; turn < 100; turn++) {
    const shown = await worker.getNotifications();
    if (shown.length) {
      return shown.map(({ title, body, tag, icon, image, data, actions }) =>
        ({ title, body, tag, icon, image, data, actions }));
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return [];
}"""


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing of it."""

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """A site with the worker that the docs give."""
    page = ROOT / "docs" / "how-to" / "send-push.md"
    (worker,) = [each.text for each in blocks_of(page) if 'addEventListener("push"' in each.text]
    (tmp_path / "push.js").write_text(worker, encoding="utf-8")
    (tmp_path / "index.html").write_text("<title>Shop</title>", encoding="utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def written(said: dict[str, Any]) -> str:
    """What the browser reads in the message as our channel writes and seals it."""
    browser = Subscription.made("ana")
    device = Device("web", "https://push.example/ana", browser.p256dh, browser.auth)
    settings = WebPushSettings(contact="mailto:push@shop.example", private_key=vapid_key(b"\x01" * 32).secret)
    channel = web_push_channel(settings, Desk(linker=LINKER, workspace_name="Shop"))
    parcel = channel.parcel(a_send(SEND, address=write_devices([device])), Words(said))
    assert isinstance(parcel, Parcel)
    return decrypt(parcel.body, browser).decode()


def test_the_worker_of_the_docs_shows_what_we_send(browser: Browser, site: str) -> None:
    context = browser.new_context()
    try:
        context.grant_permissions(["notifications"], origin=site)
        page = context.new_page()
        page.goto(site)
        page.evaluate("async () => { await navigator.serviceWorker.register('/push.js'); }")
        page.evaluate("async () => { await navigator.serviceWorker.ready; }")
        devtools = context.new_cdp_session(page)
        found: list[str] = []
        devtools.on(
            "ServiceWorker.workerRegistrationUpdated",
            lambda told: found.extend(each["registrationId"] for each in told["registrations"]),
        )
        devtools.send("ServiceWorker.enable")
        while not found:
            page.wait_for_timeout(20)
        said = {
            "title": "Dein Warenkorb wartet 🛒",
            "body": "Zwei Dinge.",
            "image": f"{site}/cart.jpg",
            "url": "https://shop.example/cart",
            "buttons": [{"label": "Kaufen", "url": "https://shop.example/buy"}],
        }
        shown = arrived(page, devtools, {"origin": site, "registrationId": found[-1], "data": written(said)})
    finally:
        context.close()
    assert (shown["title"], shown["body"], shown["tag"]) == (said["title"], said["body"], SEND)
    assert led_to(shown["data"]["url"]) == "https://shop.example/cart"
    (button,) = shown["data"]["buttons"]
    assert (button["title"], led_to(button["url"])) == ("Kaufen", "https://shop.example/buy")
    assert [(each["action"], each["title"]) for each in shown["actions"]] == [("b1", "Kaufen")]


def arrived(page: Page, devtools: CDPSession, message: dict[str, str]) -> dict[str, Any]:
    """The notification, once it is shown. A push that comes while the worker is not yet up may be lost, as in the wild;
    the service sends it again, and the tag makes them one."""
    for _ in range(6):
        devtools.send("ServiceWorker.deliverPushMessage", message)
        shown: list[dict[str, Any]] = page.evaluate(SHOWN)
        if shown:
            (only,) = shown
            return only
    pytest.fail("the worker showed nothing")


def led_to(url: str) -> str:
    """Where a link of ours leads."""
    link = decode_link(url.rpartition("/")[2], LINKER.key)
    assert link is not None
    assert link.send == SEND
    return link.target
