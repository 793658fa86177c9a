"""Calls to other systems over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from holdfast.decisions.fields import TEMPLATE_MOST, Text
from holdfast.decisions.medium import Medium
from holdfast.decisions.web_fields import HeaderLines, WebAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookContent:
    """A call."""

    url: Annotated[str, WebAddress(), "The address that is called."]
    body: Annotated[str, Text(least=0, most=TEMPLATE_MOST), "The JSON that is sent."] = ""
    headers: Annotated[str, HeaderLines(), "More headers, one a line."] = ""


MEDIUM = Medium(
    name="webhook",
    label="Webhook",
    help="A call to another system. The step `webhook` makes it.",
    content=WebhookContent,
    personal=False,
)
