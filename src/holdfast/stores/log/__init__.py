"""The log in segment files: append-only, group-committed, recovered after a crash."""

from holdfast.stores.log.segment_log import SegmentLog

__all__ = ["SegmentLog"]
