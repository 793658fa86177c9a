"""Slack: alerts as its two doors take them, and settings that go together."""

from __future__ import annotations

import json
from typing import Any

import pytest

from holdfast.channels.slack import CHANNEL, SlackSettings, sealed, slack_channel
from holdfast.kernel.errors import Invalid
from holdfast.messages.parcel import Parcel, Refused
from tests.unit.channels.sends import DESK, a_send, words_on

BY_WEBHOOK = SlackSettings(webhook_url="https://hooks.slack.com/services/T0/B0/x")
BY_BOT = SlackSettings(token="xoxb-1", channel="C0123ABC")


def parcel_of(settings: SlackSettings, parts: dict[str, Any], **variables: Any) -> Parcel | Refused:
    words = words_on("slack", parts, variables)
    parcel = slack_channel(settings, DESK).parcel(a_send("slack", "slack"), words)
    assert parcel == slack_channel(settings, DESK).parcel(a_send("slack", "slack"), words), "a retry is the same"
    return parcel


def test_an_alert_by_a_webhook() -> None:
    parcel = parcel_of(BY_WEBHOOK, {"text": "*{{ name }}* left"}, name="Ana & Bo")
    assert isinstance(parcel, Parcel)
    assert parcel.url == "https://hooks.slack.com/services/T0/B0/x"
    assert json.loads(parcel.body) == {"text": "*Ana & Bo* left"}
    assert sealed(BY_WEBHOOK, parcel, 0) == {}


def test_an_alert_by_a_bot() -> None:
    blocks = '[{"type": "section", "text": {"type": "mrkdwn", "text": {{ name | json }}}}]'
    parcel = parcel_of(BY_BOT, {"text": "Left", "blocks": blocks}, name='Ana "Bo"')
    assert isinstance(parcel, Parcel)
    assert parcel.url == "https://slack.com/api/chat.postMessage"
    assert json.loads(parcel.body) == {
        "text": "Left",
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": 'Ana "Bo"'}}],
        "channel": "C0123ABC",
        "unfurl_links": False,
    }
    assert "xoxb-1" not in repr(parcel)
    assert sealed(BY_BOT, parcel, 0) == {"Authorization": "Bearer xoxb-1"}


@pytest.mark.parametrize("blocks", ["{", '{"type": "section"}', "[1]", "[" + ",".join(["{}"] * 51) + "]", "[" * 5_000])
def test_blocks_that_are_none_are_refused(blocks: str) -> None:
    assert isinstance(parcel_of(BY_BOT, {"text": "Left", "blocks": blocks}), Refused)


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        (SlackSettings(), "$.webhook_url"),
        (SlackSettings(webhook_url="https://hooks.slack.com/x", token="xoxb-1", channel="C1"), "$.webhook_url"),
        (SlackSettings(webhook_url="hooks.slack.com"), "$.webhook_url"),
        (SlackSettings(token="xoxb-1"), "$.channel"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(settings: SlackSettings, path: str) -> None:
    with pytest.raises(Invalid) as wrong:
        CHANNEL.open(settings, DESK)
    assert wrong.value.path == path
    assert "xoxb" not in str(wrong.value)
