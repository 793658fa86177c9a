"""Calling another system over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from holdfast.decisions.fields import TEMPLATE_MOST, Name, Text, Truthy
from holdfast.decisions.gate import Contact
from holdfast.decisions.step import Ask, Outcome, Place, Said, Step, cut
from holdfast.decisions.web_fields import HeaderLines, WebAddress

CHANNEL = "webhook"
EVERYTHING = (
    '{"id": {{ send.key | json }}, "journey": {{ send.origin | json }}, "step": {{ send.step | json }}, '
    '"at": {{ send.created_at | json }}, "person": {{ person | json }}, "event": {{ event | json }}}'
)
"""The body of a call whose author wrote none: all that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook(Step):
    """Call a web address with POST: leave by `sent` when the call is queued, by `withheld` when it may not be made.

    The call is made beside the journey, which does not wait for the answer. One that fails is made again under the same
    `Idempotency-Key`, and in the end lies among the dead letters. It is signed, so that whoever is called can tell that
    it comes from here.
    """

    url: Annotated[str, WebAddress(), "The address, such as https://crm.example/hooks/carts."]
    body: Annotated[
        str,
        Text(least=0, most=TEMPLATE_MOST),
        "The JSON to send, in Liquid: `person`, `event` and `workspace` are at hand, and the filter `json` writes a "
        "value as JSON. Empty: all that is known of the person and the event.",
    ] = ""
    headers: Annotated[str, HeaderLines(), "More headers, one a line: `X-Shop: tea`."] = ""
    marketing: Annotated[
        Truthy, "It makes somebody else write to the person: consent, holdouts, quiet hours and caps hold."
    ] = False
    topic: Annotated[str, Name(format="topic"), "What that is about, where it is marketing."] = "marketing"

    exits = ("sent", "withheld")

    def stand(self, place: Place) -> Outcome:
        contact = Contact(channel=CHANNEL, topic=self.topic, transactional=not self.marketing)
        return Ask(contact, sent="sent", withheld="withheld", address=self.url)

    def says(self) -> Said:
        content = {"url": self.url, "body": self.body if self.body.strip() else EVERYTHING, "headers": self.headers}
        return Said(channel=CHANNEL, content=content)

    def title(self) -> str:
        return "Call a webhook"

    def note(self) -> str:
        return cut(urlsplit(self.url).hostname or "")


STEP = Webhook
