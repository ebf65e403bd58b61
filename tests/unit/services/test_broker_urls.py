"""Broker URLs: what can be none is refused before anything begins, and each kind of broker gets what is its own."""

import pytest

from docproc.domain.errors import BrokerError, UsageError
from docproc.queueing.celery_app import celery_app
from docproc.queueing.round_trip import check_broker


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("", "begins with none of"),
        ("127.0.0.1:6379", "begins with none of"),
        ("redis:/127.0.0.1", "begins with none of"),
        ("kafka://x", "begins with none of"),
        (
            "sentinel://:quiet@h:26379/0",
            "redis+socket://, amqp://, amqps:// and pyamqp:// (Redis behind Sentinel: its own",
        ),
        ("sqla+sqlite:///x", "begins with none of"),
        ("redis://:quiet@127.0.0.1:abc/0", "no port"),
        ("redis://:qui/quiet@127.0.0.1/0", "no port"),
        ("amqp://user:quiet@127.0.0.1:70000//", "no port"),
        ("redis://[::1/0", "IPv6"),
        ("redis://h/zero", "number of a database"),
        ("redis://h/0?quiet=1", "behind its ?"),
        ("amqp://h//?heartbeat=quiet", "behind its ?"),
        ("rediss://h/0?ssl_cert_reqs=quiet", "behind its ?"),
        ("redis://h/0;redis://other:abc/0", "no port"),
    ],
)
def test_a_url_that_can_be_no_brokers_is_an_error_that_names_the_setting_alone(url: str, wrong: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_broker(url)
    assert caught.value.message.startswith("DOCPROC_BROKER_URL ")
    assert wrong in caught.value.message
    assert "quiet" not in caught.value.message
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("url", ["amqp://h//", "amqps://user:quiet@h:5671/name", "pyamqp://h//"])
def test_rabbitmq_gets_quorum_queues_and_no_options_of_redis(url: str) -> None:
    conf = celery_app(url).conf
    assert conf.task_create_missing_queue_type == "quorum"
    assert not conf.broker_transport_options


@pytest.mark.parametrize(
    "url", ["redis://h", "redis://h/", "redis://:quiet@[::1]:6379/12", "rediss://h/0", "redis+socket:///run/redis.sock"]
)
def test_redis_gets_its_own_options(url: str) -> None:
    conf = celery_app(url).conf
    assert conf.broker_transport_options["ack_emulation"] is False
    assert conf.task_create_missing_queue_type != "quorum"


def test_a_broker_that_is_not_there_is_one_that_cannot_be_reached() -> None:
    with pytest.raises(BrokerError, match="cannot be reached"):
        check_broker("redis+socket:///nowhere/redis.sock")
