"""Saved templates: variants that stick, languages that fall back, and one JSON form for the same template."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from holdfast.decisions.medium import media
from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid
from holdfast.messages.content import Words
from holdfast.messages.saved.blocks import Block
from holdfast.messages.saved.saved import Written, content_of, decode_template, encode_template, laid_over

NOW = datetime(2026, 11, 22, tzinfo=UTC)
BLOCKS = {"foot": Block(name="Foot", html="<p>{{ person.name }} & us</p>", text="us", mjml="<mj-text>us</mj-text>")}


def a_template(**fields: object) -> Written:
    return decode_template({"name": "Welcome", "medium": "sms", **fields})


def in_shares(**shares: float) -> dict[str, object]:
    return {name: {"share": share, "content": {"text": name}} for name, share in shares.items()}


def rendered(medium: str, parts: dict[str, Json], person: dict[str, Json]) -> Words:
    said = content_of(media()[medium], parts, BLOCKS).render({"person": person}, now=NOW)
    assert isinstance(said, Words), said
    return said


def test_the_same_template_has_one_json_form() -> None:
    loose = {"medium": "sms", "languages": {"de_AT": {"text": "Servus"}}, "content": {"text": "Hi"}, "name": "W"}
    tidy = encode_template(decode_template(loose))
    assert tidy == (b'{"name":"W","medium":"sms","content":{"text":"Hi"},"languages":{"de-at":{"text":"Servus"}}}')
    assert encode_template(decode_template(tidy)) == tidy
    varied = encode_template(a_template(variants=in_shares(a=0.5, b=0.5), description="x"))
    assert encode_template(decode_template(varied)) == varied


def test_a_variant_sticks_and_shares_are_kept() -> None:
    template = a_template(variants=in_shares(a=0.2, b=0.5, c=0.3))
    drawn = {f"u{n}": template.variant_for("welcome", f"u{n}") for n in range(4_000)}
    counts = Counter(drawn.values())
    assert all(abs(counts[name] / 4_000 - share) < 0.03 for name, share in (("a", 0.2), ("b", 0.5), ("c", 0.3)))
    again = a_template(variants=in_shares(c=0.3, b=0.5, a=0.2), name="Renamed")
    assert all(again.variant_for("welcome", who) == name for who, name in drawn.items())
    assert {template.variant_for("welcome", who, had="b") for who in drawn} == {"b"}, "what they had stands"
    assert {who: template.variant_for("welcome", who, had="gone") for who in drawn} == drawn
    other = {who: template.variant_for("goodbye", who) for who in drawn}
    assert other != drawn, "templates divide people independently"


def test_a_template_without_variants_has_one() -> None:
    assert a_template(content={"text": "Hi"}).variant_for("welcome", "u1") == "a"


def test_a_language_says_what_differs_and_falls_back() -> None:
    template = a_template(
        language="en",
        content={"text": "Hi", "media_url": "https://a.example/1.png"},
        languages={"de": {"text": "Hallo"}, "de-AT": {"text": "Servus"}},
    )
    assert [template.language_for("a", [each]) for each in ("de-at", "de-ch", "fr", "")] == ["de-at", "de", "en", "en"]
    assert template.parts("a", "de") == {"text": "Hallo", "media_url": "https://a.example/1.png"}
    assert template.parts("a", "en")["text"] == "Hi"
    unsaid = a_template(content={"text": "Hi"}, languages={"de": {"text": "Hallo"}})
    assert [unsaid.language_for("a", [each]) for each in ("de-at", "en", "")] == ["de", "", ""]
    assert unsaid.parts("a", "")["text"] == "Hi"
    for variant, language, said in (("b", "en", "no variant 'b'"), ("a", "fr", "no language 'fr'")):
        with pytest.raises(Invalid, match=said):
            template.parts(variant, language)


def test_a_mail_in_another_language_has_no_text_of_this_one() -> None:
    parts: dict[str, Json] = {"subject": "Hi", "html": "<p>Hi</p>", "text": "Hi"}
    assert laid_over(parts, {"subject": "Hallo"}) == {"subject": "Hallo", "html": "<p>Hi</p>", "text": "Hi"}
    assert laid_over(parts, {"mjml": "<mjml/>"}) == {"subject": "Hi", "mjml": "<mjml/>"}


def test_every_version_of_it_is_told_with_its_place() -> None:
    simple = a_template(language="en", content={"text": "Hi"}, languages={"de": {"text": "{% block 'x' %}"}})
    assert list(simple.every()) == [("a", "en", "$.content"), ("a", "de", "$.languages.de")]
    assert simple.blocks() == ("x",)
    varied = a_template(variants=in_shares(a=0.5, b=0.5))
    assert [where for _, _, where in varied.every()] == ["$.variants.a.content", "$.variants.b.content"]


def test_blocks_and_mjml_are_put_in_in_the_form_of_their_place() -> None:
    person: dict[str, Json] = {"name": "<Ann>"}
    mail = rendered("email", {"subject": "Hi", "html": "{% block 'foot' %}", "text": "{% block 'foot' %}"}, person)
    assert mail.text("html") == "<p>&lt;Ann&gt; & us</p>"
    assert mail.text("text") == "us"
    source = "<mjml><mj-body><mj-section><mj-column>{% block 'foot' %}</mj-column></mj-section></mj-body></mjml>"
    made = rendered("email", {"subject": "Hi", "mjml": source}, person).text("html")
    assert made.startswith("<!doctype html>")
    assert ">us</div>" in made
    buttons: Json = [{"label": "{% block 'foot' %}", "url": ""}]
    push = rendered("web_push", {"title": "{{ person.name }}", "buttons": buttons}, person)
    assert push.parts["title"] == "<Ann>"
    assert push.parts["buttons"] == [{"label": "us", "url": ""}]


@pytest.mark.parametrize(
    ("fields", "path", "code"),
    [
        ({}, "$", "missing_field"),
        ({"content": {"text": "Hi"}, "variants": in_shares(a=0.5, b=0.5)}, "$.content", "contradiction"),
        ({"content": "Hi"}, "$.content", "wrong_type"),
        ({"content": {"text": "Hi"}, "medium": "smoke"}, "$.medium", "unknown_channel"),
        ({"content": {"text": "Hi"}, "language": "English!"}, "$.language", "bad_language"),
        ({"content": {"text": "Hi"}, "language": "en", "languages": {"EN": {}}}, "$.languages.en", "given_twice"),
        ({"content": {"text": "Hi"}, "languages": {"12": {}}}, "$.languages.12", "bad_language"),
        ({"content": {"text": "Hi"}, "contents": {}}, "$.contents", "unknown_field"),
        ({"variants": in_shares(a=1.0)}, "$.variants", "out_of_range"),
        ({"variants": in_shares(a=0.5, b=0.6)}, "$.variants", "not_one"),
        ({"variants": {"a": {"share": 0.5, "content": {}}, "b": {"share": 0.5}}}, "$.variants.b", "missing_field"),
    ],
)
def test_what_is_wrong_is_told_with_its_path(fields: dict[str, object], path: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        a_template(**fields)
    assert (refused.value.path, refused.value.code) == (path, code)


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        ({"subject": "Hi", "html": "<p>", "mjml": "<mjml></mjml>"}, "$.content.mjml"),
        ({"subject": "Hi", "mjml": "<mjml><mj-x/></mjml>"}, "$.content.mjml"),
        ({"subject": "Hi", "mjml": 7}, "$.content.html"),
        ({"subject": "{% block 'gone' %}", "html": "x"}, "$.content.subject"),
        ({"subject": "{{ x", "html": "x"}, "$.content.subject"),
        ({"subject": "", "html": "x"}, "$.content.subject"),
        ({"subject": "Hi", "html": "x", "texte": "x"}, "$.content.texte"),
    ],
)
def test_what_is_wrong_in_a_part_is_told_with_its_path(parts: dict[str, Json], path: str) -> None:
    with pytest.raises(Invalid) as refused:
        content_of(media()["email"], parts, BLOCKS, path="$.content")
    assert refused.value.path == path
