"""When a certificate ends, beside what openssl says."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.http.certificate import ends_s


def make(directory: Path, *more: str) -> str:
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-keyout", str(directory / "key"), "-out", str(directory / "cert"), "-subj", "/CN=x", *more]
    subprocess.run(command, check=True, capture_output=True)
    return (directory / "cert").read_text()


@pytest.mark.parametrize("days", ["1", "30", "3650", "20000"])
def test_the_end_is_the_one_that_openssl_says(days: str, tmp_path: Path) -> None:
    pem = make(tmp_path, "-days", days)
    said = subprocess.run(
        ["openssl", "x509", "-in", tmp_path / "cert", "-noout", "-enddate"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    wanted = datetime.strptime(said, "notAfter=%b %d %H:%M:%S %Y GMT").replace(tzinfo=UTC)
    assert ends_s(pem) == wanted.timestamp()


def test_the_first_of_several_counts_and_what_stands_around_does_not(tmp_path: Path) -> None:
    first, second = make(tmp_path, "-days", "5"), make(tmp_path, "-days", "50")
    assert ends_s(f"a comment\n{first}{second}") == ends_s(first) < ends_s(second)


@pytest.mark.parametrize("text", ["", "-----BEGIN CERTIFICATE-----", "nothing"])
def test_what_is_no_certificate_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="there is no certificate"):
        ends_s(text)


@given(st.text("ABCDabcd0123+/=", max_size=80))
def test_garbage_ends_in_one_error(middle: str) -> None:
    text = f"-----BEGIN CERTIFICATE-----\n{middle}\n-----END CERTIFICATE-----\n"
    with pytest.raises(ValueError):  # noqa: PT011  # of many kinds
        ends_s(text)
