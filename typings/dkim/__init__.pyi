"""The part of dkimpy the tests use; the package ships no types."""

from collections.abc import Callable, Sequence

class DKIMException(Exception): ...
class MessageFormatError(DKIMException): ...
class ParameterError(DKIMException): ...
class ValidationError(DKIMException): ...

_LookUp = Callable[..., bytes | None]

class DKIM:
    domain: bytes
    selector: bytes
    def __init__(
        self,
        message: bytes | None = None,
        logger: object = None,
        signature_algorithm: bytes = b"rsa-sha256",
        minkey: int = 1024,
        linesep: bytes = b"\r\n",
        debug_content: bool = False,
        timeout: int = 5,
        tlsrpt: bool | str = False,
    ) -> None: ...
    def verify(self, idx: int = 0, dnsfunc: _LookUp = ...) -> bool: ...

def verify(
    message: bytes,
    logger: object = None,
    dnsfunc: _LookUp = ...,
    minkey: int = 1024,
    timeout: int = 5,
    tlsrpt: bool | str = False,
) -> bool: ...
def sign(
    message: bytes,
    selector: bytes,
    domain: bytes,
    privkey: bytes,
    identity: bytes | None = None,
    canonicalize: tuple[bytes, bytes] = (b"relaxed", b"simple"),
    signature_algorithm: bytes = b"rsa-sha256",
    include_headers: Sequence[bytes] | None = None,
    length: bool = False,
    logger: object = None,
    linesep: bytes = b"\r\n",
    tlsrpt: bool | str = False,
) -> bytes: ...
