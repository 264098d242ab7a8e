"""One histogram or exemplar as bytes and back, for whoever keeps them: a message of the wire each."""

from remotewrite.decode.general import histogram_sample, parse
from remotewrite.decode.v1 import exemplar
from remotewrite.encode.samples import exemplar_message, histogram_message
from remotewrite.encode.v1 import LabelFields
from remotewrite.wire import shapes_pb2 as wire
from timeseries.exemplar import Exemplar
from timeseries.histogram import HistogramSample


def histogram_to_bytes(sample: HistogramSample) -> bytes:
    """Write a histogram, its time and its start time; raises Unencodable."""
    return histogram_message(sample.histogram, sample.time_ms, sample.start_ms)


def histogram_from_bytes(raw: bytes) -> HistogramSample:
    """Read what `histogram_to_bytes` wrote; raises MalformedRequest."""
    return histogram_sample(parse(wire.Histogram, raw))


def exemplar_to_bytes(one: Exemplar) -> bytes:
    """Write an exemplar with its labels; raises Unencodable."""
    return exemplar_message(one, LabelFields().fields)


def exemplar_from_bytes(raw: bytes) -> Exemplar:
    """Read what `exemplar_to_bytes` wrote; raises MalformedRequest."""
    return exemplar(raw)
