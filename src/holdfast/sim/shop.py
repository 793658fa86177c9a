"""The shop: what it sells, where, in which money. Everything in it is invented."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.kernel.money import minor_digits

SHOP_NAME = "Tidewrack & Co."
SHOP_URL = "https://tidewrack.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One thing on the shelf."""

    id: str
    name: str
    category: str
    price_eur: float
    """The price in euro; other currencies follow from it."""

    def price_in(self, currency: str) -> int:
        """The price in whole minor units of the currency, rounded to a price a shop would print."""
        return _shelf_price(self.price_eur * _PER_EUR[currency], minor_digits(currency))


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """A country the shop sells to."""

    country: str
    """ISO 3166-1."""
    locale: str
    timezone: str
    currency: str
    share: float
    """Its share of the customers; the shares of all markets add up to 1."""
    names: str
    """Which list of names people there bear."""


_PER_EUR = {
    "EUR": 1.0,
    "GBP": 0.86,
    "USD": 1.08,
    "CHF": 0.95,
    "SEK": 11.3,
    "PLN": 4.3,
    "TRY": 36.0,
    "JPY": 162.0,
    "ILS": 4.0,
    "INR": 91.0,
    "BRL": 5.9,
    "EGP": 52.0,
    "KRW": 1480.0,
}


def _shelf_price(amount: float, digits: int) -> int:
    if digits == 0:
        return max(10, round(amount / 10) * 10)
    whole = max(1, round(amount))
    # Small prices end in .90, large ones are whole: 12.90, 249.00.
    return whole * 100 - 10 if whole < 100 else whole * 100


_SHELVES: dict[str, tuple[tuple[str, float], ...]] = {
    "Coats": (
        ("Storm Shell", 189),
        ("Harbour Parka", 249),
        ("Quayside Anorak", 129),
        ("Fog Lantern Raincoat", 99),
        ("Wind Gap Vest", 79),
        ("Öresund Jacket", 159),
        ("Low Tide Poncho", 59),
        ("Breakwater Down Coat", 299),
    ),
    "Boots": (
        ("Mudflat Wellington", 65),
        ("Cliff Path Boot", 149),
        ("Shingle Trainer", 89),
        ("Deck Shoe “Pier 9”", 75),
        ("Ice Foot Grip", 24),
        ("Marsh Sandal", 49),
        ("Lighthouse Keeper Clog", 55),
    ),
    "Knitwear": (
        ("Fisherman’s Rib", 119),
        ("Gull Grey Cardigan", 99),
        ("Kelp Green Beanie 🧶", 25),
        ("Herring Stripe Jumper", 85),
        ("Salt Wash Scarf", 39),
        ("Netmaker Gloves", 29),
    ),
    "Camping": (
        ("Two Night Tent", 219),
        ("Driftwood Stove", 69),
        ("Dune Hammock", 54),
        ("Seven Degree Sleeping Bag", 139),
        ("Enamel Mug", 12),
        ("Tarpaulin 3 × 4 m", 45),
        ('Lantern "Low Moon"', 35),
        ("Folding Saw", 32),
    ),
    "Swim": (
        ("Cold Water Suit", 179),
        ("Tide Table Towel", 29),
        ("Rock Pool Goggles", 22),
        ("Open Water Buoy", 34),
        ("Surf Wax, Pack of 3", 9),
        ("Fins, Short", 48),
    ),
    "Kitchen": (
        ("Smoked Sea Salt", 8),
        ("Oyster Knife", 27),
        ("Seaweed Crisps, Box", 18),
        ("Copper Kettle", 95),
        ("Dock Coffee, 1 kg", 26),
        ("Jar of Sea Buckthorn Jam", 7),
        ("Cast Iron Pan", 64),
    ),
    "Books": (
        ("Knots for Every Day", 19),
        ("A Year of Tides", 24),
        ("Birds of the Estuary", 32),
        ("Maps of Small Islands", 45),
        ("Cooking with Kelp <2nd ed.>", 28),
    ),
    "Gifts": (
        ("Ship in a Bottle", 39),
        ("Postcards, Set of 12", 10),
        ("Gift Card", 50),
        ("Beach Glass Earrings", 42),
        ("Candle “Ålesund”", 21),
        ("Brass Compass", 58),
    ),
}

PRODUCTS: tuple[Product, ...] = tuple(
    Product(id=f"TW-{shelf_number}{number:02d}", name=name, category=category, price_eur=float(price))
    for shelf_number, (category, shelf) in enumerate(_SHELVES.items(), start=1)
    for number, (name, price) in enumerate(shelf, start=1)
)
CATEGORIES: tuple[str, ...] = tuple(_SHELVES)

MARKETS: tuple[Market, ...] = (
    Market(country="DE", locale="de-DE", timezone="Europe/Berlin", currency="EUR", share=0.24, names="german"),
    Market(country="FR", locale="fr-FR", timezone="Europe/Paris", currency="EUR", share=0.13, names="french"),
    Market(country="NL", locale="nl-NL", timezone="Europe/Amsterdam", currency="EUR", share=0.10, names="dutch"),
    Market(country="ES", locale="es-ES", timezone="Europe/Madrid", currency="EUR", share=0.10, names="spanish"),
    Market(country="IE", locale="en-IE", timezone="Europe/Dublin", currency="EUR", share=0.05, names="english"),
    Market(country="GR", locale="el-GR", timezone="Europe/Athens", currency="EUR", share=0.04, names="greek"),
    Market(country="GB", locale="en-GB", timezone="Europe/London", currency="GBP", share=0.09, names="english"),
    Market(country="US", locale="en-US", timezone="America/Chicago", currency="USD", share=0.05, names="english"),
    Market(country="CH", locale="de-CH", timezone="Europe/Zurich", currency="CHF", share=0.03, names="german"),
    Market(country="SE", locale="sv-SE", timezone="Europe/Stockholm", currency="SEK", share=0.03, names="swedish"),
    Market(country="PL", locale="pl-PL", timezone="Europe/Warsaw", currency="PLN", share=0.03, names="polish"),
    Market(country="TR", locale="tr-TR", timezone="Europe/Istanbul", currency="TRY", share=0.02, names="turkish"),
    Market(country="JP", locale="ja-JP", timezone="Asia/Tokyo", currency="JPY", share=0.02, names="japanese"),
    Market(country="IL", locale="he-IL", timezone="Asia/Jerusalem", currency="ILS", share=0.015, names="hebrew"),
    Market(country="IN", locale="hi-IN", timezone="Asia/Kolkata", currency="INR", share=0.02, names="hindi"),
    Market(country="BR", locale="pt-BR", timezone="America/Sao_Paulo", currency="BRL", share=0.015, names="portuguese"),
    Market(country="EG", locale="ar-EG", timezone="Africa/Cairo", currency="EGP", share=0.01, names="arabic"),
    Market(country="KR", locale="ko-KR", timezone="Asia/Seoul", currency="KRW", share=0.01, names="korean"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where visitors come from."""

    name: str
    medium: str
    campaign: str
    share: float


SOURCES: tuple[Source, ...] = (
    Source(name="", medium="", campaign="", share=0.46),
    Source(name="search", medium="organic", campaign="", share=0.21),
    Source(name="search", medium="cpc", campaign="autumn_coats", share=0.12),
    Source(name="photos", medium="social", campaign="kelp_diaries", share=0.09),
    Source(name="video", medium="social", campaign="island_days", share=0.05),
    Source(name="friend", medium="referral", campaign="bring_a_mate", share=0.07),
)
