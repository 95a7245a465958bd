"""Metrics of the service, for Prometheus."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Metrics:
    """Metrics of one service, in their own registry."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        self.requests = Counter(
            "protvox_requests_total",
            "Requests completed.",
            ("method", "route", "status"),
            registry=registry,
        )
        self.request_seconds = Histogram(
            "protvox_request_seconds",
            "Time to complete a request.",
            ("route",),
            buckets=_SECONDS,
            registry=registry,
        )
        self.read_seconds = Histogram(
            "protvox_read_seconds",
            "Time to read a structure.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.predict_seconds = Histogram(
            "protvox_predict_seconds",
            "Time to compute a prediction.",
            ("task",),
            buckets=_SECONDS,
            registry=registry,
        )
        self.batch_size = Histogram(
            "protvox_batch_size",
            "Requests sent to a model process together.",
            buckets=(1, 2, 4, 8, 16, 32, 64),
            registry=registry,
        )
        self.waiting = Gauge(
            "protvox_requests_waiting", "Requests waiting for a device.", registry=registry
        )
        self.computing = Gauge(
            "protvox_requests_computing", "Requests being computed.", registry=registry
        )
        self.admitted = Gauge(
            "protvox_requests_admitted", "Requests between arrival and response.", registry=registry
        )
        self.refused = Counter(
            "protvox_refused_total",
            "Requests refused because of load.",
            ("reason",),
            registry=registry,
        )
        self.restarts = Counter(
            "protvox_child_restarts_total",
            "Child processes restarted.",
            ("kind",),
            registry=registry,
        )
        self.jobs = Gauge(
            "protvox_jobs",
            "Jobs by state; identical jobs count once.",
            ("state",),
            registry=registry,
        )

    def text(self) -> bytes:
        """Return all metrics in the text format of Prometheus."""
        return generate_latest(self._registry)
