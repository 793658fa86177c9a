import gzip
import tracemalloc
from collections.abc import Iterator

import pytest
from starlette.types import Message

from holdfast.events.bad import OverLimit
from holdfast.events.segment_body import BODY_BYTES_MOST, body_over_limit
from holdfast.http.request_body import Gone, decompressed, read_body

_PEAK_BYTES_MOST = 8 * BODY_BYTES_MOST


@pytest.fixture
def peak() -> Iterator[None]:
    """Sees to it that the test never holds much more memory than a body may have."""
    tracemalloc.start()
    yield
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < _PEAK_BYTES_MOST


def test_a_body_that_would_grow_without_end_never_takes_the_memory(peak: None) -> None:
    bomb = gzip.compress(b" " * 20_000_000)
    tracemalloc.reset_peak()
    with pytest.raises(OverLimit):
        decompressed(bomb, {}, bytes_most=BODY_BYTES_MOST, too_large=body_over_limit)


async def test_what_is_read_past_the_limit_is_thrown_away(peak: None) -> None:
    async def receive() -> Message:
        return {"type": "http.request", "body": bytes(bytearray(64 * 1024)), "more_body": True}

    with pytest.raises(OverLimit):
        await read_body(receive, bytes_most=BODY_BYTES_MOST, too_large=body_over_limit)


async def test_a_client_that_leaves_is_told_nothing() -> None:
    for before in (0, 1):
        pieces = iter([{"type": "http.request", "body": b"{", "more_body": True}] * before)

        async def receive(pieces: Iterator[Message] = pieces) -> Message:
            return next(pieces, {"type": "http.disconnect"})

        with pytest.raises(Gone):
            await read_body(receive, bytes_most=10, too_large=body_over_limit)
