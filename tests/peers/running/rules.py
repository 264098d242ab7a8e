"""Generated rule files: alerts with templates, recorded series that others read, rules that fail.

Knows no server. No window has a sample at its left border, which Prometheus 2 takes and Prometheus 3 does
not; what an average or a rate comes to is shown rounded, because the last digits differ between versions.
"""

import random
import re
from collections.abc import Sequence
from typing import Any, Final

from tests.alertrules.templates.corpus import good

Rule = dict[str, Any]

WINDOWS_MS: Final = (2500, 3300, 4700)
"""Ranges over data and over what rules record, which is there each second."""

_FOR: Final = ("0s", "0s", "1s", "1500ms", "2s", "3s", "5s", "1m")
_LETTER: Final = re.compile(r"\b[GRTW]\b")

_EXACT: Final = (
    "load > T",
    "load < T",
    "load > bool T",
    "load != load",
    "-load",
    "flap == 1",
    "flap",
    "gone",
    "gone > T",
    "odd",
    "odd > 0",
    "old",
    "bytes",
    "stamp",
    "up",
    "absent(gone{h='a'})",
    "absent(nothing{h='a',job=~'x|y'})",
    "absent_over_time(flap{h='c',job='db'}[W])",
    "max by (h) (load) > T",
    "count by (job) (load > T)",
    "count(load > T) or vector(0)",
    "sum without (h) (flap) >= 1",
    "group by (job) (gone)",
    "min(load) by (nothing)",
    "load * on (h) group_left (rack) info > T",
    "info * on (h) group_right () load",
    "flap and on (h) (load > T)",
    "gone unless on (h, job) flap == 1",
    "load > T or gone",
    "changes(flap[W]) > 1",
    "resets(hits_total[W])",
    "max_over_time(load[W]) > T",
    "last_over_time(gone[W])",
    "count_over_time(flap[W])",
    "hits_total - hits_total offset 3s",
    "topk(2, load)",
    "bottomk by (job) (1, load)",
    "count_values('v', flap)",
    "label_replace(load > T, 'short', '$1', 'h', '([a-z]).*')",
    "label_join(gone, 'both', '-', 'h', 'job')",
    "sgn(load - T)",
    "clamp(load, 10, T)",
    "round(load, 5)",
    "vector(time()) % 5 > 2",
    "time()",
    "scalar(load{h='a'})",
    "timestamp(gone)",
    "vector(1)",
    "vector(NaN)",
    "{h='a',__name__=~'load|gone'}",
    "day_of_week() >= 0",
    "max_over_time((load > T)[W:1s])",
    # What rules before it made, now or some time ago.
    "ALERTS{g='G'}",
    "ALERTS{g='G',alertstate='firing'} offset 1s",
    "count by (alertstate) (ALERTS{g='G'})",
    "count by (alertname) (ALERTS offset 2s)",
    "ALERTS_FOR_STATE{g='G'} > 0",
    "max_over_time(ALERTS{g='G',alertstate='pending'}[2500ms])",
    "G:R",
    "G:R > T",
    "sum by (h) (G:R)",
    "G:R offset 1s",
    "count_over_time(G:R[2500ms])",
    "absent(G:R)",
    "{__name__=~'G:.*'}",
)
_ROUNDED: Final = (
    "rate(hits_total[W])",
    "sum by (code) (irate(hits_total[W]))",
    "increase(hits_total{code='500'}[W]) > 5",
    "avg by (job) (load)",
    "avg_over_time(load[W]) > T",
    "quantile(0.9, load)",
    "stddev(load)",
    "deriv(load[W])",
    "predict_linear(load[W], 60) > T",
    "load / 3",
)
_FAILING: Final = (
    "info * on (h) twin",
    "load * on (h) twin",
    "load / on (job) load",
    "load * on (h) group_left () twin",
    "label_replace(load, 'h', 'one', '', '')",
    "label_replace(load, 'x', 'one', 'h', '(')",
    "info * on (rack) group_right (h) load",
)

_ANY_VALUE: Final = (
    "no template",
    "",
    "{{ $labels.h }} in {{ $labels.job }} and {{ $labels.nothing }}",
    '{{ printf "%.7f|%14.7f|%+.7f" $value $value $value }}',
    "{{ if gt $value 50.1 }}high{{ else if lt $value 0.0 }}below{{ else }}low{{ end }}",
    '{{ range query "load" }}{{ .Labels.h }}={{ .Value }} {{ end }}',
    '{{ range query "gone" | sortByLabel "h" }}{{ .Labels }}={{ . | value }};{{ else }}nothing{{ end }}',
    '{{ range $i, $e := query "sort_desc(load)" }}{{ if $i }}, {{ end }}{{ $e | label "h" }}{{ end }}',
    "{{ with query (printf \"load{h='%s'}\" $labels.h) }}{{ . | first | value }}{{ else }}none{{ end }}",
    "{{ query \"gone{h='a'}\" | first | value }}",
    '{{ with query "count(flap == 1)" }}{{ (index . 0).Value }} of {{ query "flap" | len }}{{ end }}',
    '{{ query "load{" | len }}',
    '{{ query "load * on (h) twin" | len }}',
    '{{ query "up[5m]" | len }}',
    '{{ query "time()" | first | value }}',
    "{{ query \"ALERTS{g='G'}\" | len }}/{{ query \"ALERTS{g='G'} offset 1s\" | len }}",
    '{{ range query "G:R" | sortByLabel "h" }}{{ .Labels.h }} {{ .Value | humanize }},{{ end }}',
    "{{ with query \"count({__name__=~'G:.*'})\" }}{{ . | first | value }}{{ end }}",
    "{{ $externalLabels.site }} {{ .ExternalLabels }} {{ externalURL }} {{ pathPrefix }} {{ $externalURL }}",
    "{{ $labels.h | toUpper }} {{ title $labels.job }} {{ stripPort $labels.h }} {{ stripDomain $labels.h }}",
    '{{ reReplaceAll "(.)[a-z]+" "<$1>" $labels.h }} {{ match "^a" $labels.h }}',
    '{{ graphLink "load > 5" }} {{ tableLink $labels.h }}',
    '{{ define "t" }}<{{ .arg0 }} {{ .arg1 | printf "%.7f" }}>{{ end }}{{ template "t" (args "x" $value) }}',
    "{{ range $name, $text := $labels }}{{ $name }}={{ $text }} {{ end }}",
    "{{ $labels.h.x }}",
    '{{ template "missing" }}',
    '{{ $labels | len }}\n  second line: {{- " joined" }}',
    '{{ parseDuration "1h30m" | humanizeDuration }} ü {{ "\\u00e9" | toUpper }}',
)
_ITS_VALUE: Final = (
    "{{ humanizePercentage $value }}",
    "{{ $value | humanize }}|{{ humanize1024 $value }}",
    "{{ $value }} {{ .Value }}",
    "{{ humanizeDuration $value }}",
    "{{ humanizeTimestamp $value }}",
    "{{ $value | toTime }}",
    '{{ printf "%v %e %g %d %s" $value $value $value $value $value }}',
    "{{ print $labels.h $value }}",
    *good(),
)
_LABELS: Final[Sequence[dict[str, str]]] = (
    {},
    {"severity": "page"},
    {"level": "{{ if gt $value 50.1 }}high{{ else }}low{{ end }}"},
    {"empty": "{{ $labels.nothing }}"},
    {"h": ""},
    {"h": "same"},
    {"failing": '{{ query "nope" | first | value }}'},
    {"rack": '{{ with query (printf "info{h=\'%s\'}" $labels.h) }}{{ . | first | label "rack" }}{{ end }}'},
    {"alertname": "another", "who": "{{ $labels.job }}-{{ $labels.h }}"},
    {"rounded": '{{ printf "%.7f" $value }}'},
)


class Maker:
    """Makes the rules of one group, and changes them.

    No two rules take turns with one series, and `for` becomes no longer: there we do what docs/rules.md says.
    """

    def __init__(self, chance: random.Random, group: str, count: int) -> None:
        self._chance, self._group = chance, group
        self._made = 0
        self._limit = chance.choice([0, 0, 0, 3])
        self.rules = [self._rule() for _ in range(count)]

    def named(self, edition: int, *, empty: bool = False) -> dict[str, Any]:
        """The group as it stands in a file. The first rule records when it ran, the last that it ended."""
        labels = {"g": self._group, "edition": str(edition)}
        clock = {"record": "clock", "expr": "vector(time())", "labels": labels}
        rules = [] if empty else [*self._twice(), *self.rules]
        rules = [clock, *rules, {**clock, "record": "done"}]
        return {"name": self._group, "interval": "1s", "limit": self._limit, "rules": rules}

    def change(self) -> None:
        """Drop some rules, change some, add some, and move some."""
        chance = self._chance
        kept = []
        for rule in self.rules:
            draw = chance.random()
            if draw < 0.1:
                continue
            new = dict(rule)
            if "alert" in rule and draw < 0.3:
                place = chance.randrange(_FOR.index(rule["for"]) + 1)
                new["for"] = _FOR[place]
            elif "alert" in rule and draw < 0.4:
                new["annotations"] = self._annotations(exact=False)
            elif draw < 0.5:
                new["expr"] = self._filled(chance.choice(_EXACT))
            kept.append(new)
        kept += [self._rule() for _ in range(4)]
        for _ in range(3):
            kept.insert(chance.randrange(len(kept)), kept.pop(chance.randrange(len(kept))))
        self.rules = kept

    def _twice(self) -> list[Rule]:
        """Rules that make the same series, with the same and with other values."""
        same = {"alert": "Twice", "expr": "info == 1", "labels": {"g": self._group}}
        return [
            *(
                {"record": f"{self._group}:r_twice", "expr": expr}
                for expr in ("info", "info * 2", "info / 1")
            ),
            *({**same, "for": hold} for hold in ("0s", "2s")),
        ]

    def _rule(self) -> Rule:
        chance = self._chance
        draw = chance.random()
        exact = draw < 0.75
        kind = _EXACT if exact else _ROUNDED if draw < 0.9 else _FAILING
        expr = self._filled(chance.choice(kind))
        self._made += 1
        if chance.random() < 0.3:
            labels = chance.choice([{}, {}, {"kind": "made"}, {"h": ""}, {"h": "same"}])
            return {"record": f"{self._group}:r{self._made}", "expr": expr, "labels": labels}
        labels = {name: self._filled(text) for name, text in chance.choice(_LABELS).items()}
        if chance.random() < 0.1:
            name, labels["number"] = "Shared", str(self._made)
        else:
            name = f"Alert{self._made}"
        return {
            "alert": name,
            "expr": expr,
            "for": chance.choice(_FOR),
            "labels": {"g": self._group, **labels},
            "annotations": self._annotations(exact=exact),
        }

    def _annotations(self, *, exact: bool) -> dict[str, str]:
        chance = self._chance
        found = {f"a{place}": self._filled(chance.choice(_ANY_VALUE)) for place in range(chance.randrange(4))}
        if exact:
            found |= {f"v{place}": chance.choice(_ITS_VALUE) for place in range(chance.randrange(4))}
        return found

    def _filled(self, text: str) -> str:
        """The text with a group, a recorded series, a threshold and a window where such a letter stands."""
        chance = self._chance
        filled = {
            "G": self._group,
            "R": f"r{chance.choice(['_twice', chance.randint(1, self._made + 1)])}",
            "T": str(chance.choice([0, 25.1, 40.1, 50.1, 50.1, 60.1, 75.1, 90.1])),
            "W": f"{chance.choice(WINDOWS_MS)}ms",
        }
        return _LETTER.sub(lambda found: filled[found[0]], text)
