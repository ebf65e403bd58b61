"""Where a webhook may lead: only to single hosts of the public internet, and only by a URL that can be sent to."""

import pytest

from docproc.domain.errors import UsageError
from docproc.services.add_webhook import webhook_url
from docproc.services.errand_ports import WebhookRefusedError
from docproc.sinks.guarded import is_outside
from docproc.sinks.webhooks import GuardedSender

IMPOSSIBLE = [
    "https://h:99999/",
    "https://h:port/",
    "https://h:0/",
    "https://[::1",
    f"https://{'a' * 64}.example.com/",
    "https://a..example.com/",
    "https:///hook",
    "https://example.com/a b",
    "https://example.com/a\nb",
    "https://example.com/ä",
    "https://me@example.com/",
    "https://:word@example.com/",
    "ftp://example.com/",
]


@pytest.mark.parametrize("url", IMPOSSIBLE)
def test_a_url_that_cannot_be_sent_to_is_refused_for_good(url: str) -> None:
    with pytest.raises(UsageError, match="https://HOST/"):
        webhook_url(url)
    with pytest.raises(WebhookRefusedError) as refused:
        GuardedSender().send(url, b"{}", headers={})
    assert refused.value.final


@pytest.mark.parametrize("url", ["https://example.com", "https://example.com:8443/a?b=c", "http://[::1]:8000/hook"])
def test_other_urls_can_be_webhooks(url: str) -> None:
    assert webhook_url(url).geturl() == url


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "224.0.0.1",
        "0.0.0.0",  # noqa: S104 nothing listens there
        "::1",
        "::127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a00:1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
        "fec0::1",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
    ],
)
def test_an_address_inside_or_of_a_gateway_to_the_inside_is_not_outside(address: str) -> None:
    assert not is_outside(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "::ffff:1.1.1.1", "2606:4700:4700::1111"])
def test_an_address_of_the_internet_is_outside(address: str) -> None:
    assert is_outside(address)


@pytest.mark.parametrize("host", ["[64:ff9b::a9fe:a9fe]", "[fec0::1]", "224.0.0.1"])
def test_nothing_is_sent_inside(host: str) -> None:
    with pytest.raises(WebhookRefusedError, match="inside a network") as refused:
        GuardedSender().send(f"https://{host}/", b"{}", headers={})
    assert refused.value.final


def test_plain_http_leads_nowhere_outside_the_own_network() -> None:
    with pytest.raises(WebhookRefusedError, match="begins with https"):
        GuardedSender().send("http://1.1.1.1/", b"{}", headers={})
