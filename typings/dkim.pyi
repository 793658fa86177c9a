from collections.abc import Callable

class DKIMException(Exception): ...

class DKIM:
    def __init__(self, message: bytes) -> None: ...
    def verify(self, idx: int = 0, dnsfunc: Callable[..., bytes | None] = ...) -> bool: ...

def verify(message: bytes, *, dnsfunc: Callable[..., bytes | None] = ...) -> bool: ...
def sign(
    message: bytes,
    selector: bytes,
    domain: bytes,
    privkey: bytes,
    *,
    canonicalize: tuple[bytes, bytes] = ...,
    include_headers: list[bytes] | None = ...,
) -> bytes: ...
