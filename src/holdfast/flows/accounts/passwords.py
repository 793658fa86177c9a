"""Passwords: what they must be, and how they are kept, which is by Argon2id (RFC 9106)."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from holdfast.kernel.errors import Invalid

LEAST = 10
"""Letters: fewer are tried through by machines."""
MOST = 200
"""Letters: more than anybody remembers, and few enough that hashing them costs nothing more."""
DISTINCT_LEAST = 4
AT_ONCE = 2
"""Passwords hashed at a time, each in 64 MiB of memory; whoever comes after them waits."""

_T = TypeVar("_T")
_HASHER = PasswordHasher()  # RFC 9106, section 4: the second recommended option, with 64 MiB.
_THREADS: Final = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="holdfast-password")


def decode_password(said: str, path: str, *, email: str = "") -> str:
    """The password in the form it is hashed in. Raises Invalid for one that is soon guessed, or too long."""
    if len(said) > MOST:
        raise Invalid(f"the password is over {MOST} letters.", path=path, hint=f"Use {LEAST} to {MOST}.")
    plain = unicodedata.normalize("NFKC", said)
    if len(plain) < LEAST or len(set(plain)) < DISTINCT_LEAST:
        hint = f"Use {LEAST} letters or more, {DISTINCT_LEAST} of them different; a few words are easy to remember."
        raise Invalid("the password is soon guessed.", code="weak_password", path=path, hint=hint)
    if email and plain.casefold() in {email, email.partition("@")[0]}:
        raise Invalid("the password is the address.", code="weak_password", path=path, hint="Use one nobody can guess.")
    return plain


async def kept_password(password: str) -> str:
    """A password as it is kept."""
    plain = unicodedata.normalize("NFKC", password)
    return await _in_thread(lambda: _HASHER.hash(_bytes(plain)))


async def is_password(kept: str, said: str) -> bool:
    """Whether it is the password. It takes as long where none is kept, so that nothing is learnt from the time."""
    plain = unicodedata.normalize("NFKC", said) if len(said) <= MOST else ""
    same = await _in_thread(lambda: _same(kept or _of_nobody(), plain))
    return same and bool(kept) and bool(plain)


def is_outdated(kept: str) -> bool:
    """Whether it was hashed with less effort than passwords are now."""
    return _HASHER.check_needs_rehash(kept)


def _same(kept: str, said: str) -> bool:
    try:
        return _HASHER.verify(kept, _bytes(said))
    except (Argon2Error, InvalidHashError):
        return False


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


@lru_cache(maxsize=1)
def _of_nobody() -> str:
    return _HASHER.hash(b"nobody's")


async def _in_thread(work: Callable[[], _T]) -> _T:
    return await asyncio.get_running_loop().run_in_executor(_THREADS, work)
