"""`coupon`: a code that nobody else is given."""

from __future__ import annotations

from liquid import RenderContext

from holdfast.messages.liquid.declared_liquid import DeclaredTag, Example
from holdfast.messages.liquid.needs import Coupon
from holdfast.messages.liquid.tags._asking import Asking, AskingTag


class CouponNode(Asking):
    """One code."""

    __slots__ = ()

    def need(self, context: RenderContext) -> Coupon:
        """A code of the pool."""
        return Coupon(pool=self.called(context))


class CouponTag(AskingTag):
    """`{% coupon "WELCOME" as code %}`."""

    name = "coupon"
    node_class = CouponNode


TAG = DeclaredTag(
    tag=CouponTag,
    form='{% coupon "WELCOME" as code %}',
    about="Takes a code out of a pool. A message gets one code of a pool, however often it asks and is tried again, "
    "and nobody else ever gets the same. When the pool is empty the message is not sent, with that as the reason.",
    examples=(Example(source='{% coupon "WELCOME" as code %}Your code: {{ code }}', gives="Your code: TEA-7F3K"),),
)
