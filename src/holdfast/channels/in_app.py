"""Messages shown in the app or on the site, on our own SDK store: kept until it asks what to show."""

from __future__ import annotations

from holdfast.channels.declared import Declared
from holdfast.channels.inbox import open_inbox

CHANNEL = Declared(
    name="in_app",
    label="Messages shown in your app",
    medium="in_app",
    transport="inbox",
    source="docs/how-to/show-messages-in-your-app.md",
    open=open_inbox,
)
