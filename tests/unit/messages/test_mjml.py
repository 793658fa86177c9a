"""MJML: Liquid and structured data live through it, and what it would leave out without a word is refused."""

from __future__ import annotations

import pytest

from holdfast.kernel.errors import Invalid, TooLarge
from holdfast.messages.saved.mjml import TAGS, compile_mjml


def a_mail(inside: str, head: str = "") -> str:
    return f"<mjml>\n<mj-head>{head}</mj-head>\n<mj-body>\n{inside}\n</mj-body>\n</mjml>"


def a_column(inside: str) -> str:
    return a_mail(f"<mj-section>\n<mj-column>\n{inside}\n</mj-column>\n</mj-section>")


def test_liquid_lives_through_it_wherever_it_stands() -> None:
    text = '{% if a < b and c != "</mj-text>" %}{{ person.name | default: "x & y" }}{% else %}\n<b>{{ "}" }}'
    text += "</b>{% endif %}"
    made = compile_mjml(a_column(f'<mj-text>{text}</mj-text><mj-button href="{{{{ url }}}}?a=1">Go</mj-button>'))
    assert text in made
    assert 'href="{{ url }}?a=1"' in made
    around = compile_mjml(a_mail("{% if vip > 1 %}\n<mj-section></mj-section>\n{% endif %}"))
    assert around.index("{% if vip > 1 %}") < around.index("max-width:600px") < around.index("{% endif %}")


def test_structured_data_lives_through_it() -> None:
    script = '<script type="application/ld+json">[{"@type":"DiscountOffer","description":{{ offer | json }}}]</script>'
    assert script in compile_mjml(a_mail("<mj-section></mj-section>", head=f"<mj-raw>{script}</mj-raw>"))


def test_nothing_is_fetched_that_the_author_did_not_ask_for() -> None:
    made = compile_mjml(a_column("<mj-text>Hi</mj-text>"))
    assert "http" not in made.replace("http://www.w3.org", "").replace("http-equiv", "")
    own = '<mj-font name="Raleway" href="https://shop.example/font.css" />'
    text = '<mj-section><mj-column><mj-text font-family="Raleway">Hi</mj-text></mj-column></mj-section>'
    assert "https://shop.example/font.css" in compile_mjml(a_mail(text, head=own))


@pytest.mark.parametrize(
    ("source", "said", "hint"),
    [
        (a_column("<mj-txet>Hi</mj-txet>"), "line 6: there is no tag <mj-txet>", "Did you mean <mj-text>?"),
        (a_column("{{ a }}\n{% if\nb %}{% endif %}\n<zzz/>"), "line 9: there is no tag <zzz>", "HTML goes"),
        (a_column("<p>Hi</p>"), "line 6: there is no tag <p>", "<mj-text>"),
        (a_column("<MJ-TEXT>Hi</MJ-TEXT>"), "there is no tag <MJ-TEXT>", ""),
        (a_column('<mj-include path="/etc/passwd" />'), "line 6: mj-include is not allowed", "block"),
        (a_column("<mj-text><mj-button>Go</mj-button></mj-text>"), "<mj-button> stands inside <mj-text>", ""),
        (a_column("<mj-text>Hi"), "line 7: </mj-column> is closed where <mj-text> is open", ""),
        ("<mjml><mj-body>", "<mj-body> is never closed", "</mj-body>"),
        ("</mjml>", "</mjml> is closed where nothing is open", ""),
        ("<mj-text>Hi</mj-text>", "stands outside <mjml>", ""),
        (a_column("<mj-text>a < b</mj-text>"), "unable to parse", "&lt;"),
        (a_column('<mj-image width="{{ w }}px" src="x" />'), "line 6: {{ w }} would be left out", ""),
        (a_column("<mj-text>hfq1z</mj-text>"), "hfq1z", "otherwise"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(source: str, said: str, hint: str) -> None:
    with pytest.raises(Invalid) as refused:
        compile_mjml(source, path="$.mjml")
    assert said in refused.value.message
    assert hint in refused.value.hint
    assert (refused.value.code, refused.value.path) == ("mjml_invalid", "$.mjml")


def test_tags_in_comments_and_in_html_are_no_tags_of_its() -> None:
    assert "kept" in compile_mjml(a_column("<!-- <mj-bogus> --><mj-table><tr><td>kept</td></tr></mj-table>"))
    assert "raw" in compile_mjml(a_column("<mj-raw><tr><td>raw</td></tr></mj-raw>"))


def test_a_mail_that_is_too_long_is_refused() -> None:
    with pytest.raises(TooLarge):
        compile_mjml("x" * 300_001, path="$")


@pytest.mark.parametrize("hostile", ["{{" * 140_000, "{%" * 140_000, "<mj-" * 70_000, "{{{{}" * 55_000, "<" * 290_000])
def test_hostile_sources_take_little_time(hostile: str) -> None:
    with pytest.raises(Invalid):
        compile_mjml(hostile)


def test_every_tag_is_one_that_is_made_into_something() -> None:
    shown = {
        "mj-accordion": "<mj-accordion><mj-accordion-element><mj-accordion-title>A</mj-accordion-title>"
        "<mj-accordion-text>B</mj-accordion-text></mj-accordion-element></mj-accordion>",
        "mj-carousel": '<mj-carousel><mj-carousel-image src="a.png" /><mj-carousel-image src="b.png" /></mj-carousel>',
        "mj-divider": "<mj-divider />",
        "mj-navbar": '<mj-navbar><mj-navbar-link href="/a">A</mj-navbar-link></mj-navbar>',
        "mj-social": '<mj-social><mj-social-element name="x" href="/a">A</mj-social-element></mj-social>',
        "mj-spacer": '<mj-spacer height="7px" />',
    }
    empty = compile_mjml(a_column(""))
    assert set(shown) < set(TAGS)
    assert all(len(compile_mjml(a_column(each))) > len(empty) + 50 for each in shown.values())
