"""Email by Amazon SES. Source: docs.aws.amazon.com/ses/latest, API v2, `SendEmail` (read 2026-11).

It is given the whole mail, signed by our own key as well where the domain is set up here: SES writes `Message-ID` and
`Date` anew, so our signature leaves those out.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated

from holdfast.channels.aws_signature import AwsKey, aws_headers
from holdfast.channels.declared import Declared, Desk, HttpAnswer
from holdfast.channels.email_http import set_up_wrong, status_verdict, text_of
from holdfast.channels.email_letter import FromItsWriter, Writer, writer
from holdfast.channels.ses_inbound import Topic, read_sns
from holdfast.decisions.fields import Secret, Text
from holdfast.decisions.web_fields import WebAddress
from holdfast.kernel.errors import Invalid
from holdfast.messages.content import Words
from holdfast.messages.doubt import ONCE, DoubtPolicy
from holdfast.messages.heard.inbound import Arrival, Inbound
from holdfast.messages.http_reply import HttpReply
from holdfast.messages.mail.dkim import SIGNED, Signer
from holdfast.messages.mail.email import assemble
from holdfast.messages.mail.sending_domain import check_aligned, sending_domain
from holdfast.messages.parcel import Accepted, Deferred, InDoubt, Parcel, Refused, Verdict
from holdfast.ports.state import Send

NAME = "Amazon SES"
REWRITTEN = frozenset({"message-id", "date", "feedback-id"})
"""Headers SES writes anew, or adds of its own."""
_DAY_IS_FULL_SECONDS = 3_600
_SET_UP = frozenset(
    {
        "AccountSuspendedException",
        "SendingPausedException",
        "MailFromDomainNotVerifiedException",
        "NotFoundException",
        "AccessDeniedException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_SLOWER = frozenset({"TooManyRequestsException", "ThrottlingException", "Throttling", "LimitExceededException"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SesSettings:
    """An account at Amazon SES."""

    sender: Annotated[str, Text(most=300), "Whom mail is from, such as Shop <hello@shop.example>; verified in SES."]
    reply_to: Annotated[str, Text(least=0, most=300), "Where answers go; empty: to the sender."] = ""
    region: Annotated[str, Text(most=40), "The region, such as eu-west-1."]
    key_id: Annotated[str, Text(most=200), "The id of an access key that may call ses:SendEmail."]
    key_secret: Annotated[str, Secret(), "The access key itself."]
    configuration_set: Annotated[
        str, Text(least=0, most=64), "The configuration set that tells of deliveries and bounces; empty for none."
    ] = ""
    api_url: Annotated[
        str, WebAddress(least=0), "Where the API is, such as a VPC endpoint; empty: where SES has it for the region."
    ] = ""
    webhook_password: Annotated[
        str, Secret(least=0), "The password at the end of the address Amazon SNS calls, `?password=`; empty for none."
    ] = ""
    webhook_topic: Annotated[
        str,
        Text(least=0, most=300),
        "The ARN of the SNS topic that tells of them, such as arn:aws:sns:eu-west-1:123456789012:mail; empty: any "
        "topic that has the password.",
    ] = ""
    dkim_domain: Annotated[
        str, Text(least=0, most=253), "The domain that signs mail beside SES; `holdfast email domain add` sets it up."
    ] = ""
    dkim_selector: Annotated[str, Text(least=0, most=63), "The name its key has in the DNS."] = ""
    dkim_key: Annotated[str, Secret(least=0), "Its private key, RSA, as PEM; empty: SES alone signs."] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ses(FromItsWriter):
    """Makes the call of a send: the whole mail, in base 64."""

    settings: SesSettings
    writer: Writer
    signers: tuple[Signer, ...]

    @property
    def doubt(self) -> DoubtPolicy:
        return ONCE

    @property
    def _api_url(self) -> str:
        return self.settings.api_url.rstrip("/") or f"https://email.{self.settings.region}.amazonaws.com"

    def parcel(self, send: Send, words: Words) -> Parcel:
        """The call; the same on every retry. Raises ValueError when the address cannot be written to."""
        letter = self.writer.letter(send, words)
        told = {
            "FromEmailAddress": self.writer.shown if self.writer.shown.isascii() else str(self.writer.sender),
            "Destination": {"ToAddresses": [str(letter.to)]},
            "Content": {"Raw": {"Data": b64encode(assemble(letter, self.signers)).decode("ascii")}},
            "EmailTags": [{"Name": "send", "Value": send.key}],
        }
        if self.settings.configuration_set:
            told["ConfigurationSetName"] = self.settings.configuration_set
        return Parcel(
            key=send.key,
            channel=send.channel,
            sender=str(self.writer.sender),
            to=str(letter.to),
            body=json.dumps(told).encode(),
            headers={"Content-Type": "application/json"},
            url=f"{self._api_url}/v2/email/outbound-emails",
        )


def open_ses(settings: SesSettings, desk: Desk) -> Ses:
    """The channel by its settings. Raises Invalid."""
    if not settings.region.replace("-", "").isalnum() or not settings.region.isascii():
        raise Invalid(f"{settings.region!r} is no region.", path="region", hint="Write one such as eu-west-1.")
    writes = writer(settings.sender, linker=desk.linker, workspace_name=desk.workspace_name, reply_to=settings.reply_to)
    domain = sending_domain(settings.dkim_domain, settings.dkim_selector, settings.dkim_key)
    check_aligned(domain, writes.sender.domain)
    signed = tuple(each for each in SIGNED if each not in REWRITTEN)
    signers = () if domain is None else tuple(replace(each, signed=signed) for each in domain.signers)
    return Ses(settings=settings, writer=writes, signers=signers)


def seal(settings: SesSettings, parcel: Parcel, at_seconds: int) -> Mapping[str, str]:
    """The headers by which AWS knows the call for ours."""
    key = AwsKey(id=settings.key_id.strip(), secret=settings.key_secret.strip(), region=settings.region, service="ses")
    return aws_headers(
        key, method="POST", url=parcel.url, headers=parcel.headers, body=parcel.body, at_seconds=at_seconds
    )


def read(reply: HttpReply, parcel: Parcel) -> Verdict:  # noqa: ARG001 - Every provider is asked alike.
    """What an answer means."""
    told = reply.json()
    if 200 <= reply.status < 300:
        return Accepted(text_of(told.get("MessageId")))
    code, said = _complaint(reply, told)
    if code in _SET_UP or (code == "MessageRejected" and "not verified" in said):
        return set_up_wrong(NAME, reply.status, f"{code}: {said}")
    if code in _SLOWER:
        after = _DAY_IS_FULL_SECONDS if "aily" in said else reply.retry_after()
        return Deferred(f"{NAME} answered {reply.status}: {code}: {said}", after, "provider")
    return status_verdict(NAME, reply, f"{code}: {said}".strip(": "))


def _complaint(reply: HttpReply, told: Mapping[str, object]) -> tuple[str, str]:
    """The kind of error and what is said of it. The kind may bear a namespace before it and an address after it."""
    kind = reply.headers.get("x-amzn-errortype", "") or text_of(told.get("__type"))
    code = kind.partition(":")[0].rpartition("#")[2].strip()[:100]
    return code, text_of(told.get("message") or told.get("Message"))


def _error(status: int, code: str, message: str, means: Verdict, note: str = "") -> HttpAnswer:
    headers = {"x-amzn-errortype": code}
    return HttpAnswer(
        HttpReply(status=status, headers=headers, body=json.dumps({"message": message}).encode()), means, note
    )


def inbound(settings: SesSettings, arrival: Arrival) -> Inbound:
    """What it tells of mail it was given."""
    topic = Topic(arn=settings.webhook_topic.strip(), password=settings.webhook_password.strip())
    return read_sns(topic, arrival)


CHANNEL = Declared(
    name="ses",
    label="Amazon SES",
    medium="email",
    transport="http",
    source="docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html",
    settings=SesSettings,
    open=open_ses,
    read=read,
    inbound=inbound,
    seal=seal,
    answers=(
        HttpAnswer(HttpReply(status=200, body=b'{"MessageId": "0102-a1"}'), Accepted("0102-a1")),
        _error(
            400, "MessageRejected", "Bad content.", Refused("Amazon SES answered 400: MessageRejected: Bad content.")
        ),
        _error(
            400,
            "MessageRejected",
            "Email address is not verified.",
            Deferred("Amazon SES answered 400: MessageRejected: Email address is not verified.", 300, "provider"),
            "The account is still in the sandbox.",
        ),
        _error(400, "BadRequestException", "No.", Refused("Amazon SES answered 400: BadRequestException: No.")),
        _error(
            400,
            "SendingPausedException",
            "Paused.",
            Deferred("Amazon SES answered 400: SendingPausedException: Paused.", 300, "provider"),
        ),
        _error(
            403,
            "SignatureDoesNotMatch",
            "No.",
            Deferred("Amazon SES answered 403: SignatureDoesNotMatch: No.", 300, "provider"),
        ),
        _error(
            429,
            "TooManyRequestsException",
            "Maximum sending rate exceeded.",
            Deferred(
                "Amazon SES answered 429: TooManyRequestsException: Maximum sending rate exceeded.", 60, "provider"
            ),
        ),
        _error(
            429,
            "TooManyRequestsException",
            "Daily message quota exceeded.",
            Deferred(
                "Amazon SES answered 429: TooManyRequestsException: Daily message quota exceeded.", 3_600, "provider"
            ),
        ),
        _error(500, "InternalFailure", "Oh.", InDoubt("Amazon SES answered 500: InternalFailure: Oh.")),
    ),
)
