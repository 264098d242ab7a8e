"""`fleetgauge token` and `user` beside a running gateway, and where a gateway with accounts may listen."""

from pathlib import Path

import requests

from tests.gateway.access.gateways import PASSWORD, bearer
from tests.gateway.programs import run, running


def status(url: str, secret: str) -> int:
    return requests.get(f"{url}/api/v1/whoami", headers=dict(bearer(secret)), timeout=5).status_code


def test_the_first_token_is_made_before_the_first_start_and_lets_the_gateway_listen(tmp_path: Path) -> None:
    data = ("--data-dir", str(tmp_path / "data"))
    refused = run("gateway", "--listen", "0.0.0.0:0", *data)
    assert refused.returncode == 2
    assert "fleetgauge token create" in refused.stderr
    assert not (tmp_path / "data").exists()
    made = run("token", "create", "--role", "admin", "--note", "first", *data)
    assert made.returncode == 0
    secret = made.stdout.strip()
    with running("gateway", "--listen", "0.0.0.0:0", *data) as gateway:
        url = f"http://127.0.0.1:{gateway.port}"
        assert requests.get(f"{url}/api/v1/whoami", timeout=5).status_code == 401
        assert requests.get(f"{url}/-/healthy", timeout=5).status_code == 200
        assert status(url, secret) == 200
        (tmp_path / "token").write_text(f"{secret}\n")
        asked = run("query", "--url", url, "--token-file", str(tmp_path / "token"), "vector(7)")
        assert (asked.returncode, "7" in asked.stdout) == (0, True)
        assert "Say who you are" in run("query", "--url", url, "up").stderr

        other = run("token", "create", "--agent", "prod-*", "--agent", "edge", "--expires", "30d", *data)
        assert status(url, other.stdout.strip()) == 200
        listed = run("token", "list", *data).stdout
        assert "prod-* edge" in listed
        assert secret not in listed

        (first,) = (line.split()[0] for line in listed.splitlines() if line.endswith("first"))
        assert run("token", "revoke", first, *data).returncode == 0
        assert run("token", "revoke", first, *data).returncode == 1
        while status(url, secret) != 401:  # for half a second
            pass

        password = tmp_path / "password"
        password.write_text(f"{PASSWORD}\n")
        added = run("user", "add", "ann", "--role", "admin", "--password-file", str(password), *data)
        assert added.returncode == 0
        again = run("user", "add", "ann", "--role", "admin", "--password-file", str(password), *data)
        assert (again.returncode, "There is a user ann already." in again.stderr) == (1, True)
        audit = requests.get(f"{url}/api/v1/audit", auth=("ann", PASSWORD), timeout=5).json()["data"]
        assert {each["actor"] for each in audit} == {"command line"}
        password.write_text("another passphrase")
        assert run("user", "passwd", "ann", "--password-file", str(password), *data).returncode == 0
        assert run("user", "remove", "ann", *data).returncode == 0
        assert run("user", "list", *data).stdout.split() == ["name", "role", "created"]


def test_a_directory_without_data_is_told_and_left_alone(tmp_path: Path) -> None:
    for command in (("token", "list"), ("token", "revoke", "x"), ("user", "list"), ("user", "remove", "x")):
        refused = run(*command, "--data-dir", str(tmp_path / "typo"))
        assert (refused.returncode, "Is --data-dir right?" in refused.stderr) == (1, True)
    assert not (tmp_path / "typo").exists()


def test_a_database_of_another_program_and_a_bad_order_are_told(tmp_path: Path) -> None:
    (tmp_path / "fleetgauge.db").write_bytes(b"no database at all, but a text")
    refused = run("token", "list", "--data-dir", str(tmp_path))
    assert (refused.returncode, "Traceback" in refused.stderr) == (1, False)
    assert run("token", "create", "--agent", "a", "--expires", "soon").returncode == 2
    assert run("token", "create").returncode == 1
