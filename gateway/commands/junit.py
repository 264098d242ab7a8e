"""How tests went, as the XML of JUnit, which build servers read."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from alertrules.testing.running import Verdict


def report(runs: Sequence[tuple[str, Sequence[Verdict]]]) -> bytes:
    """Write a suite for each file, and a case for each of its tests."""
    root = Element("testsuites")
    for file, verdicts in runs:
        failed = sum(bool(verdict.differences) for verdict in verdicts)
        suite = SubElement(root, "testsuite", name=file, tests=str(len(verdicts)), failures=str(failed))
        for verdict in verdicts:
            case = SubElement(suite, "testcase", classname=file, name=verdict.test.name)
            for difference in verdict.differences:
                lines = [_printable(line) for line in difference.lines]
                SubElement(case, "failure", message=lines[0]).text = "\n".join(lines)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _printable(line: str) -> str:
    """XML has no place for most control characters."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in line)
