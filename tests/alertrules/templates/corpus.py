"""Templates of rules whose results are compared with those of Prometheus."""

from itertools import product
from typing import Final

LITERALS: Final = (
    '"hi"',
    "3",
    "-7",
    "2.5",
    "1e6",
    "true",
    "'a'",
    "0x1F",
    "nil",
    "$value",
    "$labels",
    '""',
    "(print)",
)
VERBS: Final = (
    *(
        "%v",
        "%+v",
        "%#v",
        "%s",
        "%q",
        "%d",
        "%5d",
        "%-5d|",
        "%05d",
        "%+d",
        "%x",
        "%X",
        "%#x",
        "%o",
        "%b",
        "%c",
        "%U",
    ),
    *(
        "%f",
        "%.2f",
        "%8.3f",
        "%-8.1f|",
        "%+.1f",
        "%e",
        "%.0e",
        "%g",
        "%.3g",
        "%G",
        "%t",
        "%T",
        "%5t",
        "%10s|",
    ),
    *(
        "%-10s|",
        "%.1s",
        "%5.1q",
        "%%",
        "%z",
        "%",
        "%!",
        "%d %d",
        "%[1]v %[1]T",
        "%[2]d",
        "%6.2f%%",
        "% d",
        "% x",
    ),
    *("%*d", "%.*f", "%05s", "%07.2f", "%010v|", "%3c|", "%#q", "%#U", "%x %X"),
)
NUMBERS: Final = (
    *(
        "0",
        "1",
        "-1",
        "0.5",
        "999",
        "1000",
        "1048576",
        "1.5e9",
        "-2500",
        "0.000123",
        "1e-30",
        "1e30",
        "123456.789",
    ),
    *(
        "135",
        "3600",
        "86400",
        "90061.5",
        "-61",
        "0.959",
        "1643114203",
        "59.9999",
        "1e15",
        '"12"',
        '"1e3"',
        '"0x1p4"',
    ),
    *('"nan"', '"+Inf"', '"-Inf"', '"inf"', '""', '"1_0"', '"1e999"', '" 1"', "true", "$value"),
)
HUMANIZERS: Final = (
    *("humanize", "humanize1024", "humanizeDuration", "humanizePercentage", "humanizeTimestamp", "toTime"),
)
COMPARED: Final = ("1", "2", "1.0", '"a"', '"b"', "true", "nil", "$labels", ".", "'a'")
COMPARISONS: Final = ("eq", "ne", "lt", "le", "gt", "ge")

BY_HAND: Final = r"""
plain text without anything
{{ $labels.instance }} of {{ $labels.job }} is {{ $value }}
{{ $labels.nope }}|{{ .Labels.nope }}|{{ index $labels "nope" }}
{{ $labels }} {{ .Labels }} {{ $externalLabels }} {{ .ExternalLabels.ext }} {{ $externalURL }} {{ .ExternalURL }}
{{ . }}
{{ $ }}
{{ .Foo }}
{{ $.Foo }}
{{ .Labels.instance.x }}
{{ $labels.instance.x.y }}
{{ (index $labels "job").x }}
{{ "quoted \" \\ \t \x41 \u00e9 \101" }}
{{ `raw \n "x"` }}
{{ 'x' }} {{ '\n' }} {{ '\'' }} {{ 0x10 }} {{ 0b11 }} {{ 0o17 }} {{ 017 }} {{ 1_000 }} {{ 1e3 }} {{ .5 }} {{ -1 }} {{ +2 }}
{{ 1.0 }} {{ 100000.0 }} {{ 1000000.0 }} {{ 1234567.0 }} {{ 0.0001 }} {{ 0.00001 }} {{ 1e20 }} {{ 1e21 }} {{ 12345678901234567890.0 }}
{{ 18446744073709551615 }}
{{ 9223372036854775807 }}
{{ true }} {{ false }}
a {{- " b " -}} c
a  {{- /* comment */ -}}  b
a {{/* comment */}} b
{{- "x" }}
{{ "x" -}}   y
{{ 3 -}} z
{{-3 }}
{{ if $labels.job }}yes{{ else }}no{{ end }}
{{ if $labels.nope }}yes{{ else if $labels.job }}second{{ else }}no{{ end }}
{{ if 0 }}a{{ else if 0.0 }}b{{ else if "" }}c{{ else if false }}d{{ else }}e{{ end }}
{{ if . }}struct{{ end }}
{{ if $labels }}map{{ end }}
{{ with $labels.job }}{{ . }}{{ $.Value }}{{ else }}none{{ end }}
{{ with $x := $labels.job }}{{ $x }}{{ end }}
{{ with $labels.nope }}{{ . }}{{ else }}none{{ end }}
{{ range $labels }}[{{ . }}]{{ end }}
{{ range $k, $v := $labels }}{{ $k }}={{ $v }};{{ end }}
{{ range $v := $labels }}{{ $v }};{{ end }}
{{ range $k, $v := $labels }}{{ if eq $k "instance" }}{{ continue }}{{ end }}{{ $k }} {{ end }}
{{ range $k, $v := $labels }}{{ if eq $k "job" }}{{ break }}{{ end }}{{ $k }} {{ end }}
{{ range query "nope" }}x{{ else }}nothing{{ end }}
{{ range 3 }}x{{ end }}
{{ range "abc" }}x{{ end }}
{{ range nil }}x{{ end }}
{{ range $value }}x{{ end }}
{{ range true }}x{{ else }}y{{ end }}
{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}
{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ $x }}{{ end }}{{ $x }}
{{ $x := 1 }}{{ range $labels }}{{ $x = 5 }}{{ end }}{{ $x }}
{{ $i := 0 }}{{ range $i, $e := query "up" }}{{ $i }}{{ end }}{{ $i }}
{{ $k := "a" }}{{ $v := "b" }}{{ range $k, $v = $labels }}{{ $k }}={{ $v }} {{ end }}{{ $k }}{{ $v }}
{{ define "t" }}[{{ . }}]{{ end }}{{ template "t" $labels.job }}{{ template "t" }}
{{ define "t" }}{{ $ }}{{ end }}{{ template "t" 5 }}
{{ block "b" $labels.job }}<{{ . }}>{{ end }}
{{ template "nope" . }}
{{ define "r" }}{{ if gt . 0.0 }}x{{ end }}{{ end }}{{ template "r" $value }}
{{ define "e" }}{{ .x.y }}{{ end }}line{{ template "e" 1.0 }}
{{ print "a" 1 2 "b" 3 4.5 true nil }}
{{ print 1 2 }}{{ print "a" "b" }}{{ print }}{{ println "a" 1 }}
{{ println }}
{{ print $labels 1 $value }}
{{ len $labels }} {{ len "héllo" }} {{ len (query "up") }}
{{ len 3 }}
{{ len nil }}
{{ len }}
{{ len 1 2 }}
{{ "abc" | len }}
{{ "abc" | len | printf "%03d" }}
{{ index "abc" 1 }}
{{ index "abc" 3 }}
{{ index "abc" 4 }}
{{ index "abc" -1 }}
{{ index "abc" "x" }}
{{ index "abc" nil }}
{{ index $labels 1 }}
{{ index $labels nil }}
{{ index $labels "job" 0 }}
{{ index $labels }}
{{ index 1 1 }}
{{ index nil }}
{{ index }}
{{ index (query "up") 0 }}
{{ (index (query "up") 0).Value }} {{ (index (query "up") 0).Labels.job }}
{{ slice "abcdef" 1 3 }} {{ slice "abcdef" 2 }} {{ slice "abcdef" }}
{{ slice "abc" 1 2 3 }}
{{ slice "abc" 5 }}
{{ slice "abc" 1 2 3 4 }}
{{ slice $labels 1 }}
{{ slice (query "up") 0 1 | len }}
{{ slice (query "up") 1 2 }}
{{ and 1 0 }} {{ and 1 2 }} {{ or 0 2 }} {{ or 0 "" }} {{ not 0 }} {{ not "x" }}
{{ and }}
{{ or false (index "abc" 9) }}
{{ or true (index "abc" 9) }}
{{ and false (index "abc" 9) }}
{{ 5 | and 1 }} {{ 5 | or 0 }}
{{ and nil }}|{{ or nil "x" }}
{{ not }}
{{ not nil }}
{{ html "<a href='x'>\"&</a>" }} {{ html 1 "a" nil }} {{ js "it's \"<b>\" & = \n é" }} {{ urlquery "a b&c=é/~" 1 }}
{{ call 1 }}
{{ call nil }}
{{ eq 1 1 2 }} {{ eq 1 2 1 }} {{ eq "a" "b" "a" }}
{{ eq }}
{{ eq 1 }}
{{ eq $labels $labels }}
{{ $value | eq 1.0 }}
{{ eq (index "a" 0) 97 }} {{ lt (index "a" 0) 98 }} {{ gt 98 (index "a" 0) }}
{{ nil }}
{{ "a" "b" }}
{{ 1 2 }}
{{ . 1 }}
{{ $value 1 }}
{{ $labels.job 1 }}
{{ .Value 1 }}
{{ "x" | .Value }}
{{ "x" | $labels.job }}
{{ (1) 2 }}
{{ (print "a") }} {{ (print "a" | print "b") }}
{{ ((((1)))) }}
{{ (query "up" | first).Value }}
{{ (query "up" | first).Nope }}
{{ (query "up" | first).Labels.instance }}
{{ query "up" | first | value }} {{ query "up" | first | label "job" }}
{{ (first (query "up")).Labels }}
{{ first (query "up") }}
{{ query "up" | first | strvalue }}
{{ query "nope" | first | value }}
{{ query "up{" }}
{{ query "1 +" }}
{{ query "foo(" }}
{{ query 1 }}
{{ query }}
{{ "up" | query | len }}
{{ range query "up" | sortByLabel "instance" }}{{ .Labels.instance }}={{ .Value }} {{ end }}
{{ range $i, $s := query "up" | sortByLabel "job" }}{{ $i }}:{{ label "instance" $s }} {{ end }}
{{ with query "up" }}{{ . | first | value | humanize }}{{ end }}
{{ with query "nope" }}{{ . | first }}{{ else }}none{{ end }}
{{ first nil }}
{{ value nil }}
{{ label "a" nil }}
{{ label "a" "b" }}
{{ value 1 }}
{{ value "x" }}
{{ value $value }}
{{ sortByLabel 1 2 }}
{{ sortByLabel "a" "b" }}
{{ first $labels }}
{{ printf "%v" (query "nope") }} {{ query "nope" }}
{{ query "scalar(up) + 41" | first | value }}
{{ query "vector(3)" }}x{{ len (query "vector(3)") }}
{{ title "hello big-world don't a_b fOO 3rd été" }} {{ toUpper "straße é" }} {{ toLower "ÀB" }}
{{ toUpper 1 }}
{{ toUpper nil }}
{{ toUpper $value }}
{{ toUpper $labels }}
{{ 1 | toUpper }}
{{ nil | toUpper }}
{{ toUpper (safeHtml "x") }}
{{ safeHtml "<b>" }} {{ safeHtml "<b>" | printf "%T %v" }} {{ safeHtml "b" | len }}
{{ eq (safeHtml "a") "a" }}
{{ match "^h:[0-9]+$" $labels.instance }} {{ match "x" "y" }} {{ match "a.c" "a\nc" }} {{ match "(?s)a.c" "a\nc" }} {{ match "" "" }}
{{ match "b" }}
{{ match "[" "x" }}
{{ match "a**" "x" }}
{{ match "*" "x" }}
{{ match "a{2000}" "x" }}
{{ match "\\8" "x" }}
{{ match "(?z)" "x" }}
{{ match "[z-a]" "x" }}
{{ match ")" "x" }}
{{ match "a)b" "x" }}
{{ match "(a" "x" }}
{{ match "\\" "x" }}
{{ match "(?P<n" "x" }}
{{ match "x{2,1}" "x" }}
{{ match "[[:foo:]]" "x" }}
{{ match "\\pX" "x" }}
{{ reReplaceAll "(.*):(.*)" "$2-$1" $labels.instance }} {{ reReplaceAll "l+" "L" "hello ball" }} {{ reReplaceAll "x*" "-" "abc" }}
{{ reReplaceAll "(?P<host>[a-z]+):" "${host}/$host/$hostx/$1x/${1}x/$$/$" "h:1" }}
{{ reReplaceAll "a*" "X" "baac" }} {{ reReplaceAll "é" "e" "été" }} {{ reReplaceAll "" "-" "aé" }} {{ reReplaceAll "b" "$9${2}" "abc" }}
{{ reReplaceAll "^a" "x" "aaa" }} {{ reReplaceAll "a$" "x" "aaa" }} {{ reReplaceAll "(?m)^" "> " "a\nb" }} {{ reReplaceAll "\\bx" "y" "x xx" }}
{{ reReplaceAll "[" "" "a" }}
{{ "a.b" | reReplaceAll "\\." "_" }}
{{ graphLink "up{job=\"a b\"} > 1" }} {{ tableLink "rate(x[5m]) + ~é" }}
{{ args 1 "a" $value }} {{ (args 1 "b").arg1 }} {{ (args).arg0 }} {{ with args "x" }}{{ .arg0 }}{{ .arg5 }}{{ end }}
{{ range $k, $v := args 1 "x" true }}{{ $k }}={{ $v }} {{ end }}
{{ define "m" }}{{ .arg0 }}-{{ .arg1 }}{{ end }}{{ template "m" (args "x" 5) }}
{{ stripPort "a:1" }} {{ stripPort "a" }} {{ stripPort "[::1]:9" }} {{ stripPort "::1" }} {{ stripPort "a:b:c" }} {{ stripPort "" }} {{ stripPort ":9" }} {{ stripPort "[a]" }}
{{ stripDomain "a.b.c:9" }} {{ stripDomain "a.b" }} {{ stripDomain "10.0.0.1:9" }} {{ stripDomain "10.0.0.1" }} {{ stripDomain "[::1]:9" }} {{ stripDomain "::1" }} {{ stripDomain "a" }} {{ stripDomain "[a.b]:1" }}
{{ parseDuration "1h30m" }} {{ parseDuration "100ms" }} {{ parseDuration "2d" }} {{ parseDuration "0" }} {{ parseDuration "1y" }} {{ parseDuration "0s" }}
{{ parseDuration "x" }}
{{ parseDuration "" }}
{{ parseDuration "1m1h" }}
{{ parseDuration "5" }}
{{ parseDuration "-5m" }}
{{ parseDuration "1.5h" }}
{{ parseDuration "999999999y" }}
{{ (toTime 1643114203.1).Format "2006-01-02T15:04:05.000Z07:00" }} {{ (toTime 1643114203).Unix }} {{ (toTime 0).Year }} {{ (toTime 0).Month }} {{ (toTime 0).Weekday }}
{{ (toTime 1643114203).Format "Mon Jan _2 15:04:05 MST 2006 | Monday January 2 3:4:5 PM 06 | 1/2 .000 .999 002 __2 pm 03 -0700 -07 Z07 Janet Mondays" }}
{{ (toTime 1643114203).Format 5 }}
{{ (toTime 1643114203).Format }}
{{ (toTime 1643114203).Nope }}
{{ ((toTime 100).Sub (toTime 40)) }} {{ ((toTime 100000).Sub (toTime 0.25)).Hours }} {{ ((toTime 0.0015).Sub (toTime 0)) }} {{ (toTime 100).After (toTime 40) }} {{ (toTime 7).IsZero }}
{{ (toTime 100).Sub 5 }}
{{ toTime 1 | printf "%T %v %s %d" }}
{{ printf "%d %s %v %T" (toTime 0).Month (toTime 0).Month (toTime 0).Month (toTime 0).Month }} {{ eq (toTime 0).Month 1 }}
{{ printf "%s %d" ((toTime 3).Sub (toTime 1)) ((toTime 3).Sub (toTime 1)) }}
{{ printf "%v" . }}
{{ printf "%+v" . }}
{{ printf "%s" . }}
{{ printf "%T" $labels }} {{ printf "%T" $value }} {{ printf "%T" (query "up") }} {{ printf "%T" (first (query "up")) }} {{ printf "%T" (args) }}
{{ printf "%d %s" 1 }}
{{ printf "%d" 1 2 "x" }}
{{ printf "" nil }}
{{ printf 1 }}
{{ printf }}
{{ printf $labels.instance }}
{{ printf "%s" $labels }} {{ printf "%d" $labels }} {{ printf "%q" $labels }} {{ printf "%x" $labels }}
{{ printf "%v %v" nil (args nil) }}
{{ $value | printf "%.2f" }} {{ printf "%.2f%%" $value }} {{ $value | printf "%d" }}
{{ printf "%[3]d" 1 }} {{ printf "%[x]d" 1 }} {{ printf "%[1]d %d" 1 2 }} {{ printf "%[2]v %[1]v" 1 2 }} {{ printf "%[1]*d" 5 }}
{{ printf "%99999999d" 1 }}
{{ printf "%-05d|" 3 }} {{ printf "%+05d" 3 }} {{ printf "% 5d" 3 }} {{ printf "%.5d" 42 }} {{ printf "%8.5d|" -42 }} {{ printf "%x" -255 }} {{ printf "%#o" 8 }} {{ printf "%#b" 5 }} {{ printf "%O" 8 }}
{{ printf "%6.3v|" 3.14159 }} {{ printf "%+v" 1.5 }} {{ printf "% f" 1.5 }} {{ printf "%x" 1.5 }} {{ printf "%X" 0.1 }} {{ printf "%e" 0.0 }} {{ printf "%g" 1e100 }}
{{ printf "%q" "a\"b\\c\n\x00é☺" }} {{ printf "%+q" "é" }} {{ printf "%x" "é" }} {{ printf "% X" "abc" }} {{ printf "%#x" "abc" }} {{ printf "%.2x" "abc" }}
{{ printf "%c%c" 65 0x4E16 }} {{ printf "%q" 65 }} {{ printf "%q" 10 }} {{ printf "%U" 0x4E16 }} {{ printf "%#U" 0x4E16 }}
{{ printf "%t %t" true 1 }} {{ printf "%v" true }} {{ printf "%d" true }} {{ printf "%5v|%-7v|" true false }}
multi
line {{ .Foo }}
a
  b {{ toUpper
  1 }}
{{ $x := 5 }}{{ $y := $x }}{{ printf "%d-%d" $x $y }}
{{ $x := $labels.job | toUpper }}{{ $x }}
{{ with $x := 5 }}{{ $x }}{{ end }}
{{ if $x := 0 }}a{{ else }}{{ $x }}{{ end }}
{{ if and $labels.job (eq $labels.job "j") }}both{{ end }}
{{ if or (gt $value 5.0) (lt $value 2.0) }}out{{ end }}
{{ if gt $value 1 }}x{{ end }}
{{ range $i, $c := query "up" }}{{ if $i }}, {{ end }}{{ $c.Labels.instance }}{{ end }}
{{ range query "up" }}{{ range $k, $v := .Labels }}{{ $k }}{{ end }};{{ end }}
{{ $labels.instance | reReplaceAll ":.*" "" | toUpper | printf "%-6s|" }}
{{ .Labels.job | printf "%s and %s" "x" }}
{{ humanize }}
{{ humanize 1 2 }}
{{ humanize $labels }}
{{ humanize nil }}
{{ humanize . }}
{{ $value | humanize | humanize }}
{{ $value.x }}
{{ $value.x.y }}
{{ (1).x }}
{{ (nil).x }}
{{ ($labels).job }}
{{ print (1) (2.5) ("x") }}
{{ print ( 1 | print ) }}
{{ 1 | print 2 | print 3 }}
{{ "%d" | printf }}
{{ `}}` }} {{ "{{" }} {{ "}}" }} }} {
é{{ .Foo }}
{{ printf "%s" (printf "%s" (printf "%s" "deep")) }}
{{ $labels.__name__ }} {{ index .Labels "__name__" }}
"""

# Not one template a line: text before a line's end belongs to the template of the line above.
_JOINED: Final = ("multi\nline {{ .Foo }}", "a\n  b {{ toUpper\n  1 }}")


def good() -> list[str]:
    """Those that can be parsed."""
    lines = BY_HAND
    for joined in _JOINED:
        lines = lines.replace(joined + "\n", "")
    made = [*lines.strip().splitlines(), *_JOINED]
    for verb in VERBS:
        inner = "|".join(f'{{{{ printf "{verb}" {literal} }}}}' for literal in LITERALS if literal != "nil")
        made.append(inner)
    made += [f"{{{{ {name} {number} }}}}" for name, number in product(HUMANIZERS, NUMBERS)]
    made += [f"{{{{ {word} {a} {b} }}}}" for word, a, b in product(COMPARISONS, COMPARED, COMPARED)]
    return made


BAD: Final = (
    "{{",
    "{{ ",
    "{{ }}",
    "{{ . ",
    "{{ .Foo }",
    "}} {{ end }}",
    "{{ end }}",
    "{{ else }}",
    "{{ if }}x{{ end }}",
    "{{ if 1 }}x",
    "{{ if 1 }}x{{ else }}y",
    "{{ if 1 }}{{ else }}{{ else }}{{ end }}",
    "{{ range }}{{ end }}",
    "{{ with }}{{ end }}",
    "{{ foo }}",
    "{{ $x }}",
    "{{ $x = 1 }}",
    "{{ if true }}{{ $x := 1 }}{{ end }}{{ $x }}",
    '{{ define "a" }}{{ $labels.x }}{{ end }}',
    '{{ define "a" }}',
    "{{ define a }}{{ end }}",
    "{{ define }}{{ end }}",
    '{{ define "a" }}x{{ end }}{{ define "a" }}y{{ end }}',
    '{{ if 1 }}{{ define "a" }}{{ end }}{{ end }}',
    "{{ template }}",
    "{{ template foo }}",
    '{{ template "a" . . }}{{ .Foo',
    '{{ block "b" }}{{ end }}',
    '{{ block "b" . }}',
    "{{ break }}",
    "{{ continue }}",
    "{{ range . }}{{ break 1 }}{{ end }}",
    '{{ "abc }}',
    "{{ `abc }}",
    "{{ 'abc }}",
    "{{ 'ab' }}",
    "{{ '' }}",
    r'{{ "\q" }}',
    r'{{ "\x4" }}',
    r"{{ '\q' }}",
    "{{ 1a }}",
    "{{ 0x }}",
    "{{ 08 }}",
    "{{ 1__0 }}",
    "{{ 99999999999999999999999 }}",
    "{{ - }}",
    "{{ 1.2.3 }}",
    "{{ . | }}",
    "{{ | print }}",
    "{{ print | 1 }}",
    "{{ 1 | 2 }}",
    "{{ 1 | true }}",
    '{{ 1 | "x" }}',
    "{{ 1 | . }}",
    "{{ 1 | nil }}",
    "{{ ( }}",
    "{{ ) }}",
    "{{ (1 }}",
    "{{ () }}",
    "{{ 1) }}",
    "{{ nil.x }}",
    '{{ "x".y }}',
    "{{ 1.x }}",
    "{{ true.x }}",
    "{{ ..x }}",
    "{{ .x.. }}",
    "{{ .x$y }}",
    "{{ a+b }}",
    "{{ + }}",
    "{{ $x, $y := 1 }}",
    "{{ range $x, $y, $z := . }}{{ end }}",
    "{{ range $x, 1 := . }}{{ end }}",
    "{{ $labels := }}",
    "{{ : }}",
    "{{ := 1 }}",
    "{{ = }}",
    "{{ # }}",
    "{{ , }}",
    "{{ é }}",
    "{{ ☺ }}",
    "{{ \x01 }}",
    "{{/* comment }}",
    "{{/* comment */ }}",
    "{{ /* comment */ }}",
    "{{/* a */",
    "text\n\n{{ foo }}",
    "text\n{{ if\n\n.x }}",
    "{{ if .x\n}}\n\n{{ foo }}",
    '{{ "abc\n" }}',
    "{{ print\n  foo }}",
    "{{ end",
    "{{ end x }}",
    "{{ else x }}",
    "{{ if 1 }}{{ else x }}{{ end }}",
    "{{ if 1 }}{{ end x }}",
    "{{ tmpl . . }}",
    "{{ print.x foo }}",
    '{{ printf "averylongstringindeed" @ }}',
    "{{ .averylongfieldindeed@ }}",
    "{{ averylongfunctionname }}",
    "{{ print averylong|| }}",
    "{{ define `x` }}{{ break }}{{ end }}",
    "{{ range . }}{{ define `x` }}{{ break }}{{ end }}{{ end }}",
    "{{ range . }}{{ block `x` . }}{{ break }}{{ end }}{{ end }}",
)
"""Those that can't be parsed."""
