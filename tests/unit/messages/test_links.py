"""Signed links, and the rewriting of HTML that changes nothing but where its links lead."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.messages.links import (
    TARGET_CHARACTERS_MOST,
    Link,
    Linker,
    LinkKind,
    decode_link,
    encode_link,
    track_links,
)
from holdfast.messages.mail.markup import tags, text_of

KEY = b"a key of thirty-two bytes, for us"
OTHER = b"another key of thirty-two bytes!!"
SEND = "00112233445566778899aabbccddeeff"
LINKER = Linker(base_url="https://t.example/", key=KEY)

KINDS: st.SearchStrategy[LinkKind] = st.sampled_from(get_args(LinkKind))
LINKS = st.builds(
    Link,
    kind=KINDS,
    send=st.binary(min_size=16, max_size=16).map(bytes.hex),
    target=st.one_of(st.just(""), st.text(max_size=60), st.just("https://shop.example/?q=ü&a=b#c")),
)


@settings(deadline=None)
@given(LINKS)
def test_a_link_comes_back_as_it_went(link: Link) -> None:
    token = encode_link(link, KEY)
    assert decode_link(token, KEY) == link
    assert decode_link(token, OTHER) is None
    assert token.replace("-", "").replace("_", "").isalnum()


@settings(deadline=None)
@given(LINKS, st.data())
def test_a_link_changed_anywhere_is_none(link: Link, data: st.DataObject) -> None:
    token = encode_link(link, KEY)
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_="))
    changed = token[:at] + other + token[at + 1 :]
    if changed != token:
        assert decode_link(changed, KEY) is None
    assert decode_link(token[:at], KEY) is None
    assert decode_link(token + other, KEY) is None


@settings(deadline=None)
@given(st.text())
def test_any_text_is_no_link(text: str) -> None:
    assert decode_link(text, KEY) is None


def test_a_signature_for_one_kind_is_none_for_another() -> None:
    opened, clicked = (encode_link(Link(kind=kind, send=SEND), KEY) for kind in ("open", "click"))
    assert opened != clicked
    decoded = decode_link(clicked, KEY)
    assert decoded is not None
    assert decoded.kind == "click"


def test_a_short_key_or_a_wrong_send_key_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        encode_link(Link(kind="open", send=SEND), b"short")
    with pytest.raises(ValueError):
        encode_link(Link(kind="open", send="ab"), KEY)


def tracked(html: str) -> str:
    """The HTML with links tracked, less the pixel."""
    out = track_links(html, linker=LINKER, send=SEND)
    pixel = LINKER.url(Link(kind="open", send=SEND))
    assert out.count(pixel) == 1
    start = out.rindex("<img", 0, out.index(pixel))
    return out[:start] + out[out.index(">", start) + 1 :]


def targets(html: str) -> list[str]:
    """Where the tracked links lead, in order."""
    found = []
    for tag in tags(html):
        href = tag.attribute("href")
        if href and "/m/c/" in href:
            link = decode_link(href.rsplit("/", 1)[1], KEY)
            assert link is not None
            assert (link.kind, link.send) == ("click", SEND)
            found.append(link.target)
    return found


@pytest.mark.parametrize(
    ("html", "leads_to"),
    [
        ('<a href="https://shop.example/?a=1&amp;b=2#x">x</a>', "https://shop.example/?a=1&b=2#x"),
        ("<a href='https://shop.example/'>x</a>", "https://shop.example/"),
        ("<a href=https://shop.example/a>x</a>", "https://shop.example/a"),
        ('<A class="b" HREF = "HTTP://shop.example/">x</A>', "HTTP://shop.example/"),
        ('<a href=" https://shop.example/ ">x</a>', "https://shop.example/"),
        ('<area shape="rect" href="https://shop.example/">', "https://shop.example/"),
        ('<a title="a > b" href="https://shop.example/">x</a>', "https://shop.example/"),
        ('<a\n  href="https://shop.example/?q=ü"\n>x</a>', "https://shop.example/?q=ü"),
        ('<a/href="https://shop.example/">x</a>', "https://shop.example/"),
    ],
)
def test_web_links_lead_through_us_and_nothing_else_changes(html: str, leads_to: str) -> None:
    out = tracked(html)
    assert targets(out) == [leads_to]
    (tag,) = [each for each in tags(html) if each.attribute("href")]
    start, end = tag.attribute_span("href")
    assert out.startswith(html[:start])
    assert out.endswith(html[end:])


@pytest.mark.parametrize(
    "html",
    [
        '<a href="mailto:a@shop.example">x</a>',
        '<a href="tel:+491234">x</a>',
        '<a href="#top">x</a>',
        '<a href="/relative">x</a>',
        '<a href="//shop.example/">x</a>',
        '<a href="javascript:alert(1)">x</a>',
        '<a href="https://t.example/m/u/token">unsubscribe</a>',
        '<a href="https://">x</a>',
        '<a href="http://[bad/">x</a>',
        "<a href>x</a>",
        '<a href="">x</a>',
        '<a data-href="https://shop.example/">x</a>',
        '<link href="https://shop.example/a.css"><img src="https://shop.example/a.png">',
        "<!-- <a href='https://shop.example/'>x</a> -->",
        "<!--[if mso]><a href='https://shop.example/'>x</a><![endif]-->",
        "<script>var a = \"<a href='https://shop.example/'>\";</script>",
        "<style>/* <a href='https://shop.example/'> */</style>",
        "<img alt=\"<a href='https://shop.example/'>\">",
        "<a href='https://shop.example/'",
        "<a href='https://shop.example/\nx'>x</a>",
        "<a href='https://shop.example/" + "x" * TARGET_CHARACTERS_MOST + "'>x</a>",
        "1 < 2 and <3",
        "",
    ],
)
def test_everything_else_is_left_as_it_is(html: str) -> None:
    assert tracked(html) == html


def test_the_pixel_stands_at_the_end_of_the_body() -> None:
    out = track_links("<html><body><p>x</p></BODY ></html>", linker=LINKER, send=SEND)
    assert out.startswith("<html><body><p>x</p><img ")
    assert out.endswith("></BODY ></html>")
    assert track_links("<p>x</p>", linker=LINKER, send=SEND).startswith("<p>x</p><img ")


def test_links_after_the_end_of_the_body_are_kept() -> None:
    out = tracked('<body>a</body><a href="https://shop.example/">late</a>')
    assert targets(out) == ["https://shop.example/"]
    assert out.endswith(">late</a>")


class Everything(HTMLParser):
    """What the standard library's parser sees, with the addresses of web links blanked."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[object] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        blanked = []
        for name, value in attrs:
            is_web = (
                tag in ("a", "area") and name == "href" and (value or "").strip().startswith(("http://", "https://"))
            )
            blanked.append((name, "…" if is_web else value))
        self.seen.append((tag, blanked))

    def handle_endtag(self, tag: str) -> None:
        self.seen.append(("/", tag))

    def handle_data(self, data: str) -> None:
        self.seen.append(data)

    def handle_comment(self, data: str) -> None:
        self.seen.append(("comment", data))


PIECES = st.sampled_from(
    [
        '<a href="https://shop.example/?a=1&amp;b=2">',
        "<a href='http://x.example'>",
        "<a href=http://x.example/y>",
        "</a>",
        '<p class="x">',
        "</p>",
        "<br/>",
        "text",
        "&amp;",
        "&nbsp;",
        " ",
        "\n",
        "<!-- <a href='http://no.example'> -->",
        "<style>a > b {}</style>",
        "<script>if (a<b) {}</script>",
        "<img alt='<a href=\"http://no.example\">'>",
        "ü🎉",
        '<a title="1>0" href="https://y.example/">',
        "<td\twidth=1>",
        "<ul><li>",
        '<a href="mailto:x@y">',
        "3 < 4",
    ]
)


@settings(deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join))
def test_another_parser_sees_the_same_document_but_for_the_links(html: str) -> None:
    assert Everything(tracked(html)).seen == Everything(html).seen


@settings(deadline=None)
@given(st.text(alphabet="<>ahref='\"/ !-=\n&;xp", max_size=200))
def test_any_text_is_rewritten_without_harm(html: str) -> None:
    assert tracked(html) == html  # There is no web link in that alphabet.
    text_of(html)


@pytest.mark.parametrize(
    "scrap", ["<", "<a ", "<a href='", "<!--", "<a x=", "<!", "<script>", "<title><", '<a b="', "</"]
)
def test_reading_takes_linear_time(scrap: str) -> None:
    assert sum(1 for _ in tags(scrap * 60_000)) <= 60_000


def test_plain_text_says_what_the_html_says() -> None:
    html = """<html><head><title>No</title><style>p {}</style></head><body>
    <h1>Hello&nbsp;Zo&euml;</h1><p>Your <b>cart</b>\n is waiting.<br>Hurry</p><!-- not this -->
    <ul><li>Tea</li><li>Cup</li></ul><p><a href="https://shop.example/?a=1&amp;b=2">Buy</a> or <a href="#x">not</a></p>
    <img alt="A cup" src="x"></body></html>"""
    assert text_of(html) == (
        "Hello Zoë\n\nYour cart is waiting.\nHurry\n\n- Tea\n- Cup\n\n"
        "Buy <https://shop.example/?a=1&b=2> or not\n\nA cup"
    )


def test_a_trap_is_there_for_machines_only_where_it_is_wanted() -> None:
    html = '<body><a href="https://shop.example/">Buy</a></body>'
    without = track_links(html, linker=LINKER, send=SEND)
    trapped = track_links(html, linker=Linker(base_url=LINKER.base_url, key=KEY, traps=True), send=SEND)
    url = LINKER.url(Link(kind="trap", send=SEND))
    assert url not in without
    (trap,) = (tag for tag in tags(trapped, frozenset({"a"})) if not tag.closes and tag.attribute("href") == url)
    assert (trap.attribute("aria-hidden"), trap.attribute("tabindex")) == ("true", "-1"), (
        "nobody hears it or gets there"
    )
    assert "display:none" in (trap.attribute("style") or "")
    assert text_of(trapped) == text_of(without), "nor is it in the plain text"
    assert trapped.replace(trapped[trapped.index(f'<a href="{url}"') : trapped.index("</body>")], "") == without
