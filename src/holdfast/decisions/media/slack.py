"""Slack: alerts for colleagues."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from holdfast.decisions.fields import TEMPLATE_MOST, Text
from holdfast.decisions.medium import Medium


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackContent:
    """An alert in a channel of colleagues."""

    text: Annotated[str, Text(most=40_000), "What is said; Slack's own marks such as *bold* work."]
    blocks: Annotated[
        str, Text(least=0, most=TEMPLATE_MOST), "More, as a JSON list of Block Kit blocks; write values with `json`."
    ] = ""


MEDIUM = Medium(
    name="slack",
    label="Slack",
    help="An alert for colleagues, in the channel the connection names. It does not reach the person.",
    content=SlackContent,
    personal=False,
)
