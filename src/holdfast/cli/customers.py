"""Live customers at work: they act through the public HTTP API of a running server, and read their mail there.

A plain thread with plain sockets: what the demo's customers do to the server is what anybody's would.
"""

from __future__ import annotations

import base64
import http.client
import json
import logging
import re
import time
from collections.abc import Callable, Mapping
from threading import Event as Flag
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

from holdfast.events.event import Json
from holdfast.kernel.moments import format_moment, from_millis
from holdfast.sim.bustle import Bustle
from holdfast.sim.live import Clicks, Crowd, Deed, Opens, Says, Unsubscribes

_log = logging.getLogger(__name__)

TICK_SECONDS = 0.4
ALONE_SECONDS = 5.0
"""As `TICK_SECONDS`, while nobody looks: what they do is told all at once, so that the server rests in between."""
MAIL_SECONDS = 1.0
"""How often the mailbox is looked at."""
MAILS_AT_ONCE = 100
MAILS_REMEMBERED = 20_000
WAIT_SECONDS = 10.0
"""How long one answer may take."""
IDLE_SECONDS = 2.0
"""For how long a connection is kept that nothing goes over; the server closes it after 5."""

_PIXEL = re.compile(r"https?://[^\"'\s<>]*/m/o/[^\"'\s<>]+")
_CLICK = re.compile(r"https?://[^\"'\s<>]*/m/c/[^\"'\s<>]+")
_UNSUBSCRIBE = re.compile(r"https?://[^\"'\s<>]*/m/u/[^\"'\s<>]+")


class Line:
    """One kept connection to the server; opened anew when it broke."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._open: http.client.HTTPConnection | None = None
        self._used = 0.0

    def ask(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> tuple[int, bytes]:
        """Status and body of the answer. Raises OSError or HTTPException when there is none."""
        if time.monotonic() - self._used > IDLE_SECONDS:
            self.close()
        connection = self._open or http.client.HTTPConnection(*self._address, timeout=WAIT_SECONDS)
        self._open = connection
        try:
            connection.request(method, path, body=body, headers=dict(headers or {}))
            answer = connection.getresponse()
            said = answer.read()
            self._used = time.monotonic()
            return answer.status, said
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


class Customers:
    """Drives a crowd against a server until told to stop."""

    def __init__(
        self,
        crowd: Crowd,
        bustle: Bustle,
        *,
        url: str,
        write_key: str,
        api_key: str,
        looked_at: Callable[[], bool] = lambda: True,
    ) -> None:
        """Nobody acts before `run`; `looked_at` says whether somebody looks, who is to see them act one by one."""
        self._crowd = crowd
        self._bustle = bustle
        self._stepped_ms: int | None = None
        self._looked_at = looked_at
        self._line = Line(url)
        basic = base64.b64encode(f"{write_key}:".encode()).decode()
        self._collect = {"Authorization": f"Basic {basic}", "Content-Type": "application/json"}
        self._read = {"Authorization": f"Bearer {api_key}"}
        self._waiting: list[Mapping[str, Json]] = []
        self._mails_seen: dict[str, None] = {}
        self._mail_due = 0.0
        self._alone_until = 0.0

    def run(self, stop: Flag) -> None:
        """Act until `stop` is set. A server that does not answer is tried again; nothing said is lost."""
        while not stop.wait(TICK_SECONDS):
            if not self.is_turn(time.monotonic()):
                continue
            try:
                self.step(int(time.time() * 1000))
            except (OSError, http.client.HTTPException) as error:
                if not stop.wait(1.0):
                    _log.warning("the server does not answer the customers: %s", error)
        self._line.close()

    def is_turn(self, now: float) -> bool:
        """Whether to do what is due at that moment, in seconds; it is taken for done if so."""
        if now < self._alone_until and not self._looked_at():
            return False
        self._alone_until = now + ALONE_SECONDS
        return True

    def step(self, now_ms: int) -> None:
        """Do whatever is due."""
        deeds = self._crowd.next(now_ms)
        passed_ms = max(0, now_ms - (self._stepped_ms or now_ms))  # A clock may be put back.
        self._stepped_ms = now_ms
        self._crowd.quicken(self._bustle.per_second(passed_ms / 1000, looked_at=self._looked_at()), now_ms)
        self._waiting += [deed.message for deed in deeds if isinstance(deed, Says)]
        if self._waiting:
            self._say(now_ms)
        for deed in deeds:
            self._do(deed)
        if time.monotonic() >= self._mail_due:
            self._mail_due = time.monotonic() + MAIL_SECONDS
            self._look_for_mail(now_ms)

    def _say(self, now_ms: int) -> None:
        said = {"batch": self._waiting, "sentAt": format_moment(from_millis(now_ms))}
        status, answer = self._line.ask("POST", "/v1/batch", headers=self._collect, body=msgspec.json.encode(said))
        if status >= 500:
            raise http.client.HTTPException(f"{status} to a batch: {answer[:200]!r}")
        if status != 200:
            _log.warning("a batch of %d was refused with %d: %s", len(self._waiting), status, answer[:300])
        self._waiting = []

    def _look_for_mail(self, now_ms: int) -> None:
        for mail in reversed(self._mail(f"/api/mailbox?medium=email&limit={MAILS_AT_ONCE}").get("messages", [])):
            name = str(mail["id"])
            if name not in self._mails_seen:
                self._mails_seen[name] = None
                self._crowd.got_mail(name, _address(mail["to"]), now_ms)
        while len(self._mails_seen) > MAILS_REMEMBERED:
            del self._mails_seen[next(iter(self._mails_seen))]

    def _do(self, deed: Deed) -> None:
        match deed:
            case Opens(mail=mail):
                self._follow("GET", _PIXEL, mail)
            case Clicks(mail=mail):
                self._follow("GET", _CLICK, mail)
            case Unsubscribes(mail=mail):
                self._follow("POST", _UNSUBSCRIBE, mail)
            case Says():
                pass

    def _follow(self, method: str, link: re.Pattern[str], mail: str) -> None:
        """Fetch the mail's first link of that kind, as a mail program does."""
        whole = self._mail(f"/api/mailbox/{quote(mail, safe='')}")
        text = " ".join((whole.get("html") or "", *map(str, (whole.get("headers") or {}).values())))
        found = link.search(text.replace("&amp;", "&"))
        if found is None:
            return
        parts = urlsplit(found[0])
        headers = {"User-Agent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15"}
        body = None
        if method == "POST":
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = b"List-Unsubscribe=One-Click"
        # The link's own host may be a public address; these customers live on this machine.
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        self._line.ask(method, path, headers=headers, body=body)

    def _mail(self, path: str) -> dict[str, Any]:
        status, answer = self._line.ask("GET", path, headers=self._read)
        if status == 404:
            return {}
        if status != 200:
            raise http.client.HTTPException(f"{status} to {path}: {answer[:200]!r}")
        read: dict[str, Any] = json.loads(answer)
        return read


def _address(to: str) -> str:
    """The bare address of `Name <address>`."""
    return to.rpartition("<")[2].rstrip("> ").strip() if "<" in to else to.strip()
