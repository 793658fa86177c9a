"""Names people bear, by language. Put together by chance; nobody is meant."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class NameList:
    """Given and family names of one language."""

    given: tuple[str, ...]
    family: tuple[str, ...]
    family_first: bool = False


def _list(given: str, family: str, *, family_first: bool = False) -> NameList:
    return NameList(given=tuple(given.split()), family=tuple(family.split()), family_first=family_first)


NAMES: dict[str, NameList] = {
    "german": _list(
        "Anna Jörg Käthe Björn Günther Änne Lukas Mia Jürgen Sophie Emil Lotte Matthias Frieda Uwe Heike Tobias Ronja",
        "Seefeldt Großkreutz Möwenthal Deichmann Straußberg Küstner Weißhaupt Hafenbrink Ahrenkiel Tönjes Wattfeld "
        "Moorlander Brandungsfels Sandbüchler Äpfelbach Nordermann",
    ),
    "french": _list(
        "Élodie Noël Maëlle François Zoé Théo Inès Gaël Hélène Loïc Océane Rémi Aurélie Anaïs Côme Mathis",
        "Rivageon D’Écume Dunesart Maréchal-Brise Lhérison Falaiseau Portevin Goélandier Grandvague Sablière Écluseau "
        "Embrunel",
    ),
    "dutch": _list(
        "Sanne Daan Fleur Bram Lieke Sem Noor Jesse Femke Thijs Maud Ruben Roos Gijs Anouk",
        "Duinkerker Zeewolde Meeuwis Wadlopen Schelpen Dijkgraafsma Golfbreker Haringman Zandstroom Eb-en-Vloed "
        "Kustenaar",
    ),
    "spanish": _list(
        "Lucía Íñigo Begoña Martín Nuria Álvaro Irene Iván Carmen Óscar Leire Hugo Ainhoa Rubén",
        "Olazábal Marejada Peñaverde Salinero Costalegre Arrecifez Núñez-Brisa Faroleño Mareas Caracolero Bahíaluz",
    ),
    "english": _list(
        "Aoife Callum Isla Rory Niamh Ewan Maisie Seán Poppy Finlay Saoirse Owen Martha Hamish Edith Ned",
        "Shoreditchley O’Wrack Saltmarsh Cobblehaven MacTide Fenwharf Limpetson Grebe Ropewalker Dunlinford Pebbleton "
        "Quayle-Surf",
    ),
    "greek": _list(
        "Ελένη Γιώργος Κατερίνα Νίκος Δήμητρα Στέλιος Άννα Μάριος Ίρις Πέτρος",
        "Θαλασσινός Κυματάκης Αμμουδιώτης Βραχάκη Αλμυρίδης Ακρογιάλης Φυκιάδη",
    ),
    "swedish": _list(
        "Åsa Örjan Linnéa Nils Maja Elsa Göran Tove Axel Signe Malin",
        "Skärgårdh Tångström Klippvall Havsöga Strandlöv Sjöbris Ålgren",
    ),
    "polish": _list(
        "Łukasz Agnieszka Zbigniew Małgorzata Żaneta Paweł Kasia Jędrzej Ola Wojciech",
        "Bałtycki Wydmowska Mewiński Żeglarz Falochron Piaskowski Przypływ Śledzińska",
    ),
    "turkish": _list(
        "İpek Çağla Işıl Ömer Gülşen Barış Şirin Doğa İsmail Ceren",
        "Denizöz Kıyıoğlu Martıcı Dalgakıran Yosunlu Çakıltaş İskeleli",
    ),
    "japanese": _list(
        "陽菜 翔太 美咲 健一 さくら 大和 結衣 直樹 葵 悠人",
        "海野浜 磯辺田 波多江 潮田川 汐見坂 渚沢 貝塚山",
        family_first=True,
    ),
    "hebrew": _list("נועה איתי תמר יונתן שירה עומר מאיה אורי יעל", "חופי גלים מלחי־ים אצתי צדפון שחפי"),
    "hindi": _list("आरव प्रिया रोहन अनन्या कबीर मीरा ईशान दिया", "समुद्रवाल लहरिया तटवर्ती शंखधर रेतकर"),
    "portuguese": _list(
        "João Conceição Thaís Antônio Luíza Gustavo Iara Caíque Flávia Zeca",
        "Maresia Ondãozinho Restingueiro Conchal Falésio Jangadeiro Praiano",
    ),
    "arabic": _list("ليلى يوسف مريم كريم سلمى عمر نور هالة طارق", "البحيري الشاطئ الموجي الصدفي المرساة النورسي"),
    "korean": _list("서연 민준 지우 하은 도윤 수아 준서 예린", "바다김 물결이 갯벌박 등대최 조개윤", family_first=True),
}

FLOURISHES: tuple[str, ...] = ("🌊", "🐚✨", "👩‍🚀", "🏳️‍🌈", "(she/her)", "٭", "x'); --", "{{ person }}", "<b>VIP</b>")
"""What some people put behind their names; each has broken some system."""

LONGEST = (
    "Wilhelmina-Adelgunde Freifrau von und zu der Hinterdeichsheide-Vordermoorländer auf Sandbank und Klein-Schlickau, "
    "geborene Brandungsfels-Möwenthal"
)


def mail_word(name: str) -> str:
    """The name as it could stand in a mail address: lower case ASCII letters; empty for other scripts."""
    flat = unicodedata.normalize("NFKD", name.replace("ß", "ss").replace("ı", "i").replace("ł", "l").replace("Ł", "l"))
    return "".join(letter for letter in flat.lower() if "a" <= letter <= "z")
