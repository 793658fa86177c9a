"""The one error tree.

HoldfastError
├── Exposed            the caller can fix it: stable `code`, `path`, `hint`
│   ├── Invalid        what was sent cannot be true            HTTP 400
│   ├── TooLarge       what was sent is over a limit           HTTP 413
│   ├── Unauthorized   no key, or a wrong one                  HTTP 401
│   ├── Forbidden      known, and may not                      HTTP 403
│   ├── NotFound       nothing by that name                    HTTP 404
│   ├── Conflict       it clashes with what is already there   HTTP 409
│   ├── TooMany        too often; try again later              HTTP 429
│   └── Busy           try again later                         HTTP 503
└── Internal           we must fix it
"""

from __future__ import annotations

from typing import Any, ClassVar


class HoldfastError(Exception):
    """The root of every error Holdfast raises on purpose."""


class Exposed(HoldfastError):
    """An error whose remedy lies with the caller.

    Args:
        message: one sentence saying what is wrong.
        code: a stable, machine-readable word for this complaint.
        path: where in the input it is, such as `$.of[0].within_days`; empty when it is the whole.
        hint: what to do instead.
    """

    status: ClassVar[int] = 400
    default_code: ClassVar[str] = "invalid"

    def __init__(self, message: str, *, code: str = "", path: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.path = path
        self.hint = hint

    def as_json(self) -> dict[str, Any]:
        """The complaint as every interface shows it."""
        return {"code": self.code, "message": self.message, "path": self.path, "hint": self.hint}

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        remedy = f" {self.hint}" if self.hint else ""
        return f"{where}{self.message}{remedy}"


class Invalid(Exposed):
    """What was sent cannot be true."""


class TooLarge(Exposed):
    """What was sent is over a stated limit."""

    status = 413
    default_code = "too_large"


class Unauthorized(Exposed):
    """No key was given, or a key nobody knows."""

    status = 401
    default_code = "unauthorized"


class Forbidden(Exposed):
    """The caller is known and may not do this.

    Args:
        needs: the permission it takes, where there is one.
    """

    status = 403
    default_code = "forbidden"

    def __init__(self, message: str, *, code: str = "", path: str = "", hint: str = "", needs: str = "") -> None:
        super().__init__(message, code=code, path=path, hint=hint)
        self.needs = needs

    def as_json(self) -> dict[str, Any]:
        """The complaint, with the permission it takes."""
        return {**super().as_json(), "needs": self.needs} if self.needs else super().as_json()


class NotFound(Exposed):
    """Nothing by that name exists."""

    status = 404
    default_code = "not_found"


class Conflict(Exposed):
    """It clashes with what is already there."""

    status = 409
    default_code = "conflict"


class TooMany(Exposed):
    """It was done too often of late.

    Args:
        retry_seconds: how long until it may be done again.
    """

    status = 429
    default_code = "too_many"

    def __init__(self, message: str, *, code: str = "", path: str = "", hint: str = "", retry_seconds: int = 1) -> None:
        super().__init__(message, code=code, path=path, hint=hint)
        self.retry_seconds = retry_seconds


class Busy(Exposed):
    """It cannot be done now; the same call may go through later."""

    status = 503
    default_code = "busy"


class Internal(HoldfastError):
    """A promise inside Holdfast was broken; the caller can do nothing about it."""
