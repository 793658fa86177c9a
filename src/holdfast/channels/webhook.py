"""Webhooks. Source: RFC 9110 (HTTP); the Standard Webhooks specification, 1.0 (signatures, ids, answers)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass

from holdfast.decisions.step import Step
from holdfast.decisions.steps.webhook import Webhook as WebhookStep
from holdfast.events.event import Json
from holdfast.kernel.moments import format_moment, from_millis
from holdfast.messages.doubt import DoubtPolicy
from holdfast.messages.parcel import Accepted, Deferred, Parcel, Refused, Verdict
from holdfast.messages.template import RenderFailed, parse_template, plainly
from holdfast.ports.state import Send

IDEMPOTENT_SECONDS = 86_400
"""How long whoever is called is asked to remember a key."""
LATER_SECONDS = 60
LATER_SECONDS_MOST = 86_400
_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookChannel:
    """Makes the call of a send: the body rendered, the headers put together."""

    @property
    def doubt(self) -> DoubtPolicy:
        """The call bears a key that is the same each time: it is made again."""
        return DoubtPolicy(idempotent_seconds=IDEMPOTENT_SECONDS, marketing="resend", transactional="resend")

    def compose(self, send: Send, step: Step, variables: Mapping[str, Json]) -> Parcel | Refused:
        """The call as the step says it; the same on every retry."""
        if not isinstance(step, WebhookStep):
            return Refused(f"There is no call {send.template!r}.")
        body = _body(send, step, variables)
        if isinstance(body, Refused):
            return body
        headers = {**step.header_pairs(), "Content-Type": "application/json", "Idempotency-Key": send.key}
        return Parcel(key=send.key, channel=send.channel, sender="", to=send.address, body=body, headers=headers)


def _body(send: Send, step: WebhookStep, variables: Mapping[str, Json]) -> bytes | Refused:
    if not step.body.strip():
        whole = {
            "id": send.key,
            "journey": send.origin,
            "step": send.step,
            "at": format_moment(from_millis(send.created_ms)),
            "person": variables.get("person"),
            "event": variables.get("event"),
        }
        return json.dumps(whole, ensure_ascii=False).encode("utf-8", "replace")
    template = parse_template(step.body, html=False, path="$.body")
    said = plainly(template.render(variables, now=from_millis(send.created_ms)))
    if isinstance(said, RenderFailed):
        return Refused(f"It could not be rendered: {said.reason}")
    try:
        json.loads(said)
    except (ValueError, RecursionError) as error:
        return Refused(f"What was rendered is no JSON ({error!s:.100}); write values with the filter json.")
    return said.encode("utf-8", "replace")


def signed(secret: bytes, parcel: Parcel, at_seconds: int) -> dict[str, str]:
    """The headers by which a call is known for ours: `v1,` and the HMAC-SHA256 of its id, the time and its body."""
    said = f"{parcel.key}.{at_seconds}.".encode() + parcel.body
    signature = base64.b64encode(hmac.new(secret, said, hashlib.sha256).digest()).decode()
    return {"webhook-id": parcel.key, "webhook-timestamp": str(at_seconds), "webhook-signature": f"v1,{signature}"}


def verdict(status: int, retry_after: str = "") -> Verdict:
    """What the status of the answer means for the call."""
    said = f"The answer was {status}"
    if 200 <= status < 300:
        return Accepted(str(status))
    if status in _LATER:
        after = int(retry_after) if retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 8 else 0
        return Deferred(said, min(after or LATER_SECONDS, LATER_SECONDS_MOST))
    if 300 <= status < 400:
        return Refused(f"{said}: calls do not follow redirects. Give the address it leads to.")
    return Refused(said)
