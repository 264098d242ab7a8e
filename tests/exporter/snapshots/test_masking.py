"""No secret of a command line gets out; what is no secret mostly does."""

import random
import re
import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.snapshots.masking import MASK, MAX_CHARACTERS, command_line

WIDEST = 1 << 16
SECONDS = 1.0
"""For a line of 64 KiB: twenty times what it takes, and a hundredth of what anything quadratic would."""


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["mysql", "-uroot", "-phunter2", "shop"], "mysql -uroot -p*** shop"),
        (["mysql", "-p", "shop"], "mysql -p shop"),
        (["/usr/bin/mysqldump", "--password=hun ter2", "shop"], "/usr/bin/mysqldump --password=*** shop"),
        (["mysqladmin", "-u", "root", "password", "hunter2"], "mysqladmin -u root password ***"),
        (["app", "--password", "hunter2", "-v"], "app --password *** -v"),
        (["app", "--password", "--hunter2"], "app --password ***"),
        (["app", "--password", "=", "hunter2"], "app --password = ***"),
        (["app", "--db-passwd=hunter2"], "app --db-passwd=***"),
        (["app", "-Dspring.datasource.password=a b"], "app -Dspring.datasource.password=***"),
        (["app", "/p:x", "--pwd:hunter2"], "app /p:x --pwd:***"),
        (["env", "PGPASSWORD=hunter2", "psql"], "env PGPASSWORD=*** psql"),
        (["sh", "-c", "PGPASSWORD='a b' psql -h db"], "sh -c PGPASSWORD=*** psql -h db"),
        (["sh", "-c", "mysql -p'a b' -h db"], "sh -c mysql -p*** -h db"),
        (["sh", "-c", 'app --token "a \\" b" --port 1'], "sh -c app --token *** --port 1"),
        (["ssh", "h", "mysql --password hunter2 shop"], "ssh h mysql --password *** shop"),
        (["app TOKEN=abc rest of the title"], "app TOKEN=*** rest of the title"),
        (["app", '{"user": "u", "password": "p"}'], 'app {"user": "u", "password": ***'),
        (["app", "host=db user=u password=a b"], "app host=db user=u password=***"),
        (
            ["curl", "-H", "Authorization: Bearer abc.def", "http://h/"],
            "curl -H Authorization: *** http://h/",
        ),
        (["curl", "-H", "Authorization:", "Basic"], "curl -H Authorization: ***"),
        (
            ["sh", "-c", "curl -H 'Authorization: Basic abc' http://h/"],
            "sh -c curl -H 'Authorization: ***' http://h/",
        ),
        (["curl", "-H", "X-Api-Key: abc"], "curl -H X-Api-Key: ***"),
        (["curl", "-H", "Cookie: a=b; c=d"], "curl -H Cookie: ***"),
        (["curl", "-u", "bob:hunter2", "http://h/"], "curl -u bob:*** http://h/"),
        (["curl", "-ubob:hunter2"], "curl -ubob:***"),
        (["curl", "--user", "bob"], "curl --user bob"),
        (["curl", "-u", "--password=a:b"], "curl -u --password=***"),
        (["curl -u --password=a:b"], "curl -u --password=***"),
        (["mysql", "-phun ter2"], "mysql -p***"),
        (["app", "secret", "--password", "hunter2"], "app secret *** ***"),
        (["app secret --password hunter2 x"], "app secret *** *** x"),
        (["java", "mysql", "-password", "hunter2"], "java mysql -p*** ***"),
        (["java mysql -password hunter2 x"], "java mysql -p*** x"),
        (["smbclient", "-U", "bob%hunter2"], "smbclient -U bob%***"),
        (["app", "postgres://u:p@h/db"], "app postgres://u:***@h/db"),
        (["app", "postgres://u:p/x@y@h:5432/db"], "app postgres://u:***@h:5432/db"),
        (["app", "redis://:p@h"], "app redis://:***@h"),
        (["git", "clone", "https://ghtoken@git.example/x"], "git clone https://***@git.example/x"),
        (["git", "clone", "ssh://git@git.example/x"], "git clone ssh://git@git.example/x"),
        (["npm", "https://r.example:4873/@scope/x"], "npm https://r.example:4873/@scope/x"),
        (["wget", "http://h:80/?next=ftp://u:p@h2/"], "wget http://h:80/?next=ftp:***@h2/"),
        (["app", "--key", "c2VjcmV0LWtleS0xMjM0NTY="], "app --key ***"),
        (["app", "--key=/etc/ssl/private/host1.pem"], "app --key=/etc/ssl/private/host1.pem"),
        (["app", "--primary-key=id"], "app --primary-key=id"),
        (["app", "AKIAIOSFODNN7EXAMPLE"], "app ***"),
        (["app", "ghp_0123456789abcdef0123"], "app ***"),
        (["app", "eyJhbGciOiJIUzI1.eyJzdWIi.c2ln"], "app ***"),
        (["app", "-----BEGIN RSA PRIVATE KEY-----\nabc"], "app ***"),
        (["sshpass", "-p", "hunter2", "ssh", "h"], "sshpass -p *** ssh h"),
        (["sshpass", "-phunter2", "ssh", "h"], "sshpass -p*** ssh h"),
        (["redis-cli", "-a", "hunter2"], "redis-cli -a ***"),
        (["docker", "login", "-p", "hunter2", "r"], "docker login -p *** r"),
        (["docker", "run", "-p", "80:80", "x"], "docker run -p 80:80 x"),
        (
            ["openssl", "enc", "-k", "hunter2", "-pass", "pass:x", "-in", "f"],
            "openssl enc -k *** -pass *** -in f",
        ),
        (["ldapsearch", "-w", "hunter2", "-W"], "ldapsearch -w *** -W"),
        (["zip", "-P", "hunter2", "a.zip"], "zip -P *** a.zip"),
        (["7z", "a", "-phunter2", "a.7z"], "7z a -p*** a.7z"),
        (["ssh", "-p", "22", "host"], "ssh -p 22 host"),
        (["app", "--password-file", "/run/secret"], "app --password-file /run/secret"),
        (["app", "--password-stdin", "name"], "app --password-stdin name"),
        (["passwd", "bob"], "passwd bob"),
        (["app", "--password="], "app --password="),
        (["app", ""], "app "),
        ([], ""),
        (["postgres: walwriter "], "postgres: walwriter "),
        (["nginx: worker process"], "nginx: worker process"),
        (["/usr/lib/jvm/bin/java", "-Xmx4g", "-jar", "app.jar"], "/usr/lib/jvm/bin/java -Xmx4g -jar app.jar"),
    ],
)
def test_secrets_are_masked_and_the_rest_is_told(args: list[str], line: str) -> None:
    assert command_line(args) == line


# Neither in any other part of a line, nor what a mask is made of.
SECRET = st.text("QXZJ0123456789!$%+/_~é", min_size=8, max_size=40).map(lambda text: "QX" + text + "9Z")
ANY_SECRET = st.text(min_size=4, max_size=40).map(lambda text: "QX" + text + "9Z")
# After -c comes a script, in which a value ends where a word ends.
OTHER = st.text(string.ascii_lowercase + string.digits + "-=/ '\":.,@", max_size=12).filter(
    lambda text: not re.fullmatch("-[a-z]*c", text)
)
NAMES = st.sampled_from(
    ["password", "passwd", "pwd", "pass", "token", "secret", "api-key", "apikey", "api_key", "credential"]
)
# Where arguments are told apart, a secret may be any text.
ARGUMENTS = (
    ["--{name}={secret}"],
    ["--{name}", "{secret}"],
    ["-{name}", "{secret}"],
    ["--my-{name}={secret}"],
    ["--{name}:{secret}"],
    ["DB_{name}={secret}"],
    ["-D{name}={secret}"],
    ["user=x,{name}={secret}"],
    ["-H", "Authorization: Bearer {secret}"],
    ["-H", "X-{name}: {secret}"],
    ["-u", "user:{secret}"],
    ["mysql", "-p{secret}"],
    ["sshpass", "-p", "{secret}"],
)
# In a script it ends where a word ends.
WORDS = (
    ['{{"{name}":"{secret}"}}'],
    ["sh", "-c", "x --{name} {secret} y"],
    ["sh", "-c", "x --{name}={secret} y"],
    ["sh", "-c", "export {name}='{secret} {secret}'; y"],
    ["sh", "-c", "ssh h \"x --{name} '{secret} {secret}'\" y"],
    ["sh", "-c", "curl -H 'Authorization: Basic {secret} {secret}' y"],
    ["sh", "-c", "mysql -u root -p'{secret} {secret}' db"],
    ["sh", "-c", "curl -u user:{secret} y"],
    ["http://user:{secret}@host/"],
    ["http://host/?a=b&{name}={secret}"],
)


@given(
    st.lists(OTHER, max_size=3),
    st.sampled_from(ARGUMENTS),
    NAMES,
    ANY_SECRET,
    st.lists(OTHER, max_size=3),
)
def test_a_planted_secret_never_survives(
    before: list[str], form: list[str], name: str, secret: str, after: list[str]
) -> None:
    planted = [part.format(name=name, secret=secret) for part in form]
    line = command_line(["prog", *before, *planted, *after])
    assert secret not in line
    assert MASK in line


@given(st.sampled_from(ARGUMENTS + WORDS), NAMES, SECRET, OTHER, st.booleans())
def test_nor_does_it_in_a_script_or_a_title(
    form: list[str], name: str, secret: str, other: str, title: bool
) -> None:
    args = ["prog", *(part.format(name=name, secret=secret) for part in form), other]
    assert secret not in command_line([" ".join(args)] if title else args)


@given(st.lists(st.text(max_size=60), max_size=6))
def test_any_line_is_masked_without_an_error_and_is_not_longer_than_it_may_be(args: list[str]) -> None:
    assert len(command_line(args)) <= MAX_CHARACTERS


def test_patterns_of_the_user_are_masked_too_even_over_several_arguments() -> None:
    patterns = [re.compile("card [0-9]+"), re.compile("x+")]
    assert command_line(["pay", "card", "4111", "xxyxx"], patterns) == "pay *** ***y***"


@pytest.mark.parametrize(("length", "cut"), [(MAX_CHARACTERS, False), (MAX_CHARACTERS + 1, True)])
def test_a_long_line_is_cut_after_masking(length: int, cut: bool) -> None:
    line = command_line(["a" * length])
    assert (len(line), line.endswith("…")) == (MAX_CHARACTERS, cut)
    # The @ that tells a password is behind the cut.
    assert "QXQX" not in command_line(["a" * 990, "http://u:" + "QX" * 60 + "@h/"])


UNITS = [
    "a", "-", "_", " ", "=", ":", "@", "'", '"', "\\", '\\"', "' ", "\n", "://", "://a:", "a://b:c@", "http://",
    "key=", "key=a", "--key ", "--user x", '--user "\\" ', "user:", "-u", "-p", "password", "password ",
    "password=", "token='", 'pass=\\"', "Authorization: ", "eyJ", "eyJeyJeyJab", "gh", "ghp_", "AKIA",
    "AKIAA", "-----BEGIN ", "-----BEGIN RSA PRIVATE ", "mysql -p", "é",
]  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_no_command_line_takes_long(unit: str) -> None:
    text = unit * (WIDEST // len(unit))
    for args in (["mysql", "-c", text], text.split(" ")):
        assert _seconds(args) < SECONDS


def test_no_mixture_takes_long_either() -> None:
    chance = random.Random(0)
    for _ in range(8):
        cycle = "".join(chance.choices(UNITS, k=4))
        assert _seconds(["app", cycle * (WIDEST // len(cycle))]) < SECONDS


def _seconds(args: list[str]) -> float:
    begun = time.process_time()
    command_line(args)
    return time.process_time() - begun
