"""Who is who against a model of a few lines: after any merges, logins and unmerges people are what links make."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from holdfast.events.event import IdentityKey
from holdfast.flows.people.identify import apply_claims, merge, unmerge
from holdfast.kernel.errors import Conflict
from holdfast.profiles.identity import Claim
from holdfast.testing import START
from tests.contracts.state_contract import anonymous, user
from tests.models.walks import OverStores, walks

NAMES = [*(user(name) for name in "abcd"), *(anonymous(name) for name in "xyz")]
PAIRS = st.lists(st.sampled_from(NAMES), min_size=2, max_size=2, unique=True)


class People(OverStores):
    """The model keeps the pairs that stand, each with the number of its link."""

    def __init__(self) -> None:
        super().__init__()
        self.standing: dict[int, frozenset[IdentityKey]] = {}
        self.undone: set[frozenset[IdentityKey]] = set()

    @initialize()
    def everybody(self) -> None:
        async def add() -> None:
            async with self.state.begin() as transaction:
                await transaction.add_identities(NAMES, 0)

        self.run(add())

    @rule(pair=PAIRS)
    def merge(self, pair: list[IdentityKey]) -> None:
        """Somebody says that two are one; who are one already stay so."""
        together = self._group(pair[0]) == self._group(pair[1])
        merging = merge(self.state, pair[0], pair[1], by="a test", now=START)
        if together:
            with pytest.raises(Conflict):
                self.run(merging)
        else:
            self.standing[self.run(merging).link.id] = frozenset(pair)

    @rule(pair=PAIRS)
    def unmerge(self, pair: list[IdentityKey]) -> None:
        """Every link between the two names goes, and nothing else does."""
        direct = {number for number, each in self.standing.items() if each == frozenset(pair)}
        parting = unmerge(self.state, (pair[0], pair[1]), by="a test", now=START)
        if not direct:
            with pytest.raises(Conflict):
                self.run(parting)
            return
        assert {each.id for each in self.run(parting).undone} == direct
        self.undone.add(frozenset(pair))
        for number in direct:
            del self.standing[number]

    @rule(who=st.sampled_from(NAMES[:4]), device=st.sampled_from(NAMES[4:]))
    def login(self, who: IdentityKey, device: IdentityKey) -> None:
        """Somebody is seen on a device: it is theirs, unless it is another user's, or somebody has parted the two."""
        pair = frozenset((who, device))
        others = {each for each in self._group(device) if each.kind == "user"}
        followed = pair not in self.undone and not others

        async def claim() -> list[int]:
            async with self.state.begin() as transaction:
                known = await transaction.identities(NAMES)
                said = Claim(kind="login", first=who, second=device)
                changed = await apply_claims(transaction, [(said, 0, "m")], known)
                return [each.id for each in changed.links]

        together = self._group(who) == self._group(device)
        links = self.run(claim())
        assert len(links) == (followed and not together)
        self.standing |= dict.fromkeys(links, pair)

    @invariant()
    def people_are_what_links_make(self) -> None:
        async def look() -> dict[IdentityKey, tuple[int, int]]:
            async with self.state.view() as view:
                return {key: (each.id, each.person) for key, each in (await view.identities(NAMES)).items()}

        known = self.run(look())
        for key in known:
            group = self._group(key)
            assert known[key][1] == min(known[each][0] for each in group), "a person goes by its oldest name"
            assert {each for each in known if known[each][1] == known[key][1]} == group

    def _group(self, key: IdentityKey) -> set[IdentityKey]:
        """Everybody who is joined with this one, by however many links."""
        group = {key}
        while more := {name for pair in self.standing.values() if pair & group for name in pair} - group:
            group |= more
        return group


class PeopleInSqlite(People):
    store = "sqlite"


TestPeopleInMemory = People.TestCase
TestPeopleInMemory.settings = walks(60, 30)
TestPeopleInSqlite = PeopleInSqlite.TestCase
TestPeopleInSqlite.settings = walks(8, 25)
