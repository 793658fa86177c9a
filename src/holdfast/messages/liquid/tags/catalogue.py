"""`catalogue`: items looked up by their ids."""

from __future__ import annotations

from liquid import RenderContext

from holdfast.events.event import Json
from holdfast.messages.liquid.declared_liquid import DeclaredTag, Example
from holdfast.messages.liquid.needs import CatalogueItems
from holdfast.messages.liquid.tags._asking import Asking, AskingTag


class CatalogueNode(Asking):
    """One look-up: an item for `id`, a list for `ids`."""

    __slots__ = ()

    def need(self, context: RenderContext) -> CatalogueItems | None:
        """The items named; None when none is."""
        catalogue = self.called(context)
        ids = self.ids("id" if "id" in self.options else "ids", context)
        if "id" in self.options:
            ids = ids[:1]
        return CatalogueItems(catalogue=catalogue, ids=ids) if ids else None

    def meaning(self, value: Json) -> Json:
        """The item itself where one was asked for."""
        if "ids" in self.options:
            return value
        return value[0] if isinstance(value, list) and value else None


class CatalogueTag(AskingTag):
    """`{% catalogue "products" id: … as product %}`."""

    name = "catalogue"
    node_class = CatalogueNode
    options = frozenset({"id", "ids"})
    one_of = options


TAG = DeclaredTag(
    tag=CatalogueTag,
    form='{% catalogue "products" id: event.properties.sku as product %}',
    about="Looks items up in a catalogue. An item is an object with its `id` and its fields; one that is not there is "
    "null.",
    options=(
        ("id", "The id of one item. What is named is the item."),
        ("ids", "A list of ids, or of objects with an `id`. What is named is a list, in that order."),
    ),
    examples=(
        Example(
            source='{% catalogue "products" id: event.properties.sku as product %}{{ product.name }}',
            gives="Green tea",
        ),
        Example(
            source='{% catalogue "products" ids: person.seen as seen %}{{ seen | map: "name" | join: ", " }}',
            gives="Teapot, Green tea",
        ),
    ),
)
