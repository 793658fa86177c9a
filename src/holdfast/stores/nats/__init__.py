"""The log in a JetStream stream of NATS: for several processes, on one server or on a cluster of three."""

from holdfast.stores.nats.nats_log import NatsLog

__all__ = ["NatsLog"]
