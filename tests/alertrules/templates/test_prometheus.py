"""Templates of rules: what they come to, what is refused, and that none hangs or fills the memory."""

import contextlib
import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alertrules.errors import TemplateError
from alertrules.templates.limits import MAX_DEPTH, MAX_OUTPUT, MAX_QUERIES, MAX_STEPS, MAX_TEMPLATE
from alertrules.templates.prometheus import KEPT_TEMPLATES, RuleTemplates, _parsed, check
from promql.errors import EvaluationError
from promql.language.ast import Expr
from promql.language.printer import str_of
from promql.values import Vector
from tests.alertrules.templates.corpus import BAD, good
from timeseries.labels import Labels

LABELS = Labels({"__name__": "up", "instance": "web-1:9100", "job": "node"})


def answered(expr: Expr, now_ms: int) -> Vector:
    if str_of(expr) == "fails":
        raise EvaluationError("many-to-many matching not allowed")
    return Vector(
        labels=[LABELS, Labels({"gone": "1"})],
        values=np.array([[now_ms / 1000], [0.0]]),
        present=np.array([[True], [False]]),
        drop_name=np.zeros(2, dtype=bool),
    )


TEMPLATES = RuleTemplates(
    external_labels=Labels({"cluster": "c1"}), external_url="https://gw.example:9/fleet?x#y", query=answered
)


def expand(text: str, value: float = 1.5) -> str:
    return TEMPLATES.expand(text, labels=LABELS, value=value, now_ms=60_000, name="A")


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("{{ 1048576.0 | humanize }}", "1.049M"),
        ("{{ 1048576.0 | humanize1024 }}", "1Mi"),
        ("{{ humanizeDuration 135 }}", "2m 15s"),
        ("{{ 0.959 | humanizePercentage }}", "95.9%"),
        ("{{ humanizeTimestamp 1643114203 }}", "2022-01-25 12:36:43 +0000 UTC"),
        (
            "{{ $labels.instance }} of {{ $labels.job }} is at {{ $value | humanize }}",
            "web-1:9100 of node is at 1.5",
        ),
        ("{{ with query `x` }}{{ . | first | value }} {{ len . }}{{ end }}", "60 1"),
        (
            "{{ externalURL }} {{ pathPrefix }} {{ $externalLabels.cluster }}",
            "https://gw.example:9/fleet?x#y /fleet c1",
        ),
        ("{{ now }} {{ (toTime now).Unix }}", "60 60"),
        (
            "{{ parseDurationTime `90m` }} {{ toDuration 1.5 }} {{ humanizeDuration (toDuration 90) }}",
            "1h30m0s 1.5s 1m 30s",
        ),
        ("{{ urlQueryEscape `a b` }}", "a+b"),
        ("{{ with 0 }}a{{ else with 5 }}{{ . }}{{ end }}", "5"),
        ('{{ `\\x41` }}{{ "\\xff" }}', "\\x41\ufffd"),
        ("no action } } { {", "no action } } { {"),
    ],
)
def test_a_template_comes_to(text: str, made: str) -> None:
    assert expand(text) == made


def test_a_query_that_fails_is_an_error_of_the_template() -> None:
    with pytest.raises(TemplateError, match="error calling query: many-to-many matching not allowed"):
        expand("{{ query `fails` }}")


def test_an_error_names_the_rule_the_place_and_what_stands_there() -> None:
    with pytest.raises(TemplateError) as caught:
        expand("a\nüb {{ .Nope }}")
    assert str(caught.value).startswith(
        'error executing template __alert_A: template: __alert_A:2:7: executing "__alert_A" at <.Nope>: '
        "can't evaluate field Nope in type struct"
    )


@pytest.mark.parametrize("text", BAD)
def test_what_can_not_be_parsed_is_refused(text: str) -> None:
    with pytest.raises(TemplateError, match=r"^template: __alert_A:"):
        check(text, name="A")


@given(st.text().filter(lambda text: "{{" not in text and not text.endswith("{")))
def test_a_text_without_actions_is_itself(text: str) -> None:
    assert expand(text + "{{ `` }}") == text.encode("utf-8", "replace").decode()


PIECES = st.sampled_from(
    [
        *(
            "{{",
            "}}",
            "{{-",
            "-}}",
            "{{ ",
            " }}",
            " - ",
            "(",
            ")",
            "|",
            ".",
            "..",
            ":=",
            "=",
            ",",
            "$",
            "$x",
            "$labels",
        ),
        *(
            "if",
            "else",
            "end",
            "range",
            "with",
            "define",
            "template",
            "block",
            "break",
            "continue",
            "nil",
            "true",
        ),
        *(
            '"a"',
            "`b`",
            "'c'",
            "1",
            "0x",
            "1e",
            "-",
            "+1i",
            ".Labels",
            ".x.y",
            "print",
            "printf",
            "index",
            "query",
            "args",
        ),
        *(
            "/*",
            "*/",
            "\n",
            " ",
            "\\",
            '"',
            "%d",
            "é",
            "\x00",
            "\udc80",
            "eq",
            "and",
            "slice",
            "len",
            "toTime",
            "(1)",
        ),
    ]
)


@given(st.lists(PIECES | st.text(max_size=3), max_size=25).map("".join))
@example("{{(((")
@example("{{ print (")
@example("{{-")
def test_garbage_raises_nothing_but_template_errors(text: str) -> None:
    try:
        expand("{{ " + text + " }}")
        expand(text)
    except TemplateError:
        pass


WORDS = st.sampled_from(
    [
        *(
            "1",
            "-2",
            "2.5",
            '"a"',
            "`b c`",
            "'c'",
            "true",
            "nil",
            ".",
            "$",
            "$value",
            "$labels",
            ".Labels.job",
            "(args 1 $)",
        ),
        *(
            "(query `x`)",
            "(first (query `x`))",
            "(toTime 5)",
            "(toTime 5).Month",
            "(parseDurationTime `5m`)",
            '(index "a" 0)',
        ),
    ]
)
FUNCTIONS = st.sampled_from(
    [
        *(
            "print",
            "printf `%v %s|%5.1f`",
            "printf `%+v %#v %x %q`",
            "len",
            "index",
            "slice",
            "eq",
            "lt",
            "ge",
            "and",
            "not",
        ),
        *(
            "html",
            "js",
            "urlquery",
            "humanize",
            "humanizeDuration",
            "toTime",
            "title",
            "match",
            "reReplaceAll",
            "label",
        ),
        *(
            "first",
            "value",
            "sortByLabel",
            "stripPort",
            "stripDomain",
            "parseDuration",
            "args",
            "call",
            "toDuration",
        ),
    ]
)


@given(FUNCTIONS, st.lists(WORDS, max_size=4), st.floats())
def test_any_function_of_any_values_comes_to_a_text_or_a_template_error(
    function: str, words: list[str], value: float
) -> None:
    with contextlib.suppress(TemplateError):
        assert isinstance(expand(f"{{{{ {function} {' '.join(words)} }}}}", value), str)


def test_all_templates_of_the_corpus_can_be_parsed() -> None:
    for text in good():
        check(text)


def nested(depth: int, opening: str, closing: str, inner: str = "") -> str:
    return opening * depth + inner + closing * depth


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("{{ if true }}", "{{ end }}"),
        ("{{ with 1 }}", "{{ end }}"),
        ("{{ if false }}{{ else }}", "{{ end }}"),
    ],
)
def test_blocks_may_be_nested_up_to_the_limit(opening: str, closing: str) -> None:
    # The text itself is a level when it runs.
    assert expand(nested(MAX_DEPTH - 1, opening, closing, "x")) == "x"
    with pytest.raises(TemplateError, match="exceeded maximum template depth"):
        expand(nested(MAX_DEPTH, opening, closing, "x"))
    with pytest.raises(TemplateError, match="max expression depth exceeded"):
        check(nested(MAX_DEPTH + 1, opening, closing))


def test_parentheses_may_be_nested_up_to_the_limit() -> None:
    assert expand("{{ " + nested(MAX_DEPTH - 1, "(", ")", "1") + " }}") == "1"
    with pytest.raises(TemplateError, match="exceeded maximum template depth"):
        expand("{{ " + nested(MAX_DEPTH, "(", ")", "1") + " }}")
    with pytest.raises(TemplateError, match="max expression depth exceeded"):
        check("{{ " + nested(100_000, "(", ")", "1") + " }}")


def test_a_template_that_calls_itself_ends() -> None:
    with pytest.raises(TemplateError, match=r"exceeded maximum template depth \(100\)"):
        expand('{{ define "t" }}x{{ template "t" }}{{ end }}{{ template "t" }}')


def test_a_template_may_take_so_many_steps() -> None:
    tens = "{{ range args 1 2 3 4 5 6 7 8 9 10 }}"
    with pytest.raises(TemplateError, match=f"it takes more than {MAX_STEPS} steps"):
        expand(tens * 6 + "{{ $x := 1 }}" + "{{ end }}" * 6)
    assert expand(tens * 4 + "{{ end }}" * 4) == ""


def test_long_texts_take_more_steps() -> None:
    long = '{{ $x := printf "%1000000d" 1 }}'
    assert expand(long + "{{ $y := len $x }}" * 10) == ""
    with pytest.raises(TemplateError, match=f"it takes more than {MAX_STEPS} steps"):
        expand(long + "{{ $y := len $x }}" * 13)


def test_each_character_that_is_replaced_in_may_be_a_step() -> None:
    long = f'{{{{ $x := printf "%{MAX_STEPS}d" 1 }}}}'
    with pytest.raises(TemplateError, match=f"it takes more than {MAX_STEPS} steps"):
        expand(long + '{{ reReplaceAll " " "" $x }}')


def test_a_template_may_ask_so_many_queries() -> None:
    assert expand("{{ $x := query `x` }}" * MAX_QUERIES) == ""
    with pytest.raises(TemplateError, match=f"the template asks more than {MAX_QUERIES} queries"):
        expand("{{ $x := query `x` }}" * (MAX_QUERIES + 1))


def test_an_output_may_be_so_long() -> None:
    assert len(expand("x" * (MAX_OUTPUT - 200) + '{{ printf "%200d" 1 }}')) == MAX_OUTPUT
    with pytest.raises(TemplateError, match=f"longer than {MAX_OUTPUT} characters"):
        expand("x" * (MAX_OUTPUT - 200) + '{{ printf "%201d" 1 }}')


@pytest.mark.parametrize(
    "text",
    [
        '{{ $x := "aaaaaaaaaaaaaaaa" }}' + "{{ $x = print $x $x }}" * 40,
        '{{ $x := "aaaaaaaaaaaaaaaa" }}' + '{{ $x = reReplaceAll "a" $x $x }}' * 40,
        '{{ $x := "<<<<" }}' + "{{ $x = html $x $x $x }}" * 40,
        "{{ $x := args 1 }}" + "{{ $x = args $x $x }}" * 60 + "{{ $x }}",
        '{{ printf "%9999999d" 1 }}',
        '{{ printf "%.9999999f" 1.0 }}',
        '{{ printf "%*d" 1000000 1 | print (printf "%*d" 1000000 1) }}',
    ],
)
def test_no_value_fills_the_memory(text: str) -> None:
    with pytest.raises(TemplateError, match="longer than"):
        expand(text)


def test_a_value_may_be_nested_so_deep() -> None:
    assert (
        expand("{{ $x := args }}" + "{{ $x = args $x }}" * MAX_DEPTH + "{{ $x }}").count("arg0") == MAX_DEPTH
    )
    with pytest.raises(TemplateError, match="a value is nested more than 100 deep"):
        expand("{{ $x := args }}" + "{{ $x = args $x }}" * (MAX_DEPTH + 1) + "{{ $x }}")


def test_a_text_may_be_so_long() -> None:
    room = (
        MAX_TEMPLATE
        - len("{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}")
        - len("{{$externalURL := .ExternalURL}}{{$value := .Value}}")
    )
    check("{{ 1 }}".ljust(room))
    with pytest.raises(TemplateError, match=f"the limit is {MAX_TEMPLATE}"):
        check("{{ 1 }}".ljust(room + 1))


def test_so_many_parsed_templates_are_kept() -> None:
    assert _parsed.cache_info().maxsize == KEPT_TEMPLATES


def test_floats_are_written_as_go_does() -> None:
    assert expand("{{ $value }}", 1.5e6) == "1.5e+06"
    assert [expand("{{ $value }}", value) for value in (math.inf, -math.inf, math.nan, -0.0)] == [
        "+Inf",
        "-Inf",
        "NaN",
        "-0",
    ]
