"""Servers named by the environment, and ports of our own."""

import pytest

from infra.stack.endpoints import Endpoints, Named
from infra.stack.problem import SetupProblem


def test_ports_lie_outside_the_ephemeral_range() -> None:
    ends = Endpoints.from_environment({})
    urls = [int(url.rpartition(":")[2]) for url in (ends.mgmt_url, ends.s3_endpoint, ends.prometheus_url)]
    for port in (ends.amqp_port, ends.amqp_distribution_port, ends.amqp_metrics_port, ends.redis_port, *urls):
        assert port < 32768
    assert not ends.named


def test_ports_can_be_moved() -> None:
    ends = Endpoints.from_environment({"ODAMESH_REDIS_PORT": "7000", "ODAMESH_S3_PORT": "7001"})
    assert (ends.redis_port, ends.s3_endpoint) == (7000, "127.0.0.1:7001")


def test_a_second_stack_takes_one_variable() -> None:
    first, second = Endpoints.from_environment({}), Endpoints.from_environment({"ODAMESH_PORT_SHIFT": "100"})
    assert second.amqp_port == first.amqp_port + 100
    assert second.s3_endpoint == "127.0.0.1:9110"
    named = Endpoints.from_environment({"ODAMESH_PORT_SHIFT": "100", "ODAMESH_REDIS_PORT": "7000"})
    assert (named.redis_port, named.epmd_port) == (7000, second.epmd_port)


def test_named_servers_bring_their_account() -> None:
    ends = Endpoints.from_environment(
        {
            "ODAMESH_AMQP_URL": "amqp://me:p%40ss@broker.example/site",
            "ODAMESH_REDIS_URL": "redis://:word@redis.example:6400",
            "ODAMESH_S3_ENDPOINT": "https://store.example",
            "ODAMESH_S3_ACCESS_KEY": "key",
            "ODAMESH_S3_SECRET_KEY": "secret",
        }
    )
    assert (ends.amqp_host, ends.amqp_port, ends.amqp_vhost) == ("broker.example", 5672, "site")
    assert ends.mgmt_url == "http://broker.example:15672"
    assert ends.named["amqp"] == Named("ODAMESH_AMQP_URL", "me", "p@ss")
    assert (ends.redis_port, ends.named["redis"].user, ends.named["redis"].password) == (6400, "", "word")
    assert (ends.s3_endpoint, ends.s3_secure, ends.named["s3"].user) == ("store.example", True, "key")


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"ODAMESH_REDIS_PORT": "many"}, "ODAMESH_REDIS_PORT=many is not a port"),
        ({"ODAMESH_PORT_SHIFT": "-1"}, "ODAMESH_PORT_SHIFT=-1 is not a number of ports"),
        ({"ODAMESH_S3_PORT": "70000"}, "from 1 to 65535"),
        ({"ODAMESH_AMQP_URL": "http://broker"}, "must look like amqp://"),
        ({"ODAMESH_REDIS_URL": "redis://host/3"}, "other than 0"),
        ({"ODAMESH_S3_ENDPOINT": "store", "ODAMESH_S3_ACCESS_KEY": "key"}, "ODAMESH_S3_SECRET_KEY is not"),
    ],
)
def test_malformed_variables_are_named(environment: dict[str, str], says: str) -> None:
    with pytest.raises(SetupProblem, match=says):
        Endpoints.from_environment(environment)
