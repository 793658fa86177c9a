"""Templates: what they say, and that no template can spend more than its share."""

from __future__ import annotations

import time
import tracemalloc
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.decisions.medium import media
from holdfast.events.event import Json
from holdfast.kernel.errors import Exposed, Invalid, TooLarge
from holdfast.messages.content import Words, parse_content
from holdfast.messages.liquid.needs import Wanting
from holdfast.messages.liquid.template import SOURCE_CHARACTERS_MOST, RenderFailed, one_line, parse_template

NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
ZOE: dict[str, Json] = {
    "person": {
        "first_name": "<Zoë & co>",
        "items": [{"name": "Tea", "price": 3.5}, {"name": "Cup"}],
        "tags": ["a"] * 50,
    },
    "event": {"name": "Checkout Started", "timestamp": "2026-11-26T10:00:00.000Z", "properties": {"revenue": 59.9}},
    "links": {"unsubscribe": "https://t.example/m/u/abc"},
}


def said(source: str, *, html: bool = False, variables: dict[str, Json] | None = None) -> str | RenderFailed:
    rendered = parse_template(source, html=html).render(ZOE if variables is None else variables, now=NOW)
    assert isinstance(rendered, (str, RenderFailed))
    return rendered


def mail(**parts: str) -> Words | RenderFailed:
    """A mail in words for somebody whose name would add a header."""
    name: Json = "A\r\nBcc: evil@x.example\x00\u2028B"
    rendered = parse_content(media()["email"], parts).render({"person": {"name": name}}, now=NOW)
    assert isinstance(rendered, (Words, RenderFailed))
    return rendered


def text(source: str, *, html: bool = False) -> str:
    rendered = said(source, html=html)
    assert isinstance(rendered, str), rendered
    return rendered


def test_values_are_escaped_in_html_and_left_alone_in_text() -> None:
    assert text("{{ person.first_name }}", html=True) == "&lt;Zoë &amp; co&gt;"
    assert text("{{ person.first_name }}") == "<Zoë & co>"


def test_what_is_not_there_comes_out_empty_or_as_its_default() -> None:
    assert text("[{{ person.nope }}{{ nobody.at.all }}]") == "[]"
    assert text('{{ person.nope | default: "Hello" }}, {{ person.first_name | default: "you" }}') == "Hello, <Zoë & co>"


def test_loops_conditions_and_filters_work() -> None:
    each = "{{ forloop.index }}:{{ i.name | upcase }} {{ i.price | default: 'free' }};"
    source = "{% for i in person.items %}" + each + "{% endfor %}"
    assert text(source) == "1:TEA 3.5;2:CUP free;"
    assert text("{{ person.items | map: 'name' | join: ' and ' }}") == "Tea and Cup"
    assert text("{{ 'b,a,b' | split: ',' | uniq | join: '' }}") == "ba"
    assert text("{% if event.properties.revenue > 50 %}big{% else %}small{% endif %}") == "big"


def test_now_is_the_moment_given_and_dates_are_utc() -> None:
    assert text("{{ 'now' | date: '%Y-%m-%d %H:%M' }}") == "2026-11-27 09:30"
    assert text("{{ event.timestamp | date: '%-d %B' }}") == "26 November"
    assert text("{{ '2026-01-01T23:30:00-02:00' | date: '%d %H' }}") == "02 01"
    assert text("{{ 0 | date: '%Y' }}{{ '86400' | date: '-%d' }}") == "1970-02"
    assert text("{{ 'soon' | date: '%Y' }}|{{ person.nope | date: '%Y' }}") == "soon|"


def test_nothing_of_python_can_be_reached() -> None:
    assert (
        text("[{{ person.__class__ }}{{ person['__class__'] }}{{ person.items.append }}{{ person.first_name.upper }}]")
        == "[]"
    )
    assert text("{{ person.items.size }}") == "2"


NAMES = "".join(f"{{% assign a{i} = 1 %}}" for i in range(16_000))
TURNS = "{% for i in (1..10000) %}"
WIDE: dict[str, Json] = {
    "big": "x" * 100_000,
    "wide": [str(i) for i in range(9_000)],
    "wide_too": [*(str(i) for i in range(8_999)), "z"],
    "deep": [[[[[[[[["a"] * 9_000]]]]]]]],
}


@pytest.mark.parametrize(
    "source",
    [
        TURNS + "{% capture c %}" + "{{ wide }}" * 20 + "{% endcapture %}{% endfor %}",
        TURNS + "{% capture c %}{{ deep }}{% endcapture %}{% endfor %}",
        TURNS + "{% capture c %}" + "{{ big }}" * 9 + "{% endcapture %}{% endfor %}",
        TURNS + "{% if big contains 'xy' %}{% endif %}" * 5 + "{% endfor %}",
        TURNS + "{% if wide == wide_too %}{% endif %}" * 5 + "{% endfor %}",
        TURNS + "{% for j in (1..10000) reversed limit: 1 %}{% endfor %}" * 10 + "{% endfor %}",
        TURNS + "{% for j in wide reversed limit: 1 %}{% endfor %}" * 10 + "{% endfor %}",
        TURNS + "{% catalogue 'products' ids: wide as p %}{% endfor %}",
    ],
)
def test_what_is_read_again_and_again_is_counted(source: str) -> None:
    """No filter is in these, and none prints much: each took from three seconds to minutes."""
    template = parse_template(source, html=False)
    before = time.process_time()
    rendered = template.render(WIDE, now=NOW)
    assert time.process_time() - before < 5
    assert rendered == RenderFailed("line 1: a template reads more than 50,000,000 bytes of values") or isinstance(
        rendered, Wanting
    )


def test_many_names_take_no_longer_each_than_few() -> None:
    template = parse_template(NAMES, html=False)
    before = time.process_time()
    assert template.render({}, now=NOW) == ""
    assert time.process_time() - before < 5


def test_a_name_given_anew_counts_once() -> None:
    source = "{% assign s = big %}" * 12 + "{% for i in (1..20) %}{% assign s = big %}{% endfor %}{{ s | size }}"
    assert said(source, variables=WIDE) == "100000"
    assert isinstance(said("".join(f"{{% assign s{i} = big %}}" for i in range(12)), variables=WIDE), RenderFailed)


LONG_TEXT = "{% assign s = 'abababab' %}" + "{% assign s = s | append: s %}" * 12  # 32 KB.


@pytest.mark.parametrize(
    "source",
    [
        "{% for i in (1..1000000000) %}x{% endfor %}",
        "{% for i in (1..1000000000) reversed %}x{% endfor %}",
        "{% for i in (1..1000000000) reversed limit: 3 %}x{% endfor %}",
        "{% tablerow i in (1..1000000000) cols: 3 %}x{% endtablerow %}",
        "{% assign a = (1..1000000000) | sort %}",
        "{{ (1..1000000000) | join: ' ' }}",
        "{% for i in (1..100) %}{% for j in (1..100) %}{% for k in (1..100) %}x{% endfor %}{% endfor %}{% endfor %}",
        "{% for i in (1..10000) %}{% assign a = i %}{% endfor %}" * 1000,
        "{% assign s = 'aaaaaaaaaa' %}" + "{% assign s = s | append: s %}" * 40,
        "{% assign s = 'aaaaaaaaaa' %}" + "{% capture s %}{{ s }}{{ s }}{% endcapture %}" * 40,
        "{{ 'aaaaaaaaaa'" + " | replace: 'a', 'aaaaaaaaaa'" * 12 + " }}",
        "{{ 'aaaaaaaaaa'" + " | replace: '', 'aaaaaaaaaa'" * 12 + " }}",
        "{% assign n = 99999 %}" + "{% assign n = n | times: n %}" * 40 + "{{ n }}",
        LONG_TEXT + "{% assign l = s | split: '' %}{{ l | size }}",
        LONG_TEXT + "{{ person.tags | join: s }}",
        LONG_TEXT + "{% for i in (1..10000) %}{% assign t = s | replace: 'a', 'c' %}{% endfor %}",
        LONG_TEXT + "{% for i in (1..10000) %}{{ s }}{% endfor %}",
        LONG_TEXT + "{% for i in (1..1000) %}{% capture t %}{{ t }}{{ s }}{% endcapture %}{% endfor %}",
        "{{ 1 | divided_by: 0 }}",
        "{{ '1e400' | plus: 1 | ceil }}",
        "{{ '2026-01-01' | date: '" + "%A" * 200 + "' }}",
    ],
)
def test_a_hostile_template_is_stopped(source: str) -> None:
    before = time.process_time()
    assert isinstance(said(source), RenderFailed)
    assert time.process_time() - before < 5, "stopped, but only after it had its way"


@pytest.mark.parametrize("filters", ["replace: 'a', big", "join: big"])
def test_what_would_grow_too_large_is_not_made_first(filters: str) -> None:
    """32 KB of `a`, each made into 9 KB, are 288 MB."""
    many: list[Json] = ["a"] * 9_000
    variables: dict[str, Json] = {"text": "a" * 32_000, "big": "b" * 9_000, "many": many}
    template = parse_template("{{ many | join: '' | " + filters + " }}{{ many | " + filters + "}}", html=False)
    tracemalloc.start()
    try:
        assert isinstance(template.render(variables, now=NOW), RenderFailed)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20_000_000


@pytest.mark.parametrize(
    "source",
    [
        "{{" * 200_000,
        "{%" * 200_000,
        "{% raw %}" * 50_000,
        "{% comment %}" * 30_000,
        "{{ a" + " " * 100_000 + "}}",
        "{{ a" + " | upcase" * 40_000 + "}}",
        "{{ a" + ".b" * 100_000 + "}}",
        "{% if a" + " or a" * 40_000 + " %}{% endif %}",
        "{% if a %}" * 1000,
    ],
)
def test_a_hostile_source_is_refused_before_it_costs(source: str) -> None:
    before = time.process_time()
    with pytest.raises(Exposed):
        parse_template(source, html=True)
    assert time.process_time() - before < 5


def test_a_complaint_names_the_part_and_the_line() -> None:
    with pytest.raises(Invalid) as wrong:
        parse_content(
            media()["email"], {"subject": "Hi", "html": "one\ntwo\n{{ a | shout }}"}, path="$.steps.mail.template"
        )
    assert wrong.value.path == "$.steps.mail.template.html"
    assert "line 3" in wrong.value.message
    assert "shout" in wrong.value.message
    assert wrong.value.hint


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ({"subject": "", "html": "x"}, "$.subject"),
        ({"subject": "x", "html": " "}, "$.html"),
        ({"subject": "x", "html": 3}, "$.html"),
        ({"subject": "x", "html": "{% if a %}"}, "$.html"),
        ({"subject": "{{ a", "html": "x"}, "$.subject"),
        ({"subject": "x", "html": "x", "text": "{% include 'y' %}"}, "$.text"),
        ({"subject": "x", "html": "x", "body": "y"}, "$.body"),
    ],
)
def test_a_wrong_template_is_refused_with_its_path(template: dict[str, Json], path: str) -> None:
    with pytest.raises(Invalid) as wrong:
        parse_content(media()["email"], template)
    assert wrong.value.path == path


def test_a_template_over_the_limit_is_refused() -> None:
    parse_template("x" * SOURCE_CHARACTERS_MOST, html=True)
    with pytest.raises(TooLarge):
        parse_template("x" * (SOURCE_CHARACTERS_MOST + 1), html=True)


def test_a_subject_is_one_line_whatever_is_put_in() -> None:
    words = mail(subject="Dear {{ person.name }}!", html="<p>x</p>")
    assert isinstance(words, Words)
    assert words.text("subject") == "Dear A Bcc: evil@x.example B!"


def test_a_message_that_says_nothing_or_too_long_a_subject_fails_with_the_reason() -> None:
    assert isinstance(mail(subject="Hi", html="{{ person.nope }}"), RenderFailed)
    long = mail(subject="{% for i in (1..901) %}b{% endfor %}", html="x")
    assert isinstance(long, RenderFailed)
    assert long.reason.startswith("subject:")


def test_the_same_source_is_parsed_once() -> None:
    assert parse_template("once {{ a }}", html=True) is parse_template("once {{ a }}", html=True)
    assert parse_template("once {{ a }}", html=True) is not parse_template("once {{ a }}", html=False)


SCRAPS = st.sampled_from(
    [
        "{{",
        "}}",
        "{%",
        "%}",
        "a",
        "person",
        ".",
        " | ",
        "upcase",
        "replace: 'a', 'b'",
        "for i in (1..9)",
        "endfor",
        "if a",
        "endif",
        "assign x = ",
        "'",
        '"',
        "\n",
        " ",
        "raw",
        "endraw",
        "case a",
        "when 1",
        "-",
        "[0]",
        "date: '%Q'",
        "'now'",
        "liquid\necho a",
        "cycle 'a', 'b'",
        "{{ a }}",
        "{% if a %}b{% endif %}",
        "ß",
        "\x00",
        "\ud800",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(SCRAPS, max_size=14).map("".join), st.booleans())
def test_any_source_is_refused_as_exposed_or_renders_to_a_value(source: str, html: bool) -> None:
    try:
        template = parse_template(source, html=html)
    except Exposed:
        return
    assert isinstance(template.render(ZOE, now=NOW), (str, RenderFailed))


@settings(deadline=None)
@given(st.text())
def test_one_line_is_one_line(value: str) -> None:
    line = one_line(value)
    assert len(line.splitlines()) <= 1
    assert one_line(line) == line
