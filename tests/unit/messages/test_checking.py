"""Checks: each finds what it is for, and a good message has nothing found in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.decisions.medium import media
from holdfast.events.event import Json
from holdfast.messages.content import Words
from holdfast.messages.saved.checking import Occasion, checks, remarks_on

LEAVE = "https://shop.example/m/u/abc"
GOOD = (
    '<p>Your winter coat is back in all sizes.</p><img src="https://shop.example/coat.png" alt="A coat">'
    f'<p><a href="https://shop.example/coat">See it</a> · <a href="mailto:us@shop.example">Write to us</a></p>'
    f'<p><a href="{LEAVE}">Unsubscribe</a></p>'
)


def codes(medium: str, *, transactional: bool = False, **parts: Json) -> set[str]:
    occasion = Occasion(unsubscribe=LEAVE, transactional=transactional)
    return {each.code for each in remarks_on(medium, Words(parts), occasion) if each.weight != "note"}


def mail(
    html: str = GOOD, *, subject: str = "Your coat is back", transactional: bool = False, **parts: Json
) -> set[str]:
    return codes("email", subject=subject, html=html, preheader="Now", transactional=transactional, **parts)


def test_nothing_is_found_in_a_good_mail() -> None:
    assert remarks_on("email", Words({"subject": "Hi", "html": GOOD, "preheader": "Now"}), Occasion()) == []
    assert mail() == set()


@pytest.mark.parametrize(
    ("added", "code"),
    [
        ('<a href="">x</a>', "link_broken"),
        ('<a href="#">x</a>', "link_broken"),
        ('<a href="/coats">x</a>', "link_broken"),
        ('<a href="shop.example">x</a>', "link_broken"),
        ('<a href="https://">x</a>', "link_broken"),
        ('<a href="https://shop">x</a>', "link_broken"),
        ('<a href="https://[::1">x</a>', "link_broken"),
        ('<a href="javascript:alert(1)">x</a>', "link_broken"),
        ('<a href="https://a.example/a b">x</a>', "link_broken"),
        ('<a href="http://shop.example">x</a>', "link_insecure"),
        ('<a href="https://bit.ly/x">x</a>', "link_hidden"),
        ('<a href="https://10.0.0.1/x">x</a>', "link_hidden"),
        ('<a href="https://evil.example/"><b>www.bank.example</b></a>', "link_disguised"),
        ('<img src="https://shop.example/a.png">', "no_alt_text"),
        ('<img src="a.png" alt="">', "picture_broken"),
        ('<img src="http://shop.example/a.png" alt="">', "picture_insecure"),
        ("<form></form>", "not_shown"),
        ("<script>x</script>", "not_shown"),
        ("{{ person.name }}", "liquid_left"),
        ("Act now, winner: click here for a free gift!", "spam_phrases"),
        ("<!--" + "x" * 104_448 + "-->", "html_too_large"),
        ("<!--" + "ß" * 52_224 + "-->", "html_too_large"),
    ],
)
def test_what_is_wrong_in_a_mail_is_found(added: str, code: str) -> None:
    assert mail(GOOD + added) == {code}


@pytest.mark.parametrize(
    "added",
    [
        '<a name="top">x</a>',
        '<a href="https://www.shop.example/a?b=c&amp;d=e">shop.example</a>',
        '<a href="https://m.shop.example/">shop.example/coats</a>',
        '<a href="https://evil.example/">Version 1.2</a>',
        '<img src="https://shop.example/a.png" alt="">',
        '<script type="application/ld+json">[]</script>',
        "<!-- <a href=''></a> -->",
    ],
)
def test_what_is_right_in_a_mail_is_left_alone(added: str) -> None:
    assert mail(GOOD + added) == set()


@pytest.mark.parametrize(
    ("subject", "code"),
    [
        ("LAST CHANCE TODAY", "subject_shouts"),
        ("Now!!!", "subject_shouts"),
        ("Re: your order", "subject_faked"),
        ("SALE today", None),
        ("Are you ready? Now!", None),
        ("Returns made easy", None),
    ],
)
def test_subjects(subject: str, code: str | None) -> None:
    assert mail(subject=subject) == ({code} if code else set())


def test_a_mail_without_a_way_out_is_wrong_unless_it_is_part_of_a_purchase() -> None:
    html = "<p>Your winter coat is back in all sizes.</p>"
    assert mail(html) == {"no_unsubscribe_link"}
    assert mail(html, transactional=True) == set()
    assert mail(text="No link here") == {"no_unsubscribe_link"}, "whoever reads the text has no way out either"
    assert mail(text=f"Leave: {LEAVE}") == set()
    assert codes("email", subject="Hi", html="", text="Hi") == {"no_unsubscribe_link"}


def test_the_link_to_unsubscribe_is_ours_to_mend() -> None:
    words = Words({"subject": "Hi", "html": '<p>Here</p><a href="http://127.0.0.1/u">Leave</a>', "preheader": "x"})
    assert remarks_on("email", words, Occasion(unsubscribe="http://127.0.0.1/u")) == []
    assert {each.code for each in remarks_on("email", words, Occasion())} == {"link_hidden"}


def test_a_mail_of_pictures_alone() -> None:
    picture = '<img src="https://shop.example/a.png" alt="A very long text that says what the picture shows">'
    assert mail(picture, transactional=True) == {"only_pictures"}


def test_several_of_a_kind_are_told_once() -> None:
    html = GOOD + '<a href="">x</a><a href="/a">x</a><a href="/b">x</a>'
    found = remarks_on("email", Words({"subject": "Hi", "html": html}), Occasion())
    assert [(each.code, each.weight) for each in found] == [("link_broken", "wrong"), ("no_preheader", "note")]
    assert "2 more" in found[0].message


@pytest.mark.parametrize(
    ("medium", "parts", "expected"),
    [
        ("sms", {"text": "Hi"}, set()),
        ("sms", {"text": "a" * 100 + "’"}, {"costly_characters"}),
        ("sms", {"text": "a" * 100 + "😀"}, {"costly_characters"}),
        ("sms", {"text": "жизнь" * 20}, set()),
        ("sms", {"text": "a" * 1601}, {"text_too_long"}),
        ("sms", {"text": "Go: https://bit.ly/x now"}, {"link_hidden"}),
        ("web_push", {"title": "Hi", "body": "x"}, set()),
        ("web_push", {"title": "Hi", "body": "ж" * 1_800}, {"payload_too_large"}),
        ("web_push", {"title": "Hi", "image": "http://a.example/x.png"}, {"picture_not_shown"}),
        ("mobile_push", {"title": "Hi", "body": "x" * 3_600}, set()),
        ("mobile_push", {"title": "Hi", "body": "x" * 3_700}, {"payload_too_large"}),
        ("telegram", {"text": "x" * 4_096}, set()),
        ("telegram", {"text": "x" * 4_097}, {"text_too_long"}),
        ("telegram", {"text": "x" * 1_025, "image": "https://a.example/x.png"}, {"text_too_long"}),
        ("whatsapp", {"template": "hi", "parameters": ["Ann", "a\nb"]}, {"parameter_refused"}),
        ("whatsapp", {"template": "hi", "parameters": [" "]}, {"parameter_refused"}),
        ("whatsapp", {"text": "x" * 4_097}, {"text_too_long"}),
        ("slack", {"text": "x", "blocks": '[{"type":"divider"}]'}, set()),
        ("slack", {"text": "x", "blocks": "{}"}, {"blocks_refused"}),
        ("slack", {"text": "x", "blocks": "[{"}, {"blocks_refused"}),
        ("inbox", {"title": "{% if %}"}, {"liquid_left"}),
    ],
)
def test_other_media(medium: str, parts: dict[str, Json], expected: set[str]) -> None:
    found = remarks_on(medium, Words(parts), Occasion(unsubscribe=LEAVE))
    assert {each.code for each in found if each.weight != "note"} == expected


def test_segments_are_always_told() -> None:
    (told,) = remarks_on("sms", Words({"text": "a" * 161}), Occasion())
    assert told.message == "It takes 2 segments: 161 7-bit characters, 145 more fit the last."


def test_only_media_there_are_are_looked_at() -> None:
    assert checks().keys() < media().keys()


@given(st.text(alphabet=st.sampled_from("<a hrefimgsc=\"'/:.>&#x{%}"), max_size=60), st.sampled_from(sorted(media())))
def test_no_words_break_it(text: str, medium: str) -> None:
    parts: dict[str, Json] = dict.fromkeys(("subject", "html", "text", "title", "body", "blocks", "image"), text)
    for each in remarks_on(medium, Words(parts | {"parameters": [text]}), Occasion(unsubscribe=LEAVE)):
        assert each.message
        assert each.hint
