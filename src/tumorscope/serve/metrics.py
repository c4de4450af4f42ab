"""Figures for Prometheus: of this process, and of all from the database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from tumorscope.serve.database.counters import read_counters
from tumorscope.serve.database.tables import READINGS, STUDIES
from tumorscope.serve.services import Services

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_COUNTERS = {
    "jobs": ("tumorscope_jobs", "Jobs by how they ended", "end"),
    "rejects": ("tumorscope_rejects", "Studies that failed, by code", "code"),
    "screenings": ("tumorscope_screenings", "Screenings by decision", "decision"),
    "screening_seconds": ("tumorscope_screening_seconds", "Seconds of screening", ""),
    "input_checks": ("tumorscope_input_checks", "Findings about inputs", "finding"),
    "tumor_probability": (
        "tumorscope_studies_by_probability",
        "Studies by upper edge of their tumor_probability",
        "up_to",
    ),
    "worker_deaths": ("tumorscope_worker_deaths", "Workers that died", "how"),
}


class RequestMetrics:
    """Requests of this process."""

    def __init__(self) -> None:
        """Start at zero."""
        self.registry = CollectorRegistry()
        self.seconds = Histogram(
            "tumorscope_request_seconds",
            "Time to answer, by route",
            ("method", "route"),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.answers = Counter(
            "tumorscope_requests",
            "Answers by route and status",
            ("method", "route", "status"),
            registry=self.registry,
        )

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer."""
        self.seconds.labels(method, route).observe(seconds)
        self.answers.labels(method, route, str(status)).inc()


class _Shared(Collector):
    """Figures that stand in the database, read once for each answer."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        """Yield all of them."""
        with self._services.database.read() as connection:
            depth = self._services.queue.depth(connection)
            counters = read_counters(connection)
            states: dict[str, int] = dict(
                connection.execute(
                    select(STUDIES.c.state, func.count()).group_by(STUDIES.c.state)
                ).all()
            )
            agreements: dict[str, int] = dict(
                connection.execute(
                    select(READINGS.c.agreement, func.count()).group_by(
                        READINGS.c.agreement
                    )
                ).all()
            )
        yield _gauge("tumorscope_queue_jobs", "Jobs by state", "state", depth.counts)
        yield _plain("tumorscope_queue_oldest_seconds", "Wait so far", depth.oldest_s)
        yield _gauge("tumorscope_studies", "Studies by state", "state", states)
        yield _gauge(
            "tumorscope_readings", "Readings by agreement", "agreement", agreements
        )
        free = self._services.storage.free_bytes()
        yield _plain("tumorscope_disk_free_bytes", "Free bytes", free)
        yield from _count_families(counters)
        build = GaugeMetricFamily(
            "tumorscope_build", "Version and model", labels=["version", "model"]
        )
        build.add_metric([version("tumorscope"), self._services.models.default.id], 1)
        yield build


def render_metrics(services: Services, requests: RequestMetrics) -> bytes:
    """Return all figures as text."""
    shared = CollectorRegistry()
    shared.register(_Shared(services))
    return generate_latest(requests.registry) + generate_latest(shared)


def _gauge(name: str, words: str, label: str, found: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(name, words, labels=[label])
    for key, value in found.items():
        family.add_metric([key], value)
    return family


def _plain(name: str, words: str, value: float) -> Metric:
    family = GaugeMetricFamily(name, words)
    family.add_metric([], value)
    return family


def _count_families(counters: dict[tuple[str, str], float]) -> Iterator[Metric]:
    for key, (name, words, label) in _COUNTERS.items():
        family = CounterMetricFamily(name, words, labels=[label] if label else [])
        for (counter, value_label), value in counters.items():
            if counter == key:
                family.add_metric([value_label] if label else [], value)
        yield family
