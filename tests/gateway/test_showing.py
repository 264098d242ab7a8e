"""What the gateway shows of its settings holds no secret."""

from delivery.settings import RemoteWrite
from gateway.settings import Alertmanager, GatewaySettings
from gateway.showing import HIDDEN, shown
from runtime.settings import file_of, flags_of
from runtime.values import LabelPair

SECRET = "s3cret"


def test_headers_and_logins_are_hidden_and_the_rest_is_shown() -> None:
    header = LabelPair(name="X-Key", value=SECRET)
    receiver = RemoteWrite(url="http://a:1/w", headers=(header,), proxy_url=f"http://me:{SECRET}@p:3128/")
    alertmanager = Alertmanager(url="http://am:9093", proxy_url=f"http://me:{SECRET}@q:3128/")
    settings = GatewaySettings(
        query_headers=(header,), remote_write=(receiver,), alertmanagers=(alertmanager,), data_dir="/data"
    )
    told = file_of(shown(settings)) + str(flags_of(shown(settings)))
    assert SECRET not in told
    assert told.count(f"X-Key={HIDDEN}") == 3
    assert f"http://{HIDDEN}@p:3128/" in told
    assert f"http://{HIDDEN}@q:3128/" in told
    assert "/data" in told
    assert settings.query_headers == (header,)


def test_settings_without_secrets_are_shown_as_they_are() -> None:
    assert shown(GatewaySettings()) == GatewaySettings()
