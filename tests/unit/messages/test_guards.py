"""Which conditions ask whether a variable is there, and what they guard."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.events.event import Json
from holdfast.messages.liquid.template import parse_template

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)


def places(source: str) -> list[tuple[str, int]]:
    """Each place that asks, with how many parts of its name are tested there."""
    return [(".".join(each.name), each.tested) for each in parse_template(source, html=False).asked()]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ person.x }}", [("person.x", 0)]),
        ("{% if person.x %}{{ person.x }}{% endif %}", [("person.x", 2), ("person.x", 2)]),
        ("{% if person.x %}{{ person.y }}{% endif %}", [("person.x", 2), ("person.y", 1)]),
        ("{% if person.x %}a{% else %}{{ person.x }}{% endif %}", [("person.x", 2), ("person.x", 0)]),
        ("{% unless person.x %}{{ person.x }}{% endunless %}", [("person.x", 2), ("person.x", 0)]),
        ("{% unless person.x %}a{% else %}{{ person.x }}{% endunless %}", [("person.x", 2), ("person.x", 2)]),
        ("{% if person.x %}a{% endif %}{{ person.x }}", [("person.x", 2), ("person.x", 0)]),
        ("{% if person.x == 'a' %}{{ person.x }}{% endif %}", [("person.x", 0), ("person.x", 0)]),
        ("{% if person.x > 3 %}a{% endif %}", [("person.x", 0)]),
        ("{% if person.x contains 'a' %}a{% endif %}", [("person.x", 0)]),
        ("{% if person.x == person.y %}a{% endif %}", [("person.x", 0), ("person.y", 0)]),
        ("{% if person.x != nil %}{{ person.x }}{% endif %}", [("person.x", 2), ("person.x", 2)]),
        ("{% if person.x != blank %}{{ person.x }}{% endif %}", [("person.x", 0), ("person.x", 0)]),
        ("{% if nil != person.x %}{{ person.x }}{% endif %}", [("person.x", 2), ("person.x", 2)]),
        ("{% if person.x == nil %}a{% else %}{{ person.x }}{% endif %}", [("person.x", 2), ("person.x", 2)]),
        ("{% if person.x and person.x == 'a' %}{{ person.x }}{% endif %}", [("person.x", 2)] * 3),
        ("{% if person.x == 'a' and person.x %}a{% endif %}", [("person.x", 0), ("person.x", 2)]),
        (
            "{% if person.x or person.y %}{{ person.x }}{% endif %}",
            [("person.x", 2), ("person.y", 2), ("person.x", 0)],
        ),
        (
            "{% if person.x == nil or person.x == 'a' %}{{ person.x }}{% endif %}",
            [("person.x", 2)] * 2 + [("person.x", 0)],
        ),
        (
            "{% if person.y %}a{% elsif person.x %}{{ person.x }}{{ person.y }}{% endif %}",
            [("person.y", 2), ("person.x", 2), ("person.x", 2), ("person.y", 1)],
        ),
        (
            "{% if person.x == nil %}a{% elsif person.y %}{{ person.x }}{% endif %}",
            [("person.x", 2), ("person.y", 2), ("person.x", 2)],
        ),
        (
            "{% if person.x %}{% for i in (1..2) %}{{ person.x | upcase }}{% endfor %}{% endif %}",
            [("person.x", 2), ("person.x", 2)],
        ),
        (
            "{% if person.a.b %}{{ person.a.c }}{{ person.a.b.d }}{% endif %}",
            [("person.a.b", 3), ("person.a.c", 2), ("person.a.b.d", 3)],
        ),
        (
            "{% if event.properties %}{{ event.properties.x }}{% endif %}",
            [("event.properties", 2), ("event.properties.x", 2)],
        ),
        ("{% if person %}{{ person.x }}{% endif %}", [("person", 1), ("person.x", 1)]),
        ("{% if person.x %}{{ 'a' | append: person.x }}{% endif %}", [("person.x", 2), ("person.x", 2)]),
        ("{% case person.x %}{% when 'a' %}{{ person.x }}{% endcase %}", [("person.x", 0), ("person.x", 0)]),
    ],
)
def test_what_is_tested_where(source: str, expected: list[tuple[str, int]]) -> None:
    assert places(source) == expected


ATOMS = st.sampled_from(
    [
        "person.a",
        "person.b",
        "person.a != blank",
        "person.b == blank",
        "person.a == nil",
        "nil != person.b",
        'person.a == "1"',
        'person.b != ""',
        'person.b != "1"',
        "person.a == person.b",
    ]
)
CONDITIONS = st.recursive(
    ATOMS, lambda inner: st.builds("{} {} {}".format, inner, st.sampled_from(["and", "or"]), inner), max_leaves=4
)
READS = st.sampled_from(["<{{ person.a }}>", "<{{ person.b }}>"])
TEXTS = st.recursive(
    READS,
    lambda inner: st.builds(
        lambda tag, first, one, second, two, three: (
            f"{{% {tag} {first} %}}{one}{{% elsif {second} %}}{two}{{% else %}}{three}{{% end{tag} %}}"
        ),
        st.sampled_from(["if", "unless"]),
        CONDITIONS,
        inner,
        CONDITIONS,
        inner,
        inner,
    ),
    max_leaves=6,
)


@given(TEXTS)
@settings(max_examples=200, deadline=None)
def test_what_is_tested_is_there_whoever_reads_it(text: str) -> None:
    first, *rest = text.split("<")
    # Each read has a line of its own, and prints which: so it is known which of them came out empty.
    source = first + "".join(
        f"\n<{2 + 2 * number}:{part.replace('>', '>' + chr(10))}" for number, part in enumerate(rest)
    )
    template = parse_template(source, html=False)
    parts = {each.line: each.tested for each in template.asked() if each.line % 2 == 0}
    assert len(parts) == len(rest)
    for a, b in product((None, "", "1", "2"), repeat=2):
        person: dict[str, Json] = {name: value for name, value in (("a", a), ("b", b)) if value is not None}
        said = template.render({"person": person}, now=NOW)
        assert isinstance(said, str)
        for line, name in _empty(said, source):
            assert name in person or parts[int(line)] < 2, (source, person)


def _empty(said: str, source: str) -> list[tuple[str, str]]:
    """The lines of reads that came out empty, with whose they are."""
    names = dict(re.findall(r"<(\d+):\{\{ person\.(\w)", source))
    return [(line, names[line]) for line in re.findall(r"<(\d+):>", said)]
