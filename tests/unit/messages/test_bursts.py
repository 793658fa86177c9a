"""Who opens and clicks: by the request, by where it comes from, and by what else happens around it."""

from __future__ import annotations

from itertools import permutations

import pytest

from holdfast.messages.heard.agent import Agent, agent_of, read_networks
from holdfast.messages.heard.bursts import EARLY_MS, TOGETHER_MS, TRAP_MS, Deed, Hit, judged, recent

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


def hit(at_ms: int, url: str = "https://a.example", deed: Deed = "clicked", agent: Agent = "human") -> Hit:
    return Hit(deed=deed, at_ms=at_ms, agent=agent, url=url)


def verdicts(*hits: Hit, sent_ms: int | None = None) -> list[Agent]:
    return [judged(each, hits, sent_ms=sent_ms) for each in hits]


def test_one_link_at_a_time_is_a_person() -> None:
    assert verdicts(hit(0), hit(TOGETHER_MS + 1, "https://b.example")) == ["human", "human"]
    assert verdicts(hit(0), hit(10)) == ["human", "human"], "a double click on one link"


def test_two_links_in_a_moment_are_a_machine() -> None:
    assert verdicts(hit(0), hit(TOGETHER_MS, "https://b.example")) == ["machine", "machine"]
    assert verdicts(hit(0), hit(1_000, "https://b.example")) == ["machine", "machine"], "a scanner takes its time, too"
    assert verdicts(hit(0), hit(6_000, "https://b.example")) == ["human", "human"], "but not so much"
    opened = hit(0, "", "opened")
    assert verdicts(opened, hit(10)) == ["human", "human"], "who clicks has opened"


def test_who_follows_what_nobody_sees_is_a_machine_with_all_it_did_around_it() -> None:
    trapped = hit(TRAP_MS, "", "trapped")
    around = [hit(0), trapped, hit(2 * TRAP_MS), hit(2 * TRAP_MS + 1), hit(TRAP_MS + 5, "", "opened")]
    assert verdicts(*around) == ["machine", "machine", "machine", "human", "machine"]


def test_a_click_at_once_may_be_anybodys() -> None:
    assert verdicts(hit(EARLY_MS - 1), sent_ms=0) == ["unknown"]
    assert verdicts(hit(EARLY_MS), sent_ms=0) == ["human"]
    assert verdicts(hit(1, agent="machine"), sent_ms=0) == ["machine"]
    assert verdicts(hit(1, "", "opened"), sent_ms=0) == ["human"]


def test_the_order_of_hits_does_not_matter() -> None:
    hits = (hit(0), hit(100, "https://b.example"), hit(90_000, "", "trapped"), hit(100_000))
    said = {each: judged(each, hits, sent_ms=None) for each in hits}
    for order in permutations(hits):
        assert {each: judged(each, order, sent_ms=None) for each in order} == said


def test_what_is_long_ago_bears_on_nothing() -> None:
    assert recent([hit(0), hit(1)], TRAP_MS + 1) == (hit(1),)


@pytest.mark.parametrize(
    ("address", "opening", "agent"),
    [
        ("17.58.0.1", True, "machine"),
        ("17.58.0.1", False, "human"),
        ("::ffff:17.58.0.1", True, "machine"),
        ("192.0.2.7", False, "machine"),
        ("2001:db8::7", True, "machine"),
        ("198.51.100.1", True, "human"),
        ("not an address", True, "human"),
        ("", True, "human"),
    ],
)
def test_where_it_comes_from(address: str, opening: bool, agent: Agent) -> None:
    networks = read_networks("192.0.2.0/24 2001:db8::/32")
    assert agent_of(FIREFOX, address=address, machines=networks, opening=opening) == agent


def test_what_is_no_network_is_refused() -> None:
    with pytest.raises(ValueError, match=r"192\.0\.2\.1/24"):
        read_networks("192.0.2.1/24")
