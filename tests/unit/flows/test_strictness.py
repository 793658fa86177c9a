"""What content asks for is there, or it is neither saved nor published; what is still to come may be allowed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from holdfast.decisions.medium import medium_called
from holdfast.flows.content.strictness import KNOWN_MOST, Strictness
from holdfast.flows.content.templates import restore_saved, save_block, save_template
from holdfast.flows.journey.decision_drafts import DecisionDraft, draft_of
from holdfast.flows.journey.publishing import apply_decisions
from holdfast.kernel.errors import Exposed, Invalid
from holdfast.messages.content import parse_content
from holdfast.messages.liquid.linked_hosts import decode_hosts
from holdfast.messages.provided import PROVIDED, PROVIDED_SAVED, check_variables, unprovided_in
from holdfast.ports.catalogues import Catalogue
from holdfast.testing import MemoryState
from tests.unit.flows.test_advice import Known
from tests.unit.flows.test_templates import NOW, a_campaign, a_mail

SEEN = Known(**{"traits": ("first_name", "email"), "Order Completed": ("total", "plan")})
HOSTS = decode_hosts("api.shop.example", "linked_hosts")
STRICT = Strictness(discovery=SEEN, hosts=HOSTS)


async def a_shop() -> MemoryState:
    state = MemoryState()
    async with state.begin() as transaction:
        edition = await transaction.begin_edition("products", 1)
        await transaction.publish_catalogue(Catalogue(name="products", edition=edition, changed_ms=1))
        await transaction.add_coupons("WELCOME", ["A1"], 1)
    return state


def saying(html: str, trigger: Mapping[str, Any] | None = None) -> DecisionDraft:
    definition = a_campaign({"subject": "Hi", "html": html})
    return draft_of("campaign", {**definition, **({} if trigger is None else {"trigger": trigger})})


async def publish(state: MemoryState, draft: DecisionDraft, strictness: Strictness = STRICT, **more: bool) -> str:
    (done,) = await apply_decisions(state, [draft], now=NOW, whole=False, strictness=strictness, **more)
    return done.kind


async def nothing_is_published(state: MemoryState) -> bool:
    async with state.view() as view:
        return await view.decisions() == []


WRONG = [
    ("<p>\n{{ persn.name }}", "unknown_variable", "line 2: nothing provides 'persn.name'.", "Did you mean 'person'?"),
    ("{{ event.total }}", "unknown_variable", "nothing provides 'event.total'", "write event.properties.total."),
    ("{{ links.unsubscrib }}", "unknown_variable", "nothing provides", "Did you mean 'unsubscribe'?"),
    ("{{ workspace.zone }}", "unknown_variable", "nothing provides 'workspace.zone'.", "time_zone"),
    ("\n\n{{ person.frist_name }}", "unknown_trait", "line 3: nobody has a trait", "Did you mean 'first_name'?"),
    ("{% if person.zzz == 'a' %}x{% endif %}", "unknown_trait", "nobody has a trait 'zzz'.", "allow_unknown"),
    ("{% if person %}{{ person.zzz }}{% endif %}", "unknown_trait", "nobody has a trait 'zzz'.", "in an if"),
    ("{% if persn.zzz %}x{% endif %}", "unknown_variable", "nothing provides 'persn.zzz'.", "Did you mean 'person'?"),
    ("{% if person.zzz %}x{% else %}\n{{ person.zzz }}{% endif %}", "unknown_trait", "line 2: nobody has", "in an if"),
    (
        "{% recommend 'prodcts' as r %}",
        "unknown_catalogue",
        "line 1: there is no catalogue",
        "Did you mean 'products'?",
    ),
    ("\n{% catalogue 'x' id: 1 as r %}", "unknown_catalogue", "line 2: there is no", "holdfast catalogue import"),
    ("{% coupon 'WELCOM' as c %}", "unknown_pool", "there is no coupon pool 'WELCOM'.", "Did you mean 'WELCOME'?"),
    (
        "{% linked 'https://a.example/x' as c %}",
        "host_not_allowed",
        "'a.example' may not be called",
        "Add a.example to",
    ),
    ("{% linked 'nowhere' as c %}", "host_not_allowed", "may not be called.", "https://"),
]


@pytest.mark.parametrize(("html", "code", "message", "hint"), WRONG)
async def test_what_asks_for_what_is_not_there_is_refused(html: str, code: str, message: str, hint: str) -> None:
    state = await a_shop()
    with pytest.raises(Invalid) as published:
        await publish(state, saying(html))
    assert published.value.path == "$.send.template.html"
    with pytest.raises(Invalid) as tried:
        await publish(state, saying(html), dry_run=True)
    with pytest.raises(Invalid) as saved:
        await save_template(state, "mail", a_mail(html), now=NOW, strictness=STRICT)
    assert saved.value.path == "$.content.html"
    for refused in (published, tried, saved):
        assert refused.value.code == code
        assert message in refused.value.message
        assert hint in refused.value.hint
    assert await nothing_is_published(state)
    async with state.view() as view:
        assert await view.templates("template") == []


FINE = (
    "{{ persn.name | default: 'you' }}{{ event.total | round | default: 1 }}{{ person.nick | default: '' }}"
    "{{ event.properties.gone | default: 0 }}{{ person.user_id }}{{ person.first_name }}{{ person }}"
    "{% recommend 'products' as r %}{% coupon 'WELCOME' as c %}{% linked 'https://api.shop.example/' as l %}"
    "{% assign from = person.first_name %}{% catalogue from id: 1 as x %}{{ r[0].nothing }}{{ c }}{{ l.any }}{{ x.y }}"
)


async def test_what_is_there_and_what_has_a_default_is_fine() -> None:
    state = await a_shop()
    assert await publish(state, saying(FINE + "{{ event.properties.total }}")) == "new"
    await save_template(state, "mail", a_mail(FINE), now=NOW, strictness=STRICT)
    await save_block(state, "foot", {"name": "F", "html": FINE}, now=NOW, strictness=STRICT)


async def test_a_condition_that_asks_whether_it_is_there_is_as_good_as_a_default() -> None:
    state = await a_shop()
    guarded = (
        "{% if person.zzz %}{{ person.zzz.part }}{% endif %}"
        "{% unless person.yyy %}-{% else %}{{ person.yyy }}{% endunless %}"
        "{% if event.properties.zzz != nil %}{{ event.properties.zzz }}{% endif %}"
    )
    assert await publish(state, saying(guarded)) == "new"
    await save_template(state, "mail", a_mail(guarded), now=NOW, strictness=STRICT)
    with pytest.raises(Invalid) as refused:
        await publish(state, saying("{% if event.properties %}{{ event.properties.zzz }}{% endif %}"))
    assert refused.value.code == "unknown_property"


async def test_a_property_the_event_never_had() -> None:
    state = await a_shop()
    asks = saying("{{ event.properties.totl }}")
    with pytest.raises(Invalid) as refused:
        await publish(state, asks)
    assert (refused.value.code, refused.value.path) == ("unknown_property", "$.send.template.html")
    assert "no event 'Order Completed' ever had a property 'totl'." in refused.value.message
    assert "'total'" in refused.value.hint
    # For which event a template will be used is known when a journey names it.
    await save_template(state, "mail", a_mail("{{ event.properties.totl }}"), now=NOW, strictness=STRICT)
    # What a call or the change of a segment brings is nothing people did.
    for trigger in ({"type": "api"}, {"type": "trigger", "event": "Never Seen", "again": "once"}):
        assert await publish(state, saying("{{ event.properties.totl }}", trigger)) in ("new", "changed")


@pytest.mark.parametrize(
    "strictness",
    [
        Strictness(discovery=SEEN, allow_unknown=True),
        Strictness(discovery=Known()),
        Strictness(discovery=Known(traits=tuple(f"t{each}" for each in range(KNOWN_MOST)))),
        Strictness(),
    ],
    ids=["allowed", "nothing known yet", "too much is known", "nobody asks"],
)
async def test_a_trait_that_comes_tomorrow_is_no_obstacle(strictness: Strictness) -> None:
    state = await a_shop()
    html = "{{ person.tomorrow }}{{ event.properties.tomorrow }}{% linked 'https://b.example' as b %}"
    assert await publish(state, saying(html), strictness) == "new"
    await save_template(state, "mail", a_mail(html), now=NOW, strictness=strictness)
    with pytest.raises(Invalid, match="nothing provides"):
        await publish(state, saying("{{ persn.tomorrow }}"), strictness)
    with pytest.raises(Invalid, match="no coupon pool"):
        await publish(state, saying("{% coupon 'x' as c %}"), strictness)


async def test_what_was_published_is_left_alone_while_it_says_the_same() -> None:
    state = await a_shop()
    draft = saying("{{ person.tomorrow }}")
    await publish(state, draft, Strictness(discovery=SEEN, allow_unknown=True))
    assert await publish(state, draft) == "unchanged"
    with pytest.raises(Invalid):
        await publish(state, saying("{{ person.tomorrow }}!"))


async def test_what_a_step_asks_for_in_its_blocks_is_looked_at() -> None:
    state = await a_shop()
    await save_block(state, "card", {"name": "C", "html": "<p>{{ product.name }}</p>"}, now=NOW)
    loop = "{% recommend 'products' as r %}{% for product in r %}{% block 'card' %}{% endfor %}"
    assert await publish(state, saying(loop)) == "new"
    with pytest.raises(Invalid, match=r"nothing provides 'product.name'") as refused:
        await publish(state, saying("{% block 'card' %}"))
    assert refused.value.path == "$.send.template.html"


@pytest.mark.parametrize(
    ("html", "code"),
    [
        ("{{ event.total }}", "unknown_variable"),
        ("{{ person.frist_name }}", "unknown_trait"),
        ("{% coupon 'x' as c %}", "unknown_pool"),
        ("{% linked 'https://b.example' as b %}", "host_not_allowed"),
    ],
)
async def test_a_block_is_held_to_what_it_asks_for_itself(html: str, code: str) -> None:
    with pytest.raises(Exposed) as refused:
        await save_block(await a_shop(), "foot", {"name": "F", "html": html}, now=NOW, strictness=STRICT)
    assert (refused.value.code, refused.value.path) == (code, "$.html")


async def test_what_is_restored_is_held_to_the_hosts_and_not_asked_for_traits_again() -> None:
    state = await a_shop()
    allowed = Strictness(discovery=SEEN, allow_unknown=True)
    html = "{{ person.tomorrow }}{% linked 'https://b.example' as b %}"
    await save_template(state, "mail", a_mail(html), now=NOW, strictness=allowed)
    await save_template(state, "mail", a_mail(), now=NOW, strictness=allowed)
    with pytest.raises(Invalid, match=r"b\.example"):
        await restore_saved(state, "template", "mail", 1, now=NOW, hosts=HOSTS)
    back = await restore_saved(state, "template", "mail", 1, now=NOW, hosts=decode_hosts("b.example", "linked_hosts"))
    assert back.version == 3


def test_only_a_saved_template_knows_which_it_is() -> None:
    content = parse_content(medium_called("sms", "$"), {"text": "{{ template.version }}"})
    texts = list(content.templates())
    assert list(unprovided_in(texts, PROVIDED_SAVED)) == []
    with pytest.raises(Invalid, match=r"template\.version"):
        check_variables(texts, PROVIDED, path="$")


def test_the_path_leads_into_a_part() -> None:
    said = {"title": "x", "body": "y", "buttons": [{"label": "{{ labl }}", "url": "https://a.example"}]}
    texts = list(parse_content(medium_called("web_push", "$"), said).templates())
    with pytest.raises(Invalid) as refused:
        check_variables(texts, PROVIDED, path="$.send.template")
    assert refused.value.path == "$.send.template.buttons[0].label"
