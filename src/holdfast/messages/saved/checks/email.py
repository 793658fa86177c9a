"""What keeps a mail from being delivered, shown or read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urlsplit

from holdfast.messages.content import Words
from holdfast.messages.mail.markup import tags, text_of
from holdfast.messages.saved.checking import Occasion, Remark, Weight
from holdfast.messages.saved.checks._links import Fault, fault_of, host_of, same_site

HTML_BYTES_MOST = 102 * 1024
"""Beyond it Gmail cuts a mail off, with the unsubscribe link at its end. Signed links are longer: stay below."""
SUBJECT_MOST = 70
"""Characters of a subject that a list of mails shows on a desk; a phone shows some forty."""
TEXT_LEAST = 20
"""Characters of text that a mail with pictures should have."""
PHRASES_MOST = 2
"""How many of the phrases that filters know one mail may hold."""

_PHRASES = (
    *("100% free", "act now", "amazing offer", "as seen on", "be your own boss", "cash bonus", "click below"),
    *("click here", "congratulations", "dear friend", "double your", "earn money", "extra income", "free gift"),
    *("guaranteed", "limited time", "lose weight", "lowest price", "make money", "no obligation", "no risk"),
    *("order now", "risk-free", "risk free", "special promotion", "this is not spam", "urgent", "winner"),
    *("you have been selected", "you won"),
)
_NOT_SHOWN = frozenset({"audio", "embed", "form", "iframe", "object", "script", "video"})
_LINK_FAULTS: dict[Fault, tuple[Weight, str, str]] = {
    "link_broken": ("wrong", "leads nowhere", "Write the whole address, beginning with https://."),
    "link_insecure": ("risky", "is not encrypted", "Begin the address with https://."),
    "link_hidden": ("risky", "hides where it leads", "Name the site itself: filters distrust shorteners and numbers."),
}
_FAKED = re.compile(r"\s*(re|fwd?|aw|wg)\s*:", re.IGNORECASE)


def CHECK(words: Words, occasion: Occasion) -> Iterator[Remark]:  # noqa: N802 - What every module here assigns.
    """Everything there is to say about a mail."""
    html = words.text("html")
    yield from _subject(words.text("subject"))
    if html:
        yield from _size(html)
        yield from _links(html, occasion.unsubscribe)
        yield from _pictures(html)
        yield from _elements(html)
        if not words.text("preheader").strip():
            message = "There is no preheader, so mail programs show the first words of the mail beside the subject."
            yield Remark(
                code="no_preheader", weight="note", part="preheader", message=message, hint="Write a line of your own."
            )
    yield from _unsubscribe(words, occasion)
    yield from _phrases(words)


def _subject(subject: str) -> Iterator[Remark]:
    if len(subject) > SUBJECT_MOST:
        message = f"The subject is {len(subject)} characters long; lists of mails cut it."
        yield _about("subject", "subject_long", "note", message, f"Say it in {SUBJECT_MOST}, the first 40 before all.")
    letters = [each for each in subject if each.isalpha()]
    if len(letters) > 7 and sum(map(str.isupper, letters)) > 0.6 * len(letters):
        yield _about("subject", "subject_shouts", "risky", "The subject is in capitals.", "Write it as a sentence.")
    if subject.count("!") + subject.count("?") > 2:
        yield _about("subject", "subject_shouts", "risky", "The subject exclaims too much.", "One mark is enough.")
    if _FAKED.match(subject):
        message = "The subject pretends to be an answer."
        yield _about("subject", "subject_faked", "risky", message, "Leave Re: and Fwd: to people.")


def _size(html: str) -> Iterator[Remark]:
    size = len(html.encode("utf-8", "surrogatepass"))
    if size > HTML_BYTES_MOST:
        message = f"The HTML has {size:,} bytes; Gmail cuts off what is beyond {HTML_BYTES_MOST:,}."
        yield _about("html", "html_too_large", "risky", message, "Leave out styles and comments, or say less.")


def _links(html: str, own: str) -> Iterator[Remark]:
    faults: dict[Fault, list[str]] = {}
    at, address = 0, ""
    for tag in tags(html, frozenset({"a", "area"})):
        if not tag.closes:
            address = unescape(tag.attribute("href") or "").strip()
            at = tag.end
            # A name to jump to is no link.
            if (
                tag.attribute("href") is not None
                and (not own or address != own)
                and (fault := fault_of(address)) is not None
            ):
                faults.setdefault(fault, []).append(address)
        elif tag.name == "a":
            shown = host_of(text_of(html[at : tag.start]))
            if shown and (host := _host(address)) and not same_site(shown, host):
                message = f"A link shows {shown} and leads to {host:.60}: filters take that for fraud."
                yield _about("html", "link_disguised", "risky", message, "Show words, or the site it leads to.")
            address = ""
    for fault, found in faults.items():
        weight, said, hint = _LINK_FAULTS[fault]
        which = f"The link {found[0]!r:.120} {said}" if found[0] else "A link has no address"
        yield _about("html", fault, weight, f"{which}{_and_more(found)}.", hint)


def _pictures(html: str) -> Iterator[Remark]:
    without, insecure, broken, count = [], [], [], 0
    for tag in tags(html, frozenset({"img"})):
        source = unescape(tag.attribute("src") or "").strip()
        count += 1
        if "alt" not in html[tag.start : tag.end].lower() or tag.attribute("alt") is None:
            without.append(source)
        fault = fault_of(source)
        if fault == "link_broken":
            broken.append(source)
        elif fault == "link_insecure":
            insecure.append(source)
    if broken:
        message = f"The picture {broken[0]!r:.120} has no whole address{_and_more(broken)}."
        yield _about("html", "picture_broken", "wrong", message, "Write the whole address, beginning with https://.")
    if insecure:
        message = f"The picture {insecure[0]!r:.120} is fetched without encryption{_and_more(insecure)}."
        yield _about("html", "picture_insecure", "risky", message, "Begin its address with https://.")
    if without:
        message = f"The picture {without[0]!r:.120} has no alt text{_and_more(without)}."
        hint = 'Say in alt what it shows; alt="" for what is only ornament.'
        yield _about("html", "no_alt_text", "risky", message, hint)
    if count and len(text_of(re.sub(r"<img\b[^>]*>", "", html))) < TEXT_LEAST:
        message = "The mail is all picture: whoever does not load it reads nothing, and filters read nothing either."
        yield _about("html", "only_pictures", "risky", message, "Write as text what is to be read.")


def _elements(html: str) -> Iterator[Remark]:
    found = {
        tag.name
        for tag in tags(html, _NOT_SHOWN)
        if not tag.closes and "ld+json" not in (tag.attribute("type") or "").lower()
    }
    if found:
        named = ", ".join(f"<{each}>" for each in sorted(found))
        message = f"Mail programs leave out {named}, and filters distrust it."
        yield _about("html", "not_shown", "risky", message, "Link to a page that has it.")


def _unsubscribe(words: Words, occasion: Occasion) -> Iterator[Remark]:
    if occasion.transactional or not occasion.unsubscribe:
        return
    # Where there is no text, one is made of the HTML, with its links.
    if any(part and occasion.unsubscribe not in unescape(part) for part in (words.text("html"), words.text("text"))):
        part = "html" if occasion.unsubscribe not in unescape(words.text("html") or occasion.unsubscribe) else "text"
        message = "There is no link to unsubscribe in it."
        hint = 'Write <a href="{{ links.unsubscribe }}">Unsubscribe</a>, best in a block that all mails share.'
        yield _about(part, "no_unsubscribe_link", "wrong", message, hint)


def _phrases(words: Words) -> Iterator[Remark]:
    said = f"{words.text('subject')} {text_of(words.text('html')) or words.text('text')}".lower()
    found = [each for each in _PHRASES if each in said]
    if len(found) > PHRASES_MOST:
        message = f"Filters know these phrases from unwanted mail: {', '.join(found[:6])}."
        yield _about("html", "spam_phrases", "risky", message, "Say what it is, in your own words.")


def _about(part: str, code: str, weight: Weight, message: str, hint: str) -> Remark:
    return Remark(code=code, weight=weight, part=part, message=message, hint=hint)


def _and_more(found: list[str]) -> str:
    return f", and so do {len(found) - 1} more" if len(found) > 1 else ""


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").lower().removeprefix("www.")
    except ValueError:
        return ""
