"""Which hosts templates may call."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from holdfast.kernel.errors import Invalid

HOSTS_MOST = 200
_HOST = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class LinkedHosts:
    """The hosts of a list: by their names, or all below a name."""

    exactly: frozenset[str]
    below: tuple[str, ...]

    def allow(self, url: str) -> bool:
        """Whether the address may be called: it is of the web, names nobody to be, and its host is in the list."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            return False
        # What comes before an @ has misled many a reader about which host is meant.
        if parts.scheme not in ("http", "https") or "@" in parts.netloc or "\\" in url or port == 0:
            return False
        return host in self.exactly or host.endswith(self.below)


def decode_hosts(text: str, path: str) -> LinkedHosts:
    """Hosts as a setting has them: `api.shop.example, *.cdn.example`; empty for none. Raises Invalid, with `path`."""
    names = [name for each in text.replace(",", " ").split() if (name := each.lower())]
    wrong = next((each for each in names if not _HOST.fullmatch(each) or len(each) > 255), None)
    if wrong is not None or len(names) > HOSTS_MOST:
        raise Invalid(
            f"{wrong!r:.100} is no host." if wrong else f"there are more than {HOSTS_MOST} hosts.",
            path=path,
            hint="Write hosts with commas between them, such as api.shop.example, *.cdn.example.",
        )
    return LinkedHosts(
        exactly=frozenset(each for each in names if not each.startswith("*.")),
        below=tuple(each[1:] for each in names if each.startswith("*.")),
    )
