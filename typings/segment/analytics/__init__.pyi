"""The part of Segment's SDK the tests use; the package ships no types."""

from segment.analytics.client import Client as Client
