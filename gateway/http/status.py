"""`/api/v1/status/*`: what the gateway says about itself to clients of Prometheus."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

import falcon

from gateway.http import envelope
from gateway.http.parameters import MAX_TIME_MS, MIN_TIME_MS, Parameters
from gateway.storage.statistics import Overview

DEFAULT_LIMIT: Final = 10
"""How many of each list, as in Prometheus."""

MAX_LIMIT: Final = 10_000
"""More is no overview, and makes an answer of megabytes."""


class BuildInfo:
    """Which version runs. Clients expect all of these keys; what does not exist here is empty."""

    def __init__(self, version: str) -> None:
        self._data = envelope.success(
            {
                "version": version,
                "revision": "",
                "branch": "",
                "buildUser": "",
                "buildDate": "",
                "goVersion": "",
            }
        )

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        resp.content_type = envelope.MEDIA_TYPE
        resp.data = self._data

    on_head = on_get


class TsdbStatus:
    """What is in the store, and what of it is largest: Prometheus' keys, and ours beside them."""

    def __init__(self, take: Callable[[int], Overview]) -> None:
        self._take = take

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        limit = Parameters.of(req).positive("limit", DEFAULT_LIMIT, MAX_LIMIT)
        resp.content_type = envelope.MEDIA_TYPE
        resp.data = envelope.success(_content(self._take(limit)))

    on_head = on_get


class Settings:
    """The settings in use, as a file or as flags."""

    def __init__(self, take: Callable[[], Mapping[str, str]]) -> None:
        self._take = take

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        resp.content_type = envelope.MEDIA_TYPE
        resp.data = envelope.success(dict(self._take()))

    on_head = on_get


class RuntimeInfo:
    """How the process is doing; what is Go's own in Prometheus is empty or 0 here."""

    def __init__(self, take: Callable[[], Mapping[str, object]]) -> None:
        self._take = take

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        resp.content_type = envelope.MEDIA_TYPE
        resp.data = envelope.success(dict(self._take()))

    on_head = on_get


def runtime_info(
    *,
    started: datetime,
    now: datetime,
    directory: str,
    host: str,
    retention: str,
    threads: int,
    cores: int,
    reloaded: datetime,
    is_reloaded: bool,
) -> dict[str, object]:
    """Return Prometheus' keys; `reloaded` is when the settings in use were read."""
    return {
        "startTime": _rfc_3339(started),
        "CWD": directory,
        "hostname": host,
        "serverTime": _rfc_3339(now),
        "reloadConfigSuccess": is_reloaded,
        "lastConfigTime": _rfc_3339(reloaded),
        "corruptionCount": 0,
        "goroutineCount": threads,
        "GOMAXPROCS": cores,
        "GOMEMLIMIT": 0,
        "GOGC": "",
        "GODEBUG": "",
        "storageRetention": retention,
    }


def _rfc_3339(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")


def _content(found: Overview) -> dict[str, object]:
    series = found.cardinality
    return {
        "headStats": {
            "numSeries": series.series,
            "numLabelPairs": series.label_pairs,
            "chunkCount": found.blocks,
            "minTime": MAX_TIME_MS if found.min_time is None else found.min_time,
            "maxTime": MIN_TIME_MS if found.max_time is None else found.max_time,
        },
        "seriesCountByMetricName": _list(series.series_by_metric),
        "labelValueCountByLabelName": _list(series.values_by_name),
        "memoryInBytesByLabelName": _list(series.label_bytes),
        "seriesCountByLabelValuePair": _list(
            [(f"{name}={value}", count) for (name, value), count in series.series_by_pair]
        ),
        "bytesByMetricName": _list(found.bytes_by_metric),
        "store": {
            "series": series.series,
            "labelNames": series.label_names,
            "samples": found.samples,
            "bytes": found.used_bytes,
            "bytesPerSample": round(found.bytes_per_sample, 3),
            "headSamples": found.head_samples,
            "logBytes": found.log_bytes,
            "parts": found.parts,
            "partSamples": found.part_samples,
            "partBytes": found.part_bytes,
            "blocks": found.blocks,
            "tombstones": found.tombstones,
        },
    }


def _list(found: Sequence[tuple[str, int]]) -> list[dict[str, object]]:
    return [{"name": name, "value": value} for name, value in found]
