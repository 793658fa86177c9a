"""Alerts for colleagues in Slack: by an incoming webhook, or by an app's bot.

Source: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks (webhooks and their errors),
https://docs.slack.dev/reference/methods/chat.postMessage, https://docs.slack.dev/apis/web-api/rate-limits.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated

from holdfast.channels.declared import Declared, Desk, HttpAnswer
from holdfast.decisions.fields import Secret, Text
from holdfast.decisions.web_fields import WebAddress
from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid
from holdfast.messages.content import Words
from holdfast.messages.doubt import DoubtPolicy
from holdfast.messages.foreign import text
from holdfast.messages.http_reply import HttpReply
from holdfast.messages.links import is_web_address
from holdfast.messages.parcel import Accepted, Deferred, InDoubt, Parcel, Refused, Verdict
from holdfast.ports.state import Send

BLOCKS_MOST = 50
TEXT_CHARACTERS_MOST = 40_000
BUSY_SECONDS = 30
SET_UP_SECONDS = 300
"""How long to wait where only somebody who changes the settings can help."""

_SET_UP = frozenset(
    {
        *("invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope"),
        *("no_permission", "not_allowed_token_type", "org_login_required", "ekm_access_denied", "access_denied"),
        *("team_access_not_granted", "two_factor_setup_required", "enterprise_is_restricted", "restricted_action"),
        *(
            "channel_not_found",
            "not_in_channel",
            "is_archived",
            "channel_is_archived",
            "posting_to_general_channel_denied",
        ),
        *("no_service", "no_service_id", "no_team", "team_disabled", "invalid_token", "action_prohibited"),
    }
)
"""Said of the token, the channel or the webhook, and not of the message: it must not use the alerts up."""
_LATER = frozenset({"ratelimited", "rate_limited", "service_unavailable", "team_added_to_org", "request_timeout"})
_IN_DOUBT = frozenset({"fatal_error", "internal_error", "rollup_error"})
"""Some of it may have been done, as Slack says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackSettings:
    """Where alerts go: a webhook's address, or a bot's token and a channel."""

    webhook_url: Annotated[str, Secret(least=0), "The address of an incoming webhook; it belongs to one channel."] = ""
    token: Annotated[str, Secret(least=0), "Or a bot's token, such as xoxb-…, with the right chat:write."] = ""
    channel: Annotated[str, Text(least=0, most=100), "With a token: the channel's id, such as C0123ABC."] = ""
    api_url: Annotated[str, WebAddress(), "Where the API is."] = "https://slack.com/api"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackChannel:
    """Makes the call of an alert."""

    url: str
    channel: str
    """Empty for a webhook, which has its own."""

    @property
    def doubt(self) -> DoubtPolicy:
        """Slack knows no keys: a repeated call would be a second alert, and an alert in doubt is worth no question."""
        return DoubtPolicy(marketing="drop", transactional="drop")

    def parcel(self, send: Send, words: Words) -> Parcel | Refused:
        """The call; the same on every retry."""
        blocks = _blocks(words.text("blocks"))
        if isinstance(blocks, Refused):
            return blocks
        message: dict[str, Json] = {"text": words.text("text").strip()[:TEXT_CHARACTERS_MOST]}
        if blocks:
            message["blocks"] = blocks
        if self.channel:
            message |= {"channel": self.channel, "unfurl_links": False}
        return Parcel(
            key=send.key,
            channel=send.channel,
            sender="",
            to=self.channel or send.address,
            url=self.url,
            body=json.dumps(message, ensure_ascii=False).encode("utf-8", "replace"),
            headers={"Content-Type": "application/json; charset=utf-8"},
        )


def _blocks(said: str) -> list[Json] | Refused:
    if not said.strip():
        return []
    try:
        blocks = json.loads(said)
    except (ValueError, RecursionError) as error:
        return Refused(f"Its blocks are no JSON ({error!s:.100}); write values with the filter json.")
    if not isinstance(blocks, list) or not all(isinstance(each, dict) for each in blocks):
        return Refused("Its blocks are no list of blocks.")
    if len(blocks) > BLOCKS_MOST:
        return Refused(f"It has {len(blocks)} blocks, and Slack takes {BLOCKS_MOST}.")
    return blocks


def slack_channel(settings: SlackSettings, desk: Desk) -> SlackChannel:  # noqa: ARG001 - It tracks nothing.
    """The channel of a workspace of Slack's. Raises Invalid for settings that do not go together."""
    webhook_url, token, channel = settings.webhook_url.strip(), settings.token.strip(), settings.channel.strip()
    if bool(webhook_url) == bool(token):
        raise Invalid(
            "There is neither a webhook nor a token." if not token else "There is both a webhook and a token.",
            code="contradiction",
            path="$.webhook_url",
            hint="Give the address of an incoming webhook, or a bot's token and a channel.",
        )
    if webhook_url and not is_web_address(webhook_url):
        raise Invalid(
            "This is no address of a webhook.",
            path="$.webhook_url",
            hint="Copy it from Slack: https://hooks.slack.com/services/….",
        )
    if token and not channel:
        raise Invalid(
            "There is no channel to write to.",
            code="missing_field",
            path="$.channel",
            hint="Give the channel's id; it stands at the end of the channel's details in Slack.",
        )
    url = webhook_url or f"{settings.api_url.rstrip('/')}/chat.postMessage"
    return SlackChannel(url=url, channel="" if webhook_url else channel)


def sealed(settings: SlackSettings, parcel: Parcel, at_seconds: int) -> dict[str, str]:  # noqa: ARG001
    """What gets us in; a webhook's address is enough by itself."""
    token = settings.token.strip()
    return {"Authorization": f"Bearer {token}"} if token else {}


def read(reply: HttpReply, parcel: Parcel) -> Verdict:  # noqa: ARG001 - Every call is answered alike.
    """What the answer means for the alert: the API says no with 200 and a word, a webhook with a status and a word."""
    answer = reply.json()
    word = text(answer, "error") if answer else reply.said()[:60]
    fine = 200 <= reply.status < 300
    if fine and (answer.get("ok") is True or not word or word == "ok"):
        return Accepted(f"{text(answer, 'channel')}:{text(answer, 'ts')}" if text(answer, "ts") else "")
    said = f"Slack said {reply.status}" + (f": {word}" if word else "")
    if word in _LATER or reply.status in (429, 503):
        return Deferred(said, reply.retry_after(BUSY_SECONDS), "provider")
    if word in _SET_UP or reply.status in (401, 403, 404, 410) or 300 <= reply.status < 400:
        return Deferred(said, SET_UP_SECONDS, "provider")
    if word in _IN_DOUBT or reply.status >= 500 or reply.status < 200:
        return InDoubt(said)
    return Refused(said)


def _by_api(error: str, means: Verdict) -> HttpAnswer:
    return HttpAnswer(HttpReply(status=200, body=json.dumps({"ok": False, "error": error}).encode()), means)


def _by_webhook(status: int, word: str, means: Verdict) -> HttpAnswer:
    return HttpAnswer(HttpReply(status=status, body=word.encode()), means)


def _set_up(status: int, word: str) -> Deferred:
    return Deferred(f"Slack said {status}: {word}", SET_UP_SECONDS, "provider")


CHANNEL = Declared(
    name="slack",
    label="Slack",
    medium="slack",
    transport="http",
    source="https://docs.slack.dev/reference/methods/chat.postMessage",
    settings=SlackSettings,
    open=slack_channel,
    read=read,
    seal=sealed,
    answers=(
        HttpAnswer(
            HttpReply(status=200, body=b'{"ok": true, "channel": "C0123ABC", "ts": "1503435956.000247"}'),
            Accepted("C0123ABC:1503435956.000247"),
        ),
        *(_by_api(word, _set_up(200, word)) for word in ("channel_not_found", "not_in_channel", "invalid_auth")),
        *(_by_api(word, Refused(f"Slack said 200: {word}")) for word in ("msg_too_long", "invalid_blocks", "no_text")),
        _by_api("fatal_error", InDoubt("Slack said 200: fatal_error")),
        HttpAnswer(
            HttpReply(status=429, headers={"retry-after": "7"}, body=b'{"ok": false, "error": "ratelimited"}'),
            Deferred("Slack said 429: ratelimited", 7, "provider"),
        ),
        _by_webhook(200, "ok", Accepted("")),
        _by_webhook(400, "invalid_payload", Refused("Slack said 400: invalid_payload")),
        _by_webhook(403, "action_prohibited", _set_up(403, "action_prohibited")),
        _by_webhook(404, "no_service", _set_up(404, "no_service")),
        _by_webhook(410, "channel_is_archived", _set_up(410, "channel_is_archived")),
        _by_webhook(500, "rollup_error", InDoubt("Slack said 500: rollup_error")),
    ),
)
