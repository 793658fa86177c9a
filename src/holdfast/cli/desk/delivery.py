"""How messages go out: connections, mail domains, dead letters and who is not written to."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlencode

from holdfast.cli.desk.asking import PAGE_MOST, Answer, Asker, part_of, rows_of

_LETTERS = "`holdfast dead-letters list` lists them."


class DeliveryDesk(Asker):
    """How messages go out: connections, mail domains, dead letters and who is not written to."""

    def providers(self) -> list[Answer]:
        return rows_of(self._ask("GET", "/api/connections/providers"), "providers")

    def connections(self) -> Answer:
        return self._ask("GET", "/api/connections")

    def put_connection(self, name: str, wish: Answer) -> Answer:
        return self._ask("PUT", f"/api/connections/{part_of(name)}", wish)

    def drop_connection(self, name: str) -> None:
        self._ask("DELETE", f"/api/connections/{part_of(name)}")

    def try_connection(self, name: str, to: str) -> Answer:
        return self._ask("POST", f"/api/connections/{part_of(name)}/test", {"to": to})

    def reseal_connections(self, old_key: str | None) -> int:
        return int(str(self._ask("POST", "/api/connections/reseal", {"old_key": old_key})["connections"]))

    def email_domains(self) -> list[Answer]:
        return rows_of(self._ask("GET", "/api/email-domains"), "domains")

    def add_email_domain(self, domain: str, *, connection: str, bounce_host: str, ed25519: bool) -> Answer:
        wish: Answer = {"domain": domain, "connection": connection, "bounce_host": bounce_host, "ed25519": ed25519}
        return self._ask("POST", "/api/email-domains", wish)

    def dead_letters(self, *, origin: str | None, channel: str | None, limit: int) -> list[Answer]:
        found: list[Answer] = []
        said = {name: each for name, each in (("origin", origin), ("channel", channel)) if each is not None}
        before: dict[str, str] = {}
        while True:
            wanted = min(limit - len(found), PAGE_MOST)
            page = self._ask("GET", "/api/dead-letters?" + urlencode({**said, **before, "limit": wanted}))
            found += rows_of(page, "dead_letters")
            if page["next_before"] is None or len(found) >= limit:
                return found
            before = {"before": str(page["next_before"])}

    def dead_letter(self, key: str) -> Answer:
        return self._ask("GET", f"/api/dead-letters/{part_of(key)}", missing=_LETTERS)

    def decide_letters(self, act: Literal["replay", "drop"], wish: Answer) -> Answer:
        return self._ask("POST", f"/api/dead-letters/{act}", wish)

    def suppressions(self, *, channel: str | None, limit: int) -> list[Answer]:
        found: list[Answer] = []
        said = {} if channel is None else {"channel": channel}
        before: dict[str, str] = {}
        while True:
            wanted = min(limit - len(found), PAGE_MOST)
            page = self._ask("GET", "/api/suppressions?" + urlencode({**said, **before, "limit": wanted}))
            found += rows_of(page, "suppressions")
            if page["next_before"] is None or len(found) >= limit:
                return found
            before = {"before": str(page["next_before"])}

    def suppression(self, channel: str, address: str) -> Answer:
        return self._ask("GET", "/api/suppressions/check?" + urlencode({"channel": channel, "address": address}))

    def change_suppression(self, act: Literal["", "/lift"], channel: str, address: str) -> Answer:
        return self._ask("POST", f"/api/suppressions{act}", {"channel": channel, "address": address})
