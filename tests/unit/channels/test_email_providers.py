"""Mail providers over HTTP: what they are given, in the form each documents."""

from __future__ import annotations

import base64
import email
import email.policy
import json
from email.message import EmailMessage
from typing import Any

import pytest

from holdfast.channels.aws_signature import AwsKey, aws_headers
from holdfast.channels.declared import Desk, providers
from holdfast.channels.ses import REWRITTEN
from holdfast.kernel.errors import Invalid
from holdfast.kernel.ids import effect_key
from holdfast.messages.content import Words
from holdfast.messages.links import Linker
from holdfast.messages.parcel import Parcel
from holdfast.ports.channel import FromDomain
from holdfast.ports.state import Send
from holdfast.testing import a_send
from tests.unit.messages.signing import holds, rsa_pem, rsa_signer

LINKER = Linker(base_url="https://t.example", key=b"a key of thirty-two bytes, for us")
DESK = Desk(linker=LINKER, workspace_name="Tea & Cup", connection="mail")
SENDER = {"sender": "Büro, Tee <shop@shop.example>", "reply_to": "help@shop.example"}
SETTINGS: dict[str, dict[str, Any]] = {
    "ses": {
        **SENDER,
        "region": "eu-west-1",
        "key_id": "AKID",
        "key_secret": "s3cret",
        "configuration_set": "shop",
        "dkim_domain": "shop.example",
        "dkim_selector": "hf1",
        "dkim_key": rsa_pem().decode(),
    },
    "sendgrid": {**SENDER, "api_key": "SG.s3cret\n"},
    "mailgun": {**SENDER, "domain": "mg.shop.example", "api_key": "s3cret", "region": "eu"},
    "postmark": {**SENDER, "server_token": "s3cret"},
}
WORDS = Words(
    {"subject": "Grüße", "html": '<body><p>Hi</p><a href="https://shop.example/">Buy</a></body>', "preheader": "Soon"}
)


@pytest.mark.parametrize("name", [*SETTINGS, "email_smtp"])
def test_each_says_which_domain_its_mail_is_from(name: str) -> None:
    declared = providers()[name]
    settings = SETTINGS.get(name, {"sender": SENDER["sender"], "host": "relay.example"})
    channel = declared.open(declared.settings(**settings), DESK)
    assert isinstance(channel, FromDomain)
    assert channel.sender_domain == "shop.example"


def a_mail(*, transactional: bool = False, address: str = "ana@mail.example") -> Send:
    key = effect_key("provider", 1)
    return a_send(key, address=address, transactional=transactional, created_ms=1_700_000_000_000)


def parcel(name: str, send: Send | None = None, **settings: Any) -> Parcel:
    declared = providers()[name]
    made = declared.open(declared.settings(**{**SETTINGS[name], **settings}), DESK).parcel(send or a_mail(), WORDS)
    assert isinstance(made, Parcel)
    return made


def told(name: str, send: Send | None = None) -> dict[str, Any]:
    body = json.loads(parcel(name, send).body)
    assert isinstance(body, dict)
    return body


def mail_of(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


@pytest.mark.parametrize("name", SETTINGS)
def test_the_same_send_makes_the_same_call(name: str) -> None:
    assert parcel(name) == parcel(name)
    assert parcel(name).url.startswith("https://")
    assert parcel(name).key == a_mail().key
    assert b"s3cret" not in parcel(name).body
    assert all(value.isprintable() for value in parcel(name).headers.values())


@pytest.mark.parametrize("name", SETTINGS)
def test_a_call_says_whose_it_is_and_how_to_be_let_alone(name: str) -> None:
    said, asked_for = (parcel(name, a_mail(transactional=each)).body for each in (False, True))
    if name == "ses":
        said, asked_for = (base64.b64decode(json.loads(each)["Content"]["Raw"]["Data"]) for each in (said, asked_for))
    assert a_mail().key.encode() in said
    assert b"List-Unsubscribe-Post" in said
    assert b"t.example/m/u/" in said
    assert b"List-Unsubscribe" not in asked_for


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("address", ["nobody", "a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example"])
def test_an_address_that_cannot_be_written_to_makes_no_call(name: str, address: str) -> None:
    with pytest.raises(ValueError, match="no mail address"):
        parcel(name, a_mail(address=address))


@pytest.mark.parametrize(
    ("name", "settings", "path"),
    [
        *((each, {"sender": "Shop"}, "sender") for each in SETTINGS),
        *((each, {"reply_to": "Help <help@shop.example>"}, "reply_to") for each in SETTINGS),
        ("ses", {"region": "evil.example/"}, "region"),
        ("ses", {"dkim_key": "x"}, "dkim_key"),
        ("mailgun", {"domain": "mg.shop.example/../x"}, "domain"),
    ],
)
def test_settings_that_cannot_work_are_refused(name: str, settings: dict[str, Any], path: str) -> None:
    with pytest.raises(Invalid) as wrong:
        parcel(name, **settings)
    assert wrong.value.path == path


def test_ses_is_given_the_whole_mail_signed_by_the_domain() -> None:
    body = told("ses")
    assert body["FromEmailAddress"] == "shop@shop.example", "a name that is not ASCII stands in the mail alone"
    assert body["Destination"] == {"ToAddresses": ["ana@mail.example"]}
    assert body["ConfigurationSetName"] == "shop"
    assert body["EmailTags"] == [{"Name": "send", "Value": a_mail().key}]
    raw = base64.b64decode(body["Content"]["Raw"]["Data"])
    assert holds(raw, rsa_signer())
    rewritten = raw.replace(b"\r\nDate: ", b"\r\nDate: Mon, 1 Jan 2001 00:00:00 +0000\r\nX-Was: ", 1)
    rewritten = rewritten.replace(b"\r\nMessage-ID: <", b"\r\nMessage-ID: <0102@ses.example>\r\nX-Id: <", 1)
    assert rewritten != raw
    assert holds(rewritten, rsa_signer()), f"SES writes {REWRITTEN} anew"
    assert mail_of(raw)["From"].addresses[0].display_name.replace("  ", " ") == "Büro, Tee"


def test_sendgrid_is_given_the_parts() -> None:
    body = told("sendgrid")
    assert body["from"] == {"email": "shop@shop.example", "name": "Büro, Tee"}
    assert body["reply_to"] == {"email": "help@shop.example"}
    assert body["personalizations"] == [{"to": [{"email": "ana@mail.example"}], "custom_args": {"send": a_mail().key}}]
    assert [each["type"] for each in body["content"]] == ["text/plain", "text/html"], "in this order, it asks"
    assert body["tracking_settings"]["click_tracking"]["enable"] is False
    assert parcel("sendgrid").headers["Authorization"] == "Bearer SG.s3cret"
    assert parcel("sendgrid", region="eu").url == "https://api.eu.sendgrid.com/v3/mail/send"


def test_mailgun_is_given_a_form_with_the_whole_mail() -> None:
    made = parcel("mailgun")
    head = f"Content-Type: {made.headers['Content-Type']}\r\n\r\n".encode()
    form = {
        part.get_param("name", header="content-disposition"): part for part in mail_of(head + made.body).iter_parts()
    }
    assert set(form) == {"to", "o:tracking", "v:send", "message"}
    assert form["to"].get_content().strip() == "ana@mail.example"
    assert form["v:send"].get_content().strip() == a_mail().key
    whole = form["message"].get_content()
    assert whole["Subject"] == "Grüße"
    assert made.url == "https://api.eu.mailgun.net/v3/mg.shop.example/messages.mime"
    assert base64.b64decode(made.headers["Authorization"].removeprefix("Basic ")) == b"api:s3cret"


def test_postmark_is_given_the_parts_in_a_stream_of_its_own() -> None:
    body = told("postmark")
    assert (body["From"], body["To"]) == ('"Büro, Tee" <shop@shop.example>', "ana@mail.example")
    assert body["MessageStream"] == "broadcast"
    assert told("postmark", a_mail(transactional=True))["MessageStream"] == "outbound"
    assert body["Metadata"] == {"send": a_mail().key}
    assert {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"} in body["Headers"]
    assert body["TrackLinks"] == "None"


def test_aws_knows_the_call_by_the_example_it_documents() -> None:
    # The example of "Signature Version 4 signing process" in the AWS General Reference.
    key = AwsKey(id="AKIDEXAMPLE", secret="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", region="us-east-1", service="iam")
    headers = aws_headers(
        key,
        method="GET",
        url="https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
        headers={"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
        body=b"",
        at_seconds=1_440_938_160,
    )
    assert headers["X-Amz-Date"] == "20150830T123600Z"
    assert headers["Authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
        "SignedHeaders=content-type;host;x-amz-date, "
        "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
    )


def test_a_call_to_ses_is_signed_for_its_moment_and_its_bytes() -> None:
    declared, made = providers()["ses"], parcel("ses")
    assert declared.seal is not None
    settings = declared.settings(**SETTINGS["ses"])
    headers = declared.seal(settings, made, 1_700_000_000)
    assert headers == declared.seal(settings, made, 1_700_000_000)
    assert "/eu-west-1/ses/aws4_request" in headers["Authorization"]
    assert headers["Authorization"] != declared.seal(settings, made, 1_700_000_001)["Authorization"]
    other = parcel("ses", a_mail(transactional=True))
    assert headers["Authorization"] != declared.seal(settings, other, 1_700_000_000)["Authorization"]
