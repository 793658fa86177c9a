"""Twilio: the call it documents, signatures as it makes them, receipts and messages as it brings them."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.channels.twilio import CHANNEL, TwilioSettings, inbound, sealed, signature, twilio_channel
from holdfast.kernel.errors import Invalid
from holdfast.messages.heard.inbound import Arrival, Forged, Incoming, Receipt, Told, Unreadable
from holdfast.messages.parcel import Parcel, Refused
from tests.unit.channels.sends import DESK, NOW_MS, a_send, arrival, words_on

AUTH = "a-token"
SETTINGS = TwilioSettings(account_sid="AC0123", auth_token=AUTH, senders="+436601111111\n+436602222222\nDE: TeaCup")
URL = "https://t.example/in/main"


def parcel_of(settings: TwilioSettings = SETTINGS, to: str = "+436641234567", **parts: Any) -> Parcel | Refused:
    words = words_on("sms", {"text": "Hello", **parts})
    parcel = twilio_channel(settings, DESK).parcel(a_send("sms", to), words)
    assert parcel == twilio_channel(settings, DESK).parcel(a_send("sms", to), words), "a retry is the same"
    return parcel


def fields_of(parcel: Parcel | Refused) -> dict[str, str]:
    assert isinstance(parcel, Parcel)
    return {name: values[0] for name, values in parse_qs(parcel.body.decode()).items()}


def test_the_call_is_as_it_is_documented() -> None:
    parcel = parcel_of(text="Grüße & mehr", media_url="https://shop.example/a.jpg")
    fields = fields_of(parcel)
    assert isinstance(parcel, Parcel)
    assert parcel.url == "https://api.twilio.com/2010-04-01/Accounts/AC0123/Messages.json"
    assert fields.pop("From") in ("+436601111111", "+436602222222")
    assert fields == {
        "To": "+436641234567",
        "Body": "Grüße & mehr",
        "MediaUrl": "https://shop.example/a.jpg",
        "StatusCallback": f"{URL}?send={parcel.key}",
    }
    assert AUTH not in repr(parcel), "what gets us in is put on at the door"
    assert b64decode(sealed(SETTINGS, parcel, 0)["Authorization"].removeprefix("Basic ")) == b"AC0123:a-token"


def test_who_writes_depends_on_the_country_and_stays() -> None:
    assert fields_of(parcel_of(to="+4915112345678"))["From"] == "TeaCup"
    assert len({fields_of(parcel_of(to=f"+43664{each:07}"))["From"] for each in range(40)}) == 2
    service = TwilioSettings(account_sid="AC0123", auth_token=AUTH, service="MG77")
    assert fields_of(parcel_of(service))["MessagingServiceSid"] == "MG77"
    assert "From" not in fields_of(parcel_of(service))


def test_what_cannot_be_said_is_refused() -> None:
    only_there = TwilioSettings(account_sid="AC0123", auth_token=AUTH, senders="DE: TeaCup")
    assert parcel_of(only_there) == Refused("There is no sender for the country of +436641234567")
    assert isinstance(parcel_of(text="x" * 1_601), Refused)
    with pytest.raises(ValueError, match="no telephone number"):
        parcel_of(to="0664 1234567")


def test_an_account_without_senders_is_refused() -> None:
    with pytest.raises(Invalid) as wrong:
        CHANNEL.open(TwilioSettings(account_sid="AC0123", auth_token=AUTH), DESK)
    assert wrong.value.path == "$.senders"


@pytest.mark.parametrize(
    ("caller", "documented"),
    [("+14158675309", b"RSOYDt4T1cUTdK1PDd93/VVr8B8="), ("+12349013030", b"0/KCTR6DLpKmkAf8muzZqo1nDgQ=")],
)
def test_the_documented_signatures_come_out(caller: str, documented: bytes) -> None:
    """The example in Twilio's own documentation of webhook security, as it was and as it is."""
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    said = {"CallSid": "CA1234567890ABCDE", "Caller": caller, "Digits": "1234", "From": caller, "To": "+18005551212"}
    fields = list(said.items())
    assert signature("12345", url, fields) == documented
    assert signature("12345", url, fields[::-1]) == documented


def called(fields: dict[str, str], *, url: str = URL, signed_url: str = "", token: str = AUTH) -> Arrival:
    headers = {
        "content-type": "application/x-www-form-urlencoded; charset=utf-8",
        "x-twilio-signature": signature(token, signed_url or url, list(fields.items())).decode(),
    }
    return arrival(urlencode(fields).encode(), url=url, headers=headers)


STATUS = {"MessageSid": "SM1", "MessageStatus": "delivered", "To": "+436641234567", "From": "+436601111111"}


@pytest.mark.parametrize(
    ("status", "code", "kind", "gone"),
    [
        ("delivered", "", "delivered", False),
        ("sent", "", "sent", False),
        ("read", "", "opened", False),
        ("undelivered", "30003", "failed", False),
        ("undelivered", "30005", "failed", True),
        ("failed", "30006", "failed", True),
        ("failed", "30007", "failed", False),
        ("failed", "21610", "failed", False),
    ],
)
def test_receipts_are_read(status: str, code: str, kind: str, gone: bool) -> None:
    fields = STATUS | {"MessageStatus": status} | ({"ErrorCode": code} if code else {})
    told = inbound(SETTINGS, called(fields, url=f"{URL}?send={'a' * 32}"))
    assert isinstance(told, Told)
    (receipt,) = told.things
    assert isinstance(receipt, Receipt)
    assert (receipt.kind, receipt.gone, receipt.send, receipt.provider_id) == (kind, gone, "a" * 32, "SM1")
    assert (receipt.address, receipt.at_ms, receipt.id) == ("+436641234567", NOW_MS, f"SM1:{status}")
    assert bool(receipt.reason) == (kind == "failed")


@pytest.mark.parametrize("status", ["queued", "sending", "accepted", "", "whatever"])
def test_a_status_that_says_nothing_new_tells_nothing(status: str) -> None:
    assert inbound(SETTINGS, called(STATUS | {"MessageStatus": status})) == Told()


def test_what_people_write_is_read_and_twilio_says_nothing_for_us() -> None:
    fields = {
        "MessageSid": "SM2",
        "From": "+436641234567",
        "To": "+436601111111",
        "Body": "Grüße & STOP?",
        "NumMedia": "1",
    }
    told = inbound(SETTINGS, called(fields | {"MediaUrl0": "https://api.twilio.com/m/1"}))
    assert isinstance(told, Told)
    assert told.things == (
        Incoming(
            medium="sms",
            id="SM2",
            at_ms=NOW_MS,
            address="+436641234567",
            to="+436601111111",
            text="Grüße & STOP?",
            confirmed=True,
            extra={"media": ["https://api.twilio.com/m/1"]},
        ),
    )
    assert told.answer.endswith(b"<Response/>")
    assert told.content_type == "text/xml"


def test_what_twilio_took_for_an_opt_out_is_one() -> None:
    told = inbound(
        SETTINGS, called({"MessageSid": "SM2", "From": "+1", "To": "+2", "Body": "Basta", "OptOutType": "STOP"})
    )
    assert isinstance(told, Told)
    assert isinstance(told.things[0], Incoming)
    assert told.things[0].extra == {"keyword": "stop"}


@pytest.mark.parametrize(
    "change",
    [
        {"x-twilio-signature": ""},
        {"x-twilio-signature": "0/KCTR6DLpKmkAf8muzZqo1nDgQ="},
        {"content-type": "application/json"},
        {"content-type": ""},
        {"x-twilio-signature": "ä"},
    ],
)
def test_what_is_not_signed_is_forged(change: dict[str, str]) -> None:
    genuine = called(STATUS)
    assert isinstance(inbound(SETTINGS, genuine), Told)
    assert isinstance(inbound(SETTINGS, arrival(genuine.body, headers={**genuine.headers, **change})), Forged)


def test_a_changed_body_address_or_token_is_forged() -> None:
    genuine = called(STATUS)
    assert isinstance(inbound(SETTINGS, arrival(genuine.body + b"&X=1", headers=genuine.headers)), Forged)
    assert isinstance(inbound(SETTINGS, arrival(genuine.body, url=f"{URL}?send=b", headers=genuine.headers)), Forged)
    assert isinstance(inbound(SETTINGS, called(STATUS, token="other")), Forged)
    assert isinstance(inbound(SETTINGS, called({"From": "+1"})), Unreadable)


@pytest.mark.parametrize(
    ("url", "signed_url"),
    [
        (URL, "https://t.example:443/in/main"),
        ("https://t.example:443/in/main", URL),
        ("http://t.example/in/main", "http://t.example:80/in/main"),
    ],
)
def test_the_usual_port_may_be_written_or_not(url: str, signed_url: str) -> None:
    assert isinstance(inbound(SETTINGS, called(STATUS, url=url, signed_url=signed_url)), Told)


def test_a_body_of_json_is_vouched_for_by_the_address() -> None:
    body = b'{"a": 1}'
    url = f"{URL}?MessageSid=SM1&MessageStatus=sent&bodySHA256={hashlib.sha256(body).hexdigest()}"
    headers = {"content-type": "application/json", "x-twilio-signature": signature(AUTH, url, []).decode()}
    assert isinstance(inbound(SETTINGS, arrival(body, url=url, headers=headers)), Told)
    assert isinstance(inbound(SETTINGS, arrival(b'{"a": 2}', url=url, headers=headers)), Forged)
    bare = f"{URL}?MessageSid=SM1&MessageStatus=sent"
    headers["x-twilio-signature"] = signature(AUTH, bare, []).decode()
    assert isinstance(inbound(SETTINGS, arrival(body, url=bare, headers=headers)), Forged), (
        "nothing vouches for the body"
    )


FIELDS = st.sampled_from(["MessageSid", "MessageStatus", "Body", "From", "To", "ErrorCode", "NumMedia", "OptOutType"])


@given(st.dictionaries(FIELDS, st.text(max_size=20)), st.binary(max_size=50), st.booleans())
def test_any_call_is_read(fields: dict[str, str], body: bytes, signed: bool) -> None:
    fields = {name: value.encode("utf-8", "replace").decode() for name, value in fields.items()}
    assert isinstance(inbound(SETTINGS, called(fields)), Told | Unreadable | Forged)
    headers = {"content-type": "application/x-www-form-urlencoded", "x-twilio-signature": "x"}
    assert isinstance(inbound(SETTINGS, arrival(body, headers=headers if signed else {})), Forged)
