"""The limits of one request, each with its reason. Each is tested at n and at n + 1."""

from typing import Final

# Prometheus and VictoriaMetrics draw the same line; senders' bodies stay far below (2,000 samples: 0.5 MiB).
MAX_DECODED_BYTES: Final = 32 * 1024 * 1024

# Ten times what the 2.0 specification lets a sender put into a request; bounds the objects a body makes.
MAX_SERIES: Final = 100_000

# Two for each series, and the names; must stay below 2**21, three bytes of a varint.
MAX_SYMBOLS: Final = 1_000_000

# A request of full series would be split by any sender; bounds what a body of empty samples can make of us.
MAX_SAMPLES: Final = 1_000_000

# As many as series. Each becomes some objects, in 10 µs and 400 bytes, from as little as two bytes of a body.
MAX_HISTOGRAMS: Final = 100_000
MAX_EXEMPLARS: Final = 100_000

# Real series have 10 to 30 labels; a hundred is a runaway relabelling.
MAX_LABELS: Final = 128

# Prometheus itself takes 128 characters of labels.
MAX_EXEMPLAR_BYTES: Final = 16 * 1024

# Long enough for any name a person wrote, short enough to be printed in an error.
MAX_LABEL_NAME_BYTES: Final = 1024

# Long enough for a command line or a container image with its digest.
MAX_LABEL_VALUE_BYTES: Final = 16 * 1024

# A help text is a sentence or two.
MAX_HELP_BYTES: Final = 16 * 1024

# Prometheus' own default limit is 160; 16 times the finest exponential histogram of a second decade.
# Custom bounds are as many as buckets, or fewer.
MAX_BUCKETS: Final = 4096
