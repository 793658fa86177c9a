"""Sends and arrivals for the tests of channels."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from holdfast.channels.declared import Desk
from holdfast.decisions.medium import media
from holdfast.events.event import Json
from holdfast.kernel.ids import effect_key
from holdfast.kernel.moments import from_millis
from holdfast.messages.content import Words, parse_content
from holdfast.messages.heard.inbound import Arrival
from holdfast.messages.links import Linker
from holdfast.ports.state import Send

NOW_MS = 1_795_771_800_000
DESK = Desk(
    linker=Linker(base_url="https://t.example", key=b"a key of thirty-two bytes, for us"),
    workspace_name="Tea & Cup",
    connection="main",
)


def a_send(channel: str, address: str) -> Send:
    return Send(
        key=effect_key("cart", 1, address),
        identity=1,
        origin_kind="journey",
        origin="cart",
        version=1,
        step="say",
        channel=channel,
        template="cart/1/say",
        topic="marketing",
        address=address,
        created_ms=NOW_MS,
        not_before_ms=0,
    )


def words_on(medium: str, parts: Mapping[str, Json], variables: Mapping[str, Json] | None = None) -> Words:
    """The words as a send step's content comes out: every part there is, rendered."""
    said = parse_content(media()[medium], parts).render(variables or {}, now=from_millis(NOW_MS))
    assert isinstance(said, Words), said
    return said


def arrival(
    body: bytes = b"",
    *,
    url: str = "https://t.example/in/main",
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
) -> Arrival:
    query = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    return Arrival(method=method, url=url, query=query, headers=headers or {}, body=body, at_ms=NOW_MS)
