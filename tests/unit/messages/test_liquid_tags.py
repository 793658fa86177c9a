"""Tags and filters of ours: what they say, what they ask for and when, and that they are as bounded as the rest."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import holdfast.messages.liquid.filters
import holdfast.messages.liquid.tags
from holdfast.events.event import Json
from holdfast.kernel.catalogue import discover
from holdfast.kernel.errors import Exposed, Invalid
from holdfast.messages.liquid.declared_liquid import DeclaredFilter, DeclaredTag, Example
from holdfast.messages.liquid.needs import (
    NEEDS_MOST,
    Aborted,
    CatalogueItems,
    Coupon,
    Known,
    Linked,
    Recommended,
    Wanting,
)
from holdfast.messages.liquid.template import RenderFailed, parse_template
from tests.unit.messages.liquid_world import NOW, ZOE, rounds, said, text


def examples() -> Iterator[Example]:
    for package, name in ((holdfast.messages.liquid.tags, "TAG"), (holdfast.messages.liquid.filters, "FILTER")):
        for declared in discover(package, name).values():
            assert isinstance(declared, (DeclaredTag, DeclaredFilter))
            yield from declared.examples


@pytest.mark.parametrize("example", list(examples()), ids=lambda each: each.source)
def test_every_example_comes_out_as_the_reference_says(example: Example) -> None:
    assert text(example.source).replace("\u202f", " ") == example.gives


def test_every_tag_and_filter_is_declared_with_an_example_and_words() -> None:
    tags = [each for each in discover(holdfast.messages.liquid.tags, "TAG").values() if isinstance(each, DeclaredTag)]
    filters = discover(holdfast.messages.liquid.filters, "FILTER")
    assert {each.name for each in tags} == {"abort", "catalogue", "coupon", "linked", "recommend"}
    assert set(filters) == {"date_in_zone", "money", "number", "plural"}
    for each in tags:
        assert each.about.endswith(".")
        parse_template(each.form, html=True)


# What is asked for, and when.


def needs(source: str) -> list[tuple[object, ...]]:
    return [tuple(each) for each in rounds(parse_template(source, html=False))[1]]


def test_a_look_up_asks_once_for_what_is_named_and_knows_it_then() -> None:
    source = '{% catalogue "products" id: event.properties.sku as p %}{{ p.name }}'
    assert needs(source + source) == [(CatalogueItems(catalogue="products", ids=("sku-1",)),)]


def test_independent_look_ups_are_fetched_in_one_round() -> None:
    source = '{% for s in person.seen %}{% catalogue "products" id: s as p %}{{ p.name }};{% endfor %}'
    (only,) = needs(source)
    assert [each.ids for each in only if isinstance(each, CatalogueItems)] == [("sku-2",), ("gone",), ("sku-1",)]
    assert text(source) == "Teapot;;Green tea;"


def test_what_nobody_names_is_not_asked_for() -> None:
    assert needs('{% catalogue "products" id: event.properties.nope as p %}[{{ p.name }}]') == []
    assert text('{% catalogue "products" ids: person.nope as p %}[{{ p.size }}]') == "[]"
    assert needs("{% linked event.properties.nope as p %}") == []


@pytest.mark.parametrize("tag", ['{% coupon "A" as c %}', '{% linked "https://a.example/" as c %}'])
def test_what_leaves_a_trace_is_asked_for_only_when_all_before_it_is_known(tag: str) -> None:
    """Without the item the template would say sorry with a code, though the item is there."""
    source = f'{{% catalogue "products" id: "sku-1" as p %}}{{% unless p %}}{tag}{{% endunless %}}{{{{ p.name }}}}'
    assert needs(source) == [(CatalogueItems(catalogue="products", ids=("sku-1",)),)]
    assert text(source) == "Green tea"
    first, second = needs(f'{{% catalogue "products" id: "sku-1" as p %}}{{% if p %}}{tag}{{% endif %}}')
    assert len(first) == len(second) == 1
    assert isinstance(second[0], (Coupon, Linked))


def test_an_item_may_lead_to_the_next() -> None:
    source = (
        '{% recommend "products" count: 1 as top %}{% catalogue "products" id: top[0].id as p %}'
        '{% linked "https://a.example/" as x %}{{ p.name }} {{ x.left }}'
    )
    assert [type(each) for (each,) in needs(source)] == [Recommended, CatalogueItems, Linked]
    assert text(source) == "Cup 12"


def test_an_abort_before_a_code_takes_none_and_after_what_is_wanted_waits_for_it() -> None:
    assert rounds(parse_template('{% abort "no" %}{% coupon "A" as c %}', html=False)) == (Aborted("no"), [])
    source = '{% catalogue "products" id: "sku-1" as p %}{% if p == nil %}{% abort "gone" %}{% endif %}there'
    assert text(source) == "there"
    source = '{% catalogue "products" id: "x" as p %}{% unless p %}{% abort "gone" %}{% endunless %}there'
    assert said(source) == Aborted("gone")


def test_an_abort_says_why_in_one_short_line() -> None:
    assert said("{% abort %}") == Aborted("")
    assert said("{% assign why = 'sold\n out ' %}{% abort why %}") == Aborted("sold out")
    assert said("{% if true %}{% for i in (1..3) %}{% abort i %}{% endfor %}{% endif %}") == Aborted("1")
    end = said("{% assign s = 'aaaaaaaaaa' | replace: 'a', 'bbbbbbbbbb' | replace: 'b', 'cccccccccc' %}{% abort s %}")
    assert isinstance(end, Aborted)
    assert len(end.reason) == 200


def test_who_asks_without_end_fails() -> None:
    source = "{% for i in (1.." + str(NEEDS_MOST + 1) + ') %}{% catalogue "products" id: i as p %}{% endfor %}'
    assert isinstance(parse_template(source, html=False).render(ZOE, now=NOW), RenderFailed)
    source = source.replace(str(NEEDS_MOST + 1), str(NEEDS_MOST))
    assert isinstance(parse_template(source, html=False).render(ZOE, now=NOW), Wanting)


def test_a_call_says_all_that_is_written() -> None:
    source = (
        '{% linked "https://a.example/x?y=1", method: "post", body: event.properties.sku, cache: 60, required: true,'
        ' accept: "text/plain", authorization: "Bearer\nx" as answer %}'
    )
    assert needs(source) == [
        (
            Linked(
                url="https://a.example/x?y=1",
                method="POST",
                headers=(("accept", "text/plain"), ("authorization", "Bearer x")),
                body="sku-1",
                cache_seconds=60,
                required=True,
            ),
        )
    ]


@pytest.mark.parametrize(
    "source",
    [
        '{% linked "file:///etc/passwd" as x %}',
        '{% linked "gopher://a.example/" as x %}',
        '{% linked "https://a.example/", method: "DELETE" as x %}',
        '{% linked "https://a.example/", cache: -1 as x %}',
        '{% linked "https://a.example/", cache: 86401 as x %}',
        '{% linked "https://a.example/", cache: true as x %}',
        '{% coupon "" as x %}',
        "{% coupon nope as x %}",
        '{% recommend "products" count: 51 as x %}',
        "{{ 'x' | money: 'EUR' }}",
        "{{ 5 | money }}",
        "{{ 5 | money: 'euro' }}",
        "{{ 5 | money: 'EUR', unit: 'cents' }}",
        "{{ 5 | money: 'EUR', locale: 'zz' }}",
        "{{ 5 | money: 'EUR', locale: '../../etc' }}",
        "{{ '1e999' | money: 'EUR' }}",
        "{{ '9999999999999999999999999999999999' | number }}",
        "{{ '1e999999999' | number }}",
        "{{ 'NaN' | number }}",
        "{{ true | number }}",
        "{{ 1 | plural: one: 'a' }}",
        "{{ 1 | plural: several: 'a', other: 'b' }}",
        "{{ 'now' | date_in_zone: 'long', zone: 'Mars/Olympus' }}",
        "{{ 'now' | date_in_zone: 'long', time: 'endless' }}",
        "{{ 'now' | date_in_zone: person }}",
    ],
)
def test_what_cannot_be_said_fails_with_a_reason(source: str) -> None:
    end = parse_template(source, html=False).render(ZOE, now=NOW)
    assert isinstance(end, RenderFailed), end
    assert "Error" not in end.reason, end


@pytest.mark.parametrize(
    "source",
    [
        '{% catalogue "products" as p %}',
        '{% catalogue "products" id: 1 %}',
        '{% catalogue "products" id: 1, ids: 2 as p %}',
        '{% catalogue "products" id: 1 id: 2 as p %}',
        '{% catalogue "products" sku: 1 as p %}',
        "{% catalogue id: 1 as p %}",
        "{% coupon as c %}",
        '{% coupon "A" as %}',
        '{% coupon "A" as c d %}',
        '{% coupon "A" as c.d %}',
        "{% abort 'a' 'b' %}",
        "{% linked %}",
    ],
)
def test_a_tag_that_is_written_wrong_is_refused_with_its_line(source: str) -> None:
    with pytest.raises(Invalid) as wrong:
        parse_template("\n" + source, html=True)
    assert "line 2" in wrong.value.message


# Languages and clocks.


def at_home(**traits: Json) -> dict[str, Json]:
    return {**ZOE, "person": traits}


def test_words_go_by_the_language_asked_for_then_the_messages_then_the_persons() -> None:
    amount = "{{ 123456 | money: 'EUR' }}"
    assert text(amount, at_home(locale="de-DE")) == "1.234,56\xa0€"
    assert text(amount, at_home(language="de")) == "1.234,56\xa0€"
    assert text(amount, at_home(locale="nonsense", language="de")) == "1.234,56\xa0€"
    assert text(amount, at_home(locale=7)) == "€1,234.56"
    assert text(amount, {**at_home(locale="de"), "__locale__": "en"}) == "€1,234.56"
    assert text("{{ 123456 | money: 'EUR', locale: 'de' }}", at_home(locale="en")) == "1.234,56\xa0€"


def test_money_of_every_minor_unit_and_unit() -> None:
    assert text("{{ 1999 | money: 'KWD' }}", at_home()).endswith("1.999")
    assert text("{{ '1999' | money: 'EUR' }}", at_home()) == "€19.99"
    assert text("{{ -5 | money: 'EUR' }}", at_home()) == "-€0.05"
    assert text("{{ 59.9 | money: 'EUR', unit: 'major' }}", at_home()) == "€59.90"
    assert text("[{{ nope | money: 'EUR' }}{{ nope | number }}{{ nope | plural: other: 'x' }}]", at_home()) == "[]"


@pytest.mark.parametrize(
    ("count", "says"),
    [(0, "0 plików"), (1, "1 plik"), (2, "2 pliki"), (5, "5 plików"), (22, "22 pliki"), (1.5, "1,5 pliku")],
)
def test_plural_goes_by_the_rules_of_the_language(count: float, says: str) -> None:
    source = "{{ n | plural: one: '# plik', few: '# pliki', many: '# plików', other: '# pliku' }}"
    assert text(source, {**at_home(locale="pl-PL"), "n": count}) == says


def test_a_form_that_is_not_there_is_the_other_one() -> None:
    assert text("{{ 1 | plural: other: '# sheep' }}") == "1 sheep"


def test_a_moment_is_told_by_the_persons_clock() -> None:
    late = "{{ '2026-11-26T23:30:00Z' | date_in_zone: 'd MMM HH:mm' }}"
    assert text(late, at_home(timezone="Europe/Berlin")) == "27 Nov 00:30"
    assert text(late, at_home(timezone="America/New_York")) == "26 Nov 18:30"
    assert text(late, at_home(timezone="nowhere")) == "26 Nov 23:30"
    assert text(late, {**at_home(), "workspace": {"time_zone": "Asia/Tokyo"}}) == "27 Nov 08:30"
    # The night the clock goes back: the same hour twice.
    twice = "{{ t | date_in_zone: '%H:%M %z' }}"
    assert text(twice, {**at_home(timezone="Europe/Berlin"), "t": "2026-10-25T00:30:00Z"}) == "02:30 +0200"
    assert text(twice, {**at_home(timezone="Europe/Berlin"), "t": "2026-10-25T01:30:00Z"}) == "02:30 +0100"


def test_a_day_stays_that_day_wherever_one_lives() -> None:
    for zone in ("America/Los_Angeles", "Pacific/Auckland", "UTC"):
        assert text("{{ '2026-12-24' | date_in_zone: 'd.M.y' }}", at_home(timezone=zone)) == "24.12.2026"


def test_what_is_no_moment_comes_out_as_it_is() -> None:
    assert text("{{ 'soon' | date_in_zone }}|{{ '2026-13-40' | date_in_zone }}|{{ nope | date_in_zone }}") == (
        "soon|2026-13-40|"
    )


def test_what_filters_give_is_escaped_in_html() -> None:
    assert text("{{ 1 | plural: other: x }}", {**at_home(), "x": "<b>#</b>"}, html=True) == "&lt;b&gt;1&lt;/b&gt;"
    assert text("{{ 1 | plural: other: '<b>#</b>' }}", html=True) == "<b>1</b>"
    item = '{% coupon "A" as c %}{{ c }}{% linked "https://a.example/" as l %}{{ l }}'
    template = parse_template(item, html=True)
    known: Known = {Coupon(pool="A"): "<&", Linked(url="https://a.example/"): "<script>"}
    assert template.render(ZOE, now=NOW, known=known) == "&lt;&amp;&lt;script&gt;"


# Attacks: each is stopped before it has its way.


@pytest.mark.parametrize(
    "source",
    [
        "{{ 1 | plural: other: big }}",
        "{{ 1 | plural: one: big, other: big }}",
        "{{ big | plural: other: 'x' }}",
        "{{ big | money: 'EUR' }}",
        "{{ 'now' | date_in_zone: big }}",
        "{{ 5 | number: locale: big }}",
        "{% linked big as x %}",
        '{% linked "https://a.example/", body: big as x %}',
        "{% coupon big as x %}",
        "{% for i in (1..10000) %}{{ 5 | plural: other: 'x', one: half }}{% endfor %}",
        '{% for i in (1..10000) %}{% coupon "A" as x %}{{ i | plural: other: half }}{% endfor %}',
    ],
)
def test_what_is_too_large_is_not_made(source: str) -> None:
    variables: dict[str, Json] = {**ZOE, "big": "#" * 99_000, "half": "#" * 9_000}
    template = parse_template(source, html=False)
    template.render({}, now=NOW)
    tracemalloc.start()
    try:
        assert isinstance(template.render(variables, now=NOW), RenderFailed)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8_000_000


def test_nothing_of_python_is_reached_by_the_tags_either() -> None:
    source = '{% catalogue "products" id: "sku-1" as p %}[{{ p.__class__ }}{{ p._x }}{{ p.keys }}{{ p["items"] }}]'
    assert text(source) == "[]"


# Variables, place by place.


def test_each_place_tells_its_line_and_whether_something_stands_in() -> None:
    source = (
        "{{ person.a }}\n{{ person.b | upcase | default: 'x' }}\n{% assign c = person.c | default: 1 %}{{ c }}\n"
        "{% if person.d %}{% endif %}{% for i in event.properties.items %}{{ i.x }}{{ forloop.index }}{% endfor %}\n"
        '{% catalogue "p" id: persn.e as item %}{{ item.name }}{{ person[person.f].g }}'
    )
    found = parse_template(source, html=True).asked()
    assert [(".".join(each.name), each.line, each.has_default) for each in found] == [
        ("person.a", 1, False),
        ("person.b", 2, True),
        ("person.c", 3, True),
        ("person.d", 4, False),
        ("event.properties.items", 4, False),
        ("persn.e", 5, False),
        ("person", 5, False),
        ("person.f", 5, False),
    ]


def test_sources_are_told_with_their_lines() -> None:
    source = '{% if a %}{% coupon "A" as c %}{% endif %}\n{% linked url as x %}{% recommend "p" as y %}'
    found = parse_template(source, html=False).sources()
    assert [(each.tag, each.name, each.line) for each in found] == [
        ("coupon", "A", 1),
        ("linked", "", 2),
        ("recommend", "p", 2),
    ]


SCRAPS = [
    f"{{% {tag} {of}{options} {end} %}}"
    for tag, of, options, end in product(
        ["catalogue", "recommend", "coupon", "linked", "abort"],
        ['"p"', "person.seen", "7", "nope"],
        ["", ", id: person.seen", " count: 2", " cache: 1"],
        ["as x", ""],
    )
]
SCRAPS += ["{{ x | money: 'EUR' }}", "{{ x.left | plural: other: x }}", "{{ x | date_in_zone: x }}", "{{ x[0].name }}"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(SCRAPS), max_size=6).map("".join), VALUES, st.booleans())
def test_any_tags_over_any_values_end_in_a_value(source: str, x: Json, html: bool) -> None:
    try:
        template = parse_template(source, html=html)
    except Exposed:
        return
    end = template.render({"x": x, "person": {"seen": x, "locale": x, "timezone": x}}, now=NOW)
    assert isinstance(end, (str, RenderFailed, Aborted, Wanting))
