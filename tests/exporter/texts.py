"""Text files with metrics, good ones and bad ones. Families of several files are meant to clash."""

from typing import Final

# By name of the file, in whose order they are read.
GOOD: Final[dict[str, str]] = {
    "a_counter": "# HELP a_total How many.\n# TYPE a_total counter\na_total 5\n",
    "a_gauge": '# TYPE g gauge\ng{b="x",a="y"} -1.5e3\ng{a="z"} +Inf\ng{a="n"} NaN\n',
    "bare": "bare 1\n",
    "blank": "",
    "blank_lines": "\n \t\n\n  bl 1\n\t\n  ",
    "blanks": '\tbb  {  x  =  "1"  ,  y="2" , }  \t7\n#comment\n# \n#\n#    TYPE   bb_x    gauge\nbb_x\t1\n',
    "comments": (
        "# HELP\n# TYPE\n# HELP \n# HELP co\n# HELP co  \n"
        "# TYPE co \n#HELP co Yes.\n# HELPS 9x y\nco 1\n"
    ),
    "empty_labels": 'el{} 1\nel{a=""} 2\nel{a="",b="c"} 3\n',
    "escapes": (
        '# HELP es a\\\\b\\nc "d" \\\\n\n# TYPE es untyped\n'
        'es{p="C:\\\\x",q="\\"",n="a\\nb",e="# {},=",u="ü☃"} 1\n'
    ),
    "help_after": "ha 1\n# HELP ha Later.\n# TYPE ha_other gauge\nha_other 1\n",
    "histogram": (
        '# TYPE h histogram\nh_bucket{le="0.1",a="b"} 1\n'
        'h_bucket{le="1000000",a="b"} 2\nh_bucket{a="b",le="+Inf"} 3\n'
        'h_sum{a="b"} 4.5\nh_count{a="b"} 3\nh_bucket{le="1"} 1\nh_count 9\nh_sum -3\n'
    ),
    "histogram_odd": (
        '# TYPE ho histogram\nho{le="5"} 1.7\nho_bucket 8\n'
        'ho_bucket{le="NaN"} 2\nho 3\nho_bucket{le="0.00001"} 1\n'
        'ho_bucket{le="1e1"} 4\nho_bucket{le="10"} 5\nho_sum_sum 7\n'
        'ho_bucket{le="123456.5"} 5\nho_bucket{le="-1234567.5"} 5\n'
    ),
    "kinds": "# TYPE k1 COUNTER\nk1 1\n# TYPE k2 Gauge\nk2 2\n# TYPE k3 unTyped\nk3 3\n",
    "no_blank": 'nb{a="b"}1\nnc+1\n',
    "numbers": (
        "n1 .5\nn2 5.\nn3 1e-400\nn4 -0\nn5 1E+2\n"
        "n6 iNf\nn7 -infinity\nn8 nan\nn9 0123\nn10 +1\nn11 123456789012345678901234567890\n"
    ),
    "samples_twice": "st 1\nst 2\nst{a=\"b\"} 3\nst{a=\"b\"} 4\n",
    "summary": (
        '# TYPE s summary\n# HELP s_sum Of s.\ns{quantile="0.5"} 1\n'
        's{quantile="0.99"} NaN\ns_sum 7\ns_count 2\n'
        's{quantile="0.5",a="b"} 1\n# TYPE s_bucket gauge\ns_bucket 1\n'
    ),
    "x1_same_help": '# HELP x1 One.\n# TYPE x1 gauge\nx1{f="a"} 1\n',
    "x1_same_help_b": '# HELP x1 One.\n# TYPE x1 gauge\nx1{f="b"} 2\nx1{f="a"} 9\n',
    "x2_help": '# HELP x2 One.\nx2{f="a"} 1\n',
    "x2_help_differs": '# HELP x2 Two.\nx2{f="b"} 1\nx2_own 1\n',
    "x3_type": '# HELP x3 H.\n# TYPE x3 gauge\nx3{f="a"} 1\n',
    "x3_type_differs": '# HELP x3 H.\n# TYPE x3 counter\nx3{f="b"} 1\n',
    "x4_no_help": 'x4{f="a"} 1\n',
    "x4_no_help_b": 'x4{f="b"} 1\n',
    "x5_collides": "# TYPE x5 histogram\nx5_sum 1\n",
    "x5_collides_b": "x5_bucket 2\nx5_other 3\n",
    "x6_collides": "x6_count 2\n",
    "x6_collides_b": "# TYPE x6 summary\nx6_sum 1\n",
}  # fmt: skip

BAD: Final[dict[str, str | bytes]] = {
    "bad_comment": "# HELP 9x Help.\ny 1\n",
    "bad_comment_2": "# TYPE a{ gauge\n",
    "bad_escape": 'x{a="\\t"} 1\n',
    "bad_help_escape": "# HELP x a\\b\nx 1\n",
    "bad_help_end": "# HELP x a\\\nx 1\n",
    "bad_label": 'x{9a="b"} 1\n',
    "bad_label_name": 'x{a-b="c"} 1\n',
    "bad_name": "9x 1\n",
    "bad_quotes": "x{a='b'} 1\n",
    "bad_timestamp": "x 1 2 \n",
    "carriage_returns": "x 1\r\ny 2\r\n",
    "comma_first": 'x{,a="b"} 1\n',
    "commas": 'x{a="b",,c="d"} 1\n',
    "half_written": "x 1\ny 2\nz 3",
    "half_written_labels": 'x{a="b"',
    "half_written_comment": "# HELP x y",
    "help_twice": "# HELP x One.\n# HELP x One.\nx 1\n",
    "hex": "x 0x10\n",
    "hex_exponent": "x 0x1p4\n",
    "label_twice": 'x{a="b",a="c"} 1\n',
    "le_no_number": '# TYPE x histogram\nx_bucket{le="much"} 1\n',
    "name_label": 'x{__name__="y"} 1\n',
    "new_line_in_label": 'x{a="b\nc"} 1\n',
    "no_comma": 'x{a="b" c="d"} 1\n',
    "no_utf8": b'x{a="\xff"} 1\n',
    "no_value": "x\n",
    "no_value_2": 'x{a="b"}\n',
    "not_closed": 'x{a="b" 1\n',
    "other_blank": "x\x0b1\n",
    "plus_nan": "x +NaN\n",
    "quantile_no_number": '# TYPE x summary\nx{quantile="half"} 1\n',
    "spurious": "x 1 y\n",
    "timestamp": "x 1 1600000000000\ny 2\n",
    "too_large": "x 1e999\n",
    "trailing_blank": "x 1 \n",
    "type_after": "x 1\n# TYPE x gauge\n",
    "type_blank": "# TYPE x gauge \nx 1\n",
    "type_twice": "# TYPE x gauge\n# TYPE x gauge\nx 1\n",
    "type_unknown": "# TYPE x meter\nx 1\n",
    "underscore": "x 1_000\n",
    "unicode_digit": "x ٣\n",
}  # fmt: skip
