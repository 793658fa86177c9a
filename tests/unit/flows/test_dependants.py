"""Who changes a block is told who would not hold up with it, and is refused unless that is allowed."""

from __future__ import annotations

from typing import Any

import pytest

from holdfast.flows.content.dependants import Breakage, Yardstick, broken_now
from holdfast.flows.content.saved_words import load_blocks
from holdfast.flows.content.strictness import Strictness, load_sources, look_around
from holdfast.flows.content.templates import restore_saved, save_block, save_template
from holdfast.flows.journey.decide import set_state
from holdfast.kernel.errors import Conflict
from holdfast.messages.liquid.template import SOURCE_CHARACTERS_MOST
from holdfast.testing import MemoryState
from tests.unit.flows.test_strictness import SEEN, STRICT
from tests.unit.flows.test_templates import NOW, a_mail, published

PUTS_IN = '{% block "foot" %}'


async def block(state: MemoryState, text: str, strictness: Strictness = STRICT, **said: Any) -> None:
    await save_block(state, "foot", {"name": "Foot", "html": text, **said}, now=NOW, strictness=strictness)


async def a_shop() -> MemoryState:
    state = MemoryState()
    async with state.begin() as transaction:
        await transaction.add_coupons("WELCOME", ["A1"], 1)
    await block(state, "Bye")
    return state


async def broken(state: MemoryState) -> list[Breakage]:
    async with state.view() as view:
        yardstick = Yardstick(sources=await load_sources(view, STRICT.hosts), seen=await look_around(STRICT))
        return await broken_now(view, "foot", yardstick)


async def test_a_template_that_would_not_hold_up_stops_the_block() -> None:
    state = await a_shop()
    await save_template(state, "mail", a_mail(f"{PUTS_IN}"), now=NOW, strictness=STRICT)
    # By itself a block may ask for what those who put it in give it.
    with pytest.raises(Conflict) as refused:
        await block(state, "{{ row.name }}")
    assert refused.value.code == "breaks_others"
    assert "The template 'mail'" in refused.value.message
    assert "$.content.html: line 1: nothing provides 'row.name'." in refused.value.message
    assert "allow_unknown" in refused.value.hint
    async with state.view() as view:
        assert (await load_blocks(view, ("foot",)))["foot"].html == "Bye", "nothing was changed"
    assert await broken(state) == []
    await block(state, "{{ row.name }}", Strictness(discovery=SEEN, allow_unknown=True))
    (told,) = await broken(state)
    assert (told.who, told.code, told.path) == ("the template 'mail'", "unknown_variable", "$.content.html")


async def test_who_gives_the_block_what_it_asks_for_holds_up() -> None:
    state = await a_shop()
    rows = "{% for row in event.properties.rows %}" + PUTS_IN + "{% endfor %}"
    await save_template(state, "mail", a_mail(rows), now=NOW, strictness=STRICT)
    await block(state, "{{ row.name }}")
    assert await broken(state) == []


async def test_a_template_counts_by_what_its_blocks_put_in() -> None:
    state = await a_shop()
    await save_block(state, "outer", {"name": "O", "html": f"<p>{PUTS_IN}</p>"}, now=NOW)
    await save_template(state, "mail", a_mail('{% block "outer" %}'), now=NOW, strictness=STRICT)
    with pytest.raises(Conflict, match="The template 'mail' would not hold up"):
        await block(state, "{{ row.name }}")


async def test_journeys_count_while_they_run_and_blocks_within_blocks_do() -> None:
    state = await a_shop()
    await save_block(state, "outer", {"name": "O", "html": f"<p>{PUTS_IN}</p>"}, now=NOW)
    await published(state, {"subject": "Hi", "html": '{% block "outer" %}'})
    with pytest.raises(Conflict, match="The campaign 'news' would not hold up"):
        await block(state, "{{ row.name }}")
    await set_state(state, "campaign", "news", "stop")
    await block(state, "{{ row.name }}")


async def test_what_did_not_hold_up_before_is_no_reason_to_refuse() -> None:
    state = await a_shop()
    allowing = Strictness(discovery=SEEN, allow_unknown=True)
    await save_template(state, "mail", a_mail("{{ person.tomorrow }}" + PUTS_IN), now=NOW, strictness=allowing)
    await block(state, "Ciao")
    (told,) = await broken(state)
    assert told.code == "unknown_trait"
    with pytest.raises(Conflict, match=r"nothing provides 'row\.name'"):
        await block(state, "{{ row.name }}")


async def test_what_would_be_too_long_in_a_template_is_found() -> None:
    state = await a_shop()
    await save_template(state, "mail", a_mail(PUTS_IN + PUTS_IN), now=NOW, strictness=STRICT)
    with pytest.raises(Conflict) as refused:
        await block(state, "x" * (SOURCE_CHARACTERS_MOST // 2 + 100))
    assert refused.value.code == "breaks_others"
    await block(state, "x" * (SOURCE_CHARACTERS_MOST // 2 - 100))


async def test_what_is_restored_is_not_refused_for_others() -> None:
    state = await a_shop()
    await block(state, "{{ row.name }}")
    await block(state, "Bye again")
    await save_template(state, "mail", a_mail(PUTS_IN), now=NOW, strictness=STRICT)
    await restore_saved(state, "block", "foot", 2, now=NOW)
    assert [each.who for each in await broken(state)] == ["the template 'mail'"]
