"""The proxy that the environment wants."""

import pytest

from delivery.proxies import proxy_for

BOTH = {
    "HTTP_PROXY": "http://plain:1",
    "HTTPS_PROXY": "secure:2",
    "NO_PROXY": "near, .below.org,10.0.0.0/8,far:81,::1",
}


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("http://gateway:9095/w", "http://plain:1"),
        ("https://gateway/w", "http://secure:2"),
        ("http://near/", ""),
        ("http://a.NEAR:9/", ""),
        ("http://nearer/", "http://plain:1"),
        ("http://a.below.org/", ""),
        ("http://below.org/", "http://plain:1"),
        ("http://10.1.2.3/", ""),
        ("http://11.1.2.3/", "http://plain:1"),
        ("http://far:81/", ""),
        ("http://far:82/", "http://plain:1"),
        ("http://localhost:9095/", ""),
        ("http://127.0.0.7:9095/", ""),
        ("http://[::1]:9095/", ""),
    ],
)
def test_an_address_has_the_proxy_of_its_scheme_unless_it_is_left_out(url: str, proxy: str) -> None:
    assert proxy_for(url, BOTH) == proxy


def test_names_may_be_small_and_a_star_means_all() -> None:
    small = {name.lower(): value for name, value in BOTH.items()}
    assert proxy_for("http://a/", small) == BOTH["HTTP_PROXY"]
    assert proxy_for("http://a/", small | {"no_proxy": "*"}) == ""
    assert proxy_for("http://a/", {}) == ""
