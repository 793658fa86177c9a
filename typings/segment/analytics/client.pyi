"""The part of Segment's SDK the tests use; the package ships no types."""

from collections.abc import Callable, Mapping
from datetime import datetime

_Answer = tuple[bool, dict[str, object]]

class Client:
    def __init__(
        self,
        write_key: str | None = None,
        host: str | None = None,
        debug: bool = False,
        max_queue_size: int = 10000,
        send: bool = True,
        on_error: Callable[[Exception, list[dict[str, object]]], object] | None = None,
        gzip: bool = False,
        max_retries: int = 10,
        sync_mode: bool = False,
        timeout: float = 15,
        proxies: Mapping[str, str] | None = None,
        thread: int = 1,
        upload_size: int = 100,
        upload_interval: float = 0.5,
    ) -> None: ...
    def track(
        self,
        user_id: str | None = None,
        event: str | None = None,
        properties: Mapping[str, object] | None = None,
        context: Mapping[str, object] | None = None,
        timestamp: datetime | None = None,
        anonymous_id: str | None = None,
        integrations: Mapping[str, object] | None = None,
        message_id: str | None = None,
    ) -> _Answer: ...
    def identify(
        self,
        user_id: str | None = None,
        traits: Mapping[str, object] | None = None,
        context: Mapping[str, object] | None = None,
        timestamp: datetime | None = None,
        anonymous_id: str | None = None,
        integrations: Mapping[str, object] | None = None,
        message_id: str | None = None,
    ) -> _Answer: ...
    def page(
        self,
        user_id: str | None = None,
        category: str | None = None,
        name: str | None = None,
        properties: Mapping[str, object] | None = None,
        context: Mapping[str, object] | None = None,
        timestamp: datetime | None = None,
        anonymous_id: str | None = None,
        integrations: Mapping[str, object] | None = None,
        message_id: str | None = None,
    ) -> _Answer: ...
    def screen(
        self,
        user_id: str | None = None,
        category: str | None = None,
        name: str | None = None,
        properties: Mapping[str, object] | None = None,
        context: Mapping[str, object] | None = None,
        timestamp: datetime | None = None,
        anonymous_id: str | None = None,
        integrations: Mapping[str, object] | None = None,
        message_id: str | None = None,
    ) -> _Answer: ...
    def group(
        self,
        user_id: str | None = None,
        group_id: str | None = None,
        traits: Mapping[str, object] | None = None,
        context: Mapping[str, object] | None = None,
        timestamp: datetime | None = None,
        anonymous_id: str | None = None,
        integrations: Mapping[str, object] | None = None,
        message_id: str | None = None,
    ) -> _Answer: ...
    def alias(
        self,
        previous_id: str | None = None,
        user_id: str | None = None,
        context: Mapping[str, object] | None = None,
        timestamp: datetime | None = None,
        integrations: Mapping[str, object] | None = None,
        message_id: str | None = None,
    ) -> _Answer: ...
    def flush(self) -> None: ...
    def join(self) -> None: ...
    def shutdown(self) -> None: ...
