"""The letter of a send: what stands in it beside what its author wrote."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from holdfast.channels.declared import Desk
from holdfast.channels.email_letter import Writer, writer
from holdfast.channels.email_smtp import SmtpSettings, open_smtp
from holdfast.decisions.medium import media
from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid
from holdfast.kernel.ids import effect_key
from holdfast.messages.content import Words, parse_content
from holdfast.messages.links import Linker, decode_link
from holdfast.messages.mail.verp import bounced_send
from holdfast.testing import START, a_send
from tests.unit.messages.signing import holds, rsa_pem, rsa_signer

KEY = b"a key of thirty-two bytes, for us"
LINKER = Linker(base_url="https://t.example", key=KEY)
SEND = a_send(effect_key("letter", 1), address="ana@mail.example")
OFFER: dict[str, Json] = {
    "description": "{{ person.offer }}",
    "cards": [{"image": "https://i.example/1.png", "url": "https://shop.example/{{ person.id }}"}],
}


def shop(**fields: Any) -> Writer:
    return writer("Tea & Cup <shop@shop.example>", linker=LINKER, workspace_name="Tea & Cup", **fields)


def rendered(person: dict[str, Json], **parts: Json) -> Words:
    content = parse_content(media()["email"], {"subject": "Hi", "html": "<html><body><p>Hi</p></body></html>", **parts})
    words = content.render({"person": person}, now=START)
    assert isinstance(words, Words)
    return words


def test_a_preheader_stands_before_the_letter_and_not_in_its_text() -> None:
    letter = shop().letter(SEND, rendered({"name": "<Ana>"}, preheader="Only for {{ person.name }}"))
    assert letter.html.index("Only for &lt;Ana&gt;") < letter.html.index("<p>Hi</p>")
    assert letter.text == "Hi"


def test_annotations_are_told_in_the_head_and_their_links_are_counted() -> None:
    letter = shop().letter(SEND, rendered({"offer": "20% </script>", "id": "7"}, annotations=OFFER))
    head, _, rest = letter.html.partition('<script type="application/ld+json">')
    assert head == "<html><head>"
    data, _, body = rest.partition("</script>")
    assert body.startswith("</head><body>")
    offer, card = json.loads(data)
    assert offer["description"] == "20% </script>"
    link = decode_link(card["url"].rsplit("/", 1)[1], KEY)
    assert link is not None
    assert (link.kind, link.send, link.target) == ("click", SEND.key, "https://shop.example/7")


def test_annotations_that_come_out_wrong_spoil_no_letter() -> None:
    letter = shop().letter(SEND, rendered({"offer": "", "id": " x y"}, annotations=OFFER))
    assert "ld+json" not in letter.html
    assert "<p>Hi</p>" in letter.html


def test_annotations_are_looked_at_when_the_message_is_saved() -> None:
    with pytest.raises(Invalid) as wrong:
        rendered({}, annotations={**OFFER, "starts": "tomorrow"})
    assert (wrong.value.path, wrong.value.code) == ("$.annotations.starts", "annotation")


def test_answers_go_where_they_are_to() -> None:
    assert str(shop(reply_to="help@shop.example").letter(SEND, rendered({})).reply_to) == "help@shop.example"
    assert shop().letter(SEND, rendered({})).reply_to is None
    with pytest.raises(Invalid) as wrong:
        shop(reply_to="Help <help@shop.example>")
    assert wrong.value.path == "reply_to"


def test_the_sender_as_people_know_it() -> None:
    assert shop().shown == '"Tea & Cup" <shop@shop.example>'
    assert writer("shop@shop.example", linker=LINKER, workspace_name="").shown == "shop@shop.example"


def test_a_relay_is_given_mail_that_its_domain_signs_and_bounces_come_back_to() -> None:
    settings = SmtpSettings(
        sender="Tea & Cup <shop@shop.example>",
        host="relay.example",
        dkim_domain="shop.example",
        dkim_selector="hf1",
        dkim_key=rsa_pem().decode(),
        bounce_host="bounces.shop.example",
    )
    channel = open_smtp(settings, Desk(linker=LINKER, workspace_name="Tea & Cup"))
    send = structs.replace(SEND, created_ms=1_700_000_000_000)
    parcel = channel.parcel(send, rendered({}))
    assert holds(parcel.body, rsa_signer())
    assert bounced_send(parcel.sender, KEY) == send.key
    assert parcel.sender.endswith("@bounces.shop.example")
    unsigned = open_smtp(replace(settings, dkim_key="", bounce_host=""), Desk(linker=LINKER, workspace_name=""))
    assert b"DKIM" not in unsigned.parcel(send, rendered({})).body
    assert unsigned.parcel(send, rendered({})).sender == "shop@shop.example"
