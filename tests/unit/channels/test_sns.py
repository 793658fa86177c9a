"""Calls of Amazon SNS: verified by signature, and meant for us by topic or password."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.channels.ses_inbound import Topic, read_sns
from holdfast.channels.sns_signature import canonical, certificate_url, mistrust
from holdfast.kernel.moments import to_millis
from holdfast.messages.heard.inbound import Arrival, Certified, Forged, Heard, Inbound, Told, Unreadable
from tests.unit.channels.sns_signing import (
    CERTIFICATE,
    CONFIRMATION,
    GOOD_FROM,
    GOOD_UNTIL,
    NOTIFICATION,
    OF_A_CURVE,
    TOPIC,
    URL,
    signed,
    to_be_signed,
)

NOW_MS = to_millis(GOOD_FROM) + 86_400_000
EVENT = json.dumps({"eventType": "Complaint", "mail": {"messageId": "1"}, "complaint": {"complainedRecipients": [{}]}})
BY_TOPIC, BY_PASSWORD = Topic(arn=TOPIC), Topic(password="sesame")


def arrives(said: object, topic: Topic = BY_TOPIC, *, password: str = "", at_ms: int = NOW_MS) -> Inbound:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    query = {"password": password} if password else {}
    return read_sns(topic, Arrival(method="POST", url="https://h.example/in/x", query=query, body=body, at_ms=at_ms))


def judged(said: Mapping[str, str], topic: Topic = BY_TOPIC, certificate: bytes = CERTIFICATE, **arrival: Any) -> Heard:
    answer = arrives(said, topic, **arrival)
    assert isinstance(answer, Certified), answer
    assert answer.url == URL
    return answer.judge(certificate)


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("subject", ["", "Ein Betreff\nüber 🎉 zwei Zeilen", None])
def test_what_is_signed_is_believed_in_either_version(version: str, subject: str | None) -> None:
    said = {**NOTIFICATION, "Message": EVENT, "SignatureVersion": version}
    said = {name: each for name, each in said.items() if name != "Subject"}
    said |= {} if subject is None else {"Subject": subject}
    told = judged(signed(said))
    assert isinstance(told, Told)
    assert [each.kind for each in told.things if hasattr(each, "kind")] == ["complained"]


def test_what_is_signed_is_what_the_documentation_says() -> None:
    assert canonical(CONFIRMATION) == to_be_signed(CONFIRMATION)
    assert to_be_signed({**NOTIFICATION, "Message": "m\nn"}) == (
        b"Message\nm\nn\nMessageId\n22b80b92\nSubject\nAmazon SES Email Event\n"
        b"Timestamp\n2026-01-05T08:50:00.000Z\nTopicArn\narn:aws:sns:eu-west-1:123456789012:mail\nType\nNotification\n"
    )


@pytest.mark.parametrize("name", ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"])
def test_whatever_is_changed_in_a_notification_shows(name: str) -> None:
    said = signed({**NOTIFICATION, "Message": EVENT})
    for changed in ({**said, name: said[name] + " "}, {each: said[each] for each in said if each != name}):
        answer = arrives(changed, BY_PASSWORD, password="sesame")
        assert isinstance(answer.judge(CERTIFICATE) if isinstance(answer, Certified) else answer, (Forged, Unreadable))
        assert not isinstance(answer, Told)


@pytest.mark.parametrize("name", ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token"])
def test_whatever_is_changed_in_a_confirmation_shows(name: str) -> None:
    said = signed(CONFIRMATION)
    confirmed = judged(said)
    assert isinstance(confirmed, Unreadable)
    assert CONFIRMATION["SubscribeURL"] in confirmed.reason
    assert isinstance(judged({**said, name: said[name] + "x"}), Forged)


def test_a_signature_of_one_version_is_none_of_the_other() -> None:
    for made, said in (("1", "2"), ("2", "1"), ("1", "3"), ("1", "")):
        envelope = {**signed({**NOTIFICATION, "SignatureVersion": made}), "SignatureVersion": said}
        assert isinstance(judged(envelope), Forged), (made, said)


@pytest.mark.parametrize(
    "certificate", [b"", b"no certificate", OF_A_CURVE, CERTIFICATE[:200], b"-----BEGIN CERTIFICATE-----\n\xff\n"]
)
def test_another_certificate_proves_nothing(certificate: bytes) -> None:
    assert isinstance(judged(signed(NOTIFICATION), certificate=certificate), Forged)


def test_a_certificate_counts_while_it_is_good() -> None:
    said = signed({**NOTIFICATION, "Message": EVENT})
    first, last = to_millis(GOOD_FROM), to_millis(GOOD_UNTIL)
    assert isinstance(judged(said, at_ms=first), Told)
    assert isinstance(judged(said, at_ms=last), Told)
    assert isinstance(judged(said, at_ms=first - 1), Forged)
    assert isinstance(judged(said, at_ms=last + 1), Forged)


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-west-1.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com.evil.example/a.pem",
        "https://evil.example/sns.eu-west-1.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.example/a.pem",
        "https://evil@sns.eu-west-1.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/a.pem",
        "https://snsXeu-west-1.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonawsXcom/a.pem",
        "https://bucket.sns.eu-west-1.amazonaws.com/a.pem",
        "https://s3.eu-west-1.amazonaws.com/a.pem",
        "https://sns.amazonaws.com/a.pem",
        "https://sns..amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com/a.pem?x=.pem",
        "https://sns.eu-west-1.amazonaws.com/?Action=GetTopicAttributes#a.pem",
        "https://sns.eu-west-1.amazonaws.com/a/../b.pem",
        "https://sns.eu-west-1.amazonaws.com/a.pem\n",
        "https://sns.eu-west-1.amazonaws.com/a.cer",
        "https://sns.eu-wést-1.amazonaws.com/a.pem",
        "",
    ],
)
def test_a_certificate_from_anywhere_else_is_not_even_fetched(url: str) -> None:
    assert certificate_url({"SigningCertURL": url}) == ""
    assert isinstance(arrives(signed({**NOTIFICATION, "SigningCertURL": url})), Forged)


@pytest.mark.parametrize(
    "url", [URL, "https://sns.cn-north-1.amazonaws.com.cn/a-b_c.9.pem", "https://sns.us-gov-west-1.amazonaws.com/a.pem"]
)
def test_certificates_are_where_sns_has_them(url: str) -> None:
    assert certificate_url({"SigningCertURL": url}) == url


def test_who_signs_with_a_topic_of_their_own_is_not_us() -> None:
    said = signed({**NOTIFICATION, "Message": EVENT, "TopicArn": "arn:aws:sns:eu-west-1:666:mail"})
    assert isinstance(arrives(said), Forged)
    assert isinstance(arrives(said, Topic()), Forged)
    assert isinstance(arrives(said, BY_PASSWORD), Forged)
    assert isinstance(arrives(said, BY_PASSWORD, password="open"), Forged)
    assert isinstance(judged(said, BY_PASSWORD, password="sesame"), Told)
    both = Topic(arn=TOPIC, password="sesame")
    ours = signed({**NOTIFICATION, "Message": EVENT})
    assert isinstance(arrives(ours, both), Forged)
    assert isinstance(judged(ours, both, password="sesame"), Told)
    assert isinstance(judged(ours), Told)


def test_what_is_delivered_raw_is_not_signed_and_needs_the_password() -> None:
    raw = EVENT.encode()
    assert isinstance(arrives(raw), Forged)
    assert isinstance(arrives(raw, BY_PASSWORD, password="sesame"), Told)
    # Nobody gets around the signature by calling a message something else.
    other = {**NOTIFICATION, "Type": "notification", "Message": EVENT}
    assert isinstance(arrives(other), Forged)
    assert isinstance(arrives(other, BY_PASSWORD, password="sesame"), Unreadable)


JSON = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.lists(st.text(max_size=3), max_size=2)


@given(st.dictionaries(st.sampled_from([*NOTIFICATION, "Signature", "Token"]), JSON), st.binary(max_size=80))
def test_whatever_the_message_verifying_never_raises_and_never_trusts(said: dict[str, Any], noise: bytes) -> None:
    for certificate in (CERTIFICATE, noise):
        assert mistrust({**NOTIFICATION, **said}, certificate, NOW_MS)
        assert mistrust(said, certificate, NOW_MS)
    answer = arrives({**NOTIFICATION, **said})
    assert isinstance(answer.judge(noise) if isinstance(answer, Certified) else answer, Forged)
