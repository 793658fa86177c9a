"""What is put into the HTML of an email beside what its author wrote: the preheader, and data for mailbox programs."""

from __future__ import annotations

from html import escape

from holdfast.messages.mail.markup import tags

PREVIEW_CHARACTERS = 100
"""How much mailbox programs show beside the subject; what the preheader leaves of it is filled with nothing visible, or
they would go on with the first words of the letter."""

_FILLING = "&zwnj;&nbsp;"
_UNSEEN = "display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;opacity:0;overflow:hidden;mso-hide:all"
_PLACES = frozenset({"html", "head", "body"})


def with_preheader(html: str, preheader: str) -> str:
    """The HTML with the text that is shown beside the subject, and nowhere else; as it was when there is none."""
    said = " ".join(preheader.split())
    if not said or not html.strip():
        return html
    filling = _FILLING * max(0, PREVIEW_CHARACTERS - len(said))
    at = _after(html, "body")
    return f'{html[:at]}<div style="{_UNSEEN}">{escape(said, quote=False)}{filling}</div>{html[at:]}'


def with_head(html: str, markup: str) -> str:
    """The HTML with the markup at the end of what opens its `<head>`; one is made where there is none."""
    if not markup or not html.strip():
        return html
    for tag in tags(html, _PLACES):
        if tag.name == "head" and not tag.closes:
            return f"{html[: tag.end]}{markup}{html[tag.end :]}"
        if tag.name == "body":
            break
    at = _after(html, "html")
    return f"{html[:at]}<head>{markup}</head>{html[at:]}"


def _after(html: str, name: str) -> int:
    """Where the tag of that name has opened; without one, where the document begins, after its declaration."""
    for tag in tags(html, _PLACES):
        if tag.name == name and not tag.closes:
            return tag.end
    if html[:9].lower() == "<!doctype":
        return html.find(">") + 1
    return 0
