"""`recommend`: items worth showing to this person."""

from __future__ import annotations

from liquid import RenderContext

from holdfast.messages.liquid.declared_liquid import DeclaredTag, Example
from holdfast.messages.liquid.needs import Recommended
from holdfast.messages.liquid.tags._asking import Asking, AskingTag

COUNT_MOST = 50


class RecommendNode(Asking):
    """One list of items."""

    __slots__ = ()

    def need(self, context: RenderContext) -> Recommended | None:
        """The list; None when no item is asked for."""
        count = self.number("count", context, 3, COUNT_MOST)
        if not count:
            return None
        return Recommended(
            catalogue=self.called(context),
            ids=self.ids("from", context),
            without=self.ids("without", context),
            count=count,
        )


class RecommendTag(AskingTag):
    """`{% recommend "products" from: … count: 3 as picks %}`."""

    name = "recommend"
    node_class = RecommendNode
    options = frozenset({"from", "without", "count"})


TAG = DeclaredTag(
    tag=RecommendTag,
    form='{% recommend "products" from: person.recommended without: person.bought count: 3 as picks %}',
    about="Names a list of items worth showing: first those whose ids are given, as far as they are in the catalogue; "
    "then the catalogue's top items, by the field it is ranked by.",
    options=(
        ("from", "Ids in order, such as a trait that a model writes. None: the top items alone."),
        ("without", "Ids that are not to be shown."),
        ("count", f"How many at most, up to {COUNT_MOST}; 3 where it is not said."),
    ),
    examples=(
        Example(
            source='{% recommend "products" from: person.recommended without: person.seen count: 2 as picks %}'
            '{{ picks | map: "name" | join: ", " }}',
            gives="Honey, Cup",
        ),
    ),
)
