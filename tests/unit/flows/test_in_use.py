"""Nobody takes away unawares what words look up: fields, items, catalogues and pools."""

from __future__ import annotations

from typing import Any

import pytest

from holdfast.flows.content.catalogues import find_catalogue, remove_catalogue
from holdfast.flows.content.coupons import withdraw_codes
from holdfast.flows.content.templates import save_block, save_template
from holdfast.flows.journey.decide import set_state
from holdfast.kernel.errors import Conflict
from holdfast.messages.liquid.asked import LookedUp
from holdfast.messages.liquid.template import parse_template
from holdfast.testing import MemoryState
from tests.unit.flows.test_catalogues import bring, rows, shown
from tests.unit.flows.test_templates import NOW, a_mail, published

TEA = {"id": "t1", "name": "Tea", "price": 5, "sold": 3}
CUP = {"id": "c1", "name": "Cup", "price": 9, "sold": 1}
PICKS = '{% recommend "products" as picks %}'
SEEN = '{% catalogue "products" ids: person.seen as seen %}'
LOOKS_UP = '{% catalogue "products" id: event.properties.sku as p %}'


async def a_shop(*templates: str) -> MemoryState:
    """A catalogue of two items, and templates that say this, the first called t0."""
    state = MemoryState()
    await bring(state, rows(TEA, CUP), ranked_by="sold")
    for number, text in enumerate(templates):
        await save_template(state, f"t{number}", a_mail(text), now=NOW)
    return state


def without(field: str) -> list[dict[str, Any]]:
    return [{name: value for name, value in item.items() if name != field} for item in (TEA, CUP)]


@pytest.mark.parametrize(
    "text",
    [
        LOOKS_UP + "{{ p.price }}",
        LOOKS_UP + '{{ p["price"] | money: "EUR" }}',
        LOOKS_UP + "{% if p %}{{ p.price }}{% endif %}",
        LOOKS_UP + "{% if p.price > 3 %}dear{% endif %}",
        PICKS + "{% for each in picks %}{{ each.price }}{% endfor %}",
        PICKS + "{% for a in picks %}{% for b in picks %}{{ b.price }}{% endfor %}{% endfor %}",
        SEEN + "{{ seen[0].price }}",
        SEEN + "{{ seen.first.price }}",
        SEEN + '{{ seen | map: "price" | join: ", " }}',
        SEEN + '{% assign dear = seen | where: "price", 9 %}{{ dear.size }}',
    ],
)
async def test_a_field_that_words_ask_for_does_not_go_unsaid(text: str) -> None:
    state = await a_shop(text)
    with pytest.raises(Conflict, match="The template 't0' would not hold up with 'products'") as refused:
        await bring(state, rows(*without("price")))
    assert refused.value.code == "breaks_others"
    assert "$.content.html: line 1: there is no field 'price' any more." in refused.value.message
    assert "allow_unknown" in refused.value.hint
    assert (await shown(state))["t1"]["price"] == 5, "nothing was changed"
    await bring(state, rows(*without("name")))
    await bring(state, rows(*without("price")), allow_unknown=True)
    assert "price" not in (await shown(state))["t1"]


@pytest.mark.parametrize(
    "text",
    [
        LOOKS_UP + '{{ p.price | default: "?" }}',
        LOOKS_UP + "{% if p.price %}{{ p.price }}{% endif %}",
        LOOKS_UP + "{{ person.price }} {{ p.name }} {{ p.id }}",
        '{% catalogue "others" id: event.properties.sku as p %}{{ p.price }}',
        '{% catalogue event.properties.of id: "t1" as p %}{{ p.price }}',
        '{% recommend "products" as picks %}{{ picks.size }}',
    ],
)
async def test_what_is_done_without_or_is_of_others_may_go(text: str) -> None:
    state = await a_shop()
    other = state.begin()
    async with other as transaction:
        edition = await transaction.begin_edition("others", 1)
        found = await find_catalogue(state, "products")
        assert found is not None
        await transaction.publish_catalogue(type(found)(name="others", edition=edition, changed_ms=1))
    await save_template(state, "t0", a_mail(text), now=NOW)
    await bring(state, rows(*without("price")))


async def test_an_item_that_words_name_does_not_go_unsaid() -> None:
    one = '{% catalogue "products" id: "t1" as p %}'
    state = await a_shop(one + "{{ p.name }}", one + "{% if p %}{{ p.name }}{% endif %}")
    await bring(state, rows(TEA))
    with pytest.raises(Conflict, match="there is no item 't1' any more") as refused:
        await bring(state, rows(CUP))
    assert "So would" not in refused.value.message, "the other does without it"
    await bring(state, rows(CUP), mode="update")
    await bring(state, rows(CUP), allow_unknown=True)
    await bring(state, rows(CUP | {"price": 10})), "what was gone before is no reason to refuse"


async def test_top_items_that_would_go_by_nothing_are_told_of() -> None:
    state = await a_shop('{% recommend "products" as picks %}{{ picks.size }}')
    with pytest.raises(Conflict, match="its top items went by 'sold', and go by nothing now"):
        await bring(state, rows(*without("sold")))
    await bring(state, rows(*without("sold")), ranked_by="price")


async def test_more_than_one_are_counted_and_blocks_and_campaigns_count() -> None:
    state = await a_shop()
    await save_block(state, "item", {"name": "Item", "html": LOOKS_UP + "{{ p.price }}"}, now=NOW)
    await save_template(state, "mail", a_mail('{% block "item" %}'), now=NOW)
    await published(state, {"subject": "Hi", "html": LOOKS_UP + "{{ p.price }}"})
    with pytest.raises(Conflict, match=r"The template 'mail' would not hold up.*So would 1 more"):
        await bring(state, rows(*without("price")))
    await set_state(state, "campaign", "news", "stop")
    with pytest.raises(Conflict) as refused:
        await bring(state, rows(*without("price")))
    assert "more." not in refused.value.message.removesuffix("any more.")


async def test_a_catalogue_that_words_look_up_is_not_deleted_unsaid() -> None:
    state = await a_shop('{% recommend "products" as picks %}', LOOKS_UP)
    with pytest.raises(Conflict, match=r"^The template 't0', the template 't1' take something of the catalogue") as no:
        await remove_catalogue(state, "products")
    assert no.value.code == "in_use"
    assert await find_catalogue(state, "products") is not None
    await remove_catalogue(state, "products", allow_unknown=True)
    assert await find_catalogue(state, "products") is None


async def test_a_pool_that_words_hand_out_is_not_deleted_unsaid() -> None:
    state = MemoryState()
    async with state.begin() as transaction:
        await transaction.add_coupons("WELCOME", ["A1"], 1)
        await transaction.add_coupons("OTHER", ["B1"], 1)
    await save_template(state, "mail", a_mail('{% coupon "WELCOME" as c %}{{ c }}'), now=NOW)
    with pytest.raises(Conflict, match="The template 'mail' takes something of the coupon pool 'WELCOME'"):
        await withdraw_codes(state, "WELCOME")
    assert await withdraw_codes(state, "OTHER") == 1
    assert await withdraw_codes(state, "WELCOME", allow_unknown=True) == 1


def test_what_is_taken_is_told_with_its_line() -> None:
    text = '{% catalogue "a" id: "x" as p %}\n{{ p.one }}\n{% catalogue "b" id: 7 as q %}{{ q.two }}{{ p.two }}'
    assert parse_template(text, html=False).looked_up() == [
        LookedUp(catalogue="a", fields={"one": 2, "two": 3}, items={"x": 1}, ranked=False),
        LookedUp(catalogue="b", fields={"two": 3}, items={}, ranked=False),
    ]
