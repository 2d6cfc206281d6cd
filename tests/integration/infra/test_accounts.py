"""Each service's account may do its work and nothing else; the servers' default accounts do not exist."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import minio
import pika
import pytest
import redis
from minio.error import S3Error

from infra.rabbitmq import topology
from infra.stack.credentials import Account, Credentials
from infra.stack.object_store import ObjectStore
from infra.stack.rabbitmq_server import RabbitmqServer
from infra.stack.redis_server import RedisServer
from infra.stack.stack import Stack


def _redis(stack: Stack, service: str) -> redis.Redis:
    ends, account = stack.setting.endpoints, stack.setting.credentials[service]
    return redis.Redis(ends.redis_host, ends.redis_port, username=account.redis_user, password=account.redis_password)


def _store(stack: Stack, service: str) -> Any:
    ends, account = stack.setting.endpoints, stack.setting.credentials[service]
    return minio.Minio(
        ends.s3_endpoint, access_key=account.s3_access_key, secret_key=account.s3_secret_key, secure=False
    )


def _connect(stack: Stack, user: str, password: str) -> Any:
    ends = stack.setting.endpoints
    login = pika.PlainCredentials(user, password)
    return pika.BlockingConnection(pika.ConnectionParameters(ends.amqp_host, ends.amqp_port, ends.amqp_vhost, login))


@contextmanager
def _channel(stack: Stack, service: str) -> Iterator[Any]:
    """Channel of a service's account, confirms on."""
    account = stack.setting.credentials[service]
    with _connect(stack, account.amqp_user, account.amqp_password) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        yield channel


def test_nobody_is_the_default_account_of_redis(stack: Stack) -> None:
    stack.redis.ensure()
    ends = stack.setting.endpoints
    for user, password in ((None, None), ("default", ""), ("default", "guess")):
        client = redis.Redis(ends.redis_host, ends.redis_port, username=user, password=password)
        with client, pytest.raises(redis.exceptions.AuthenticationError):
            client.get("unit:kept")


def test_redis_accounts(stack: Stack) -> None:
    stack.redis.ensure()
    with _redis(stack, "isgri") as client:
        assert client.set("lease:key", "owner")
        with pytest.raises(redis.exceptions.NoPermissionError):
            client.get("job:key")
        for forbidden in (client.flushall, client.config_get, client.client_list):
            with pytest.raises(redis.exceptions.NoPermissionError):
                forbidden()
    with _redis(stack, "dispatcher") as client:
        code = "redis.register_function('{0}', function() return redis.call({1}) end)"
        client.function_load("#!lua name=drill\n" + code.format("wipe", "'flushall'"))
        client.function_load("#!lua name=other\n" + code.format("write", "'hset', 'run:key', 'state', 'done'"))
        with pytest.raises(redis.exceptions.ResponseError, match="run this command"):  # in functions too
            client.fcall("wipe", 0)
        assert client.fcall("write", 0) == 1
        with pytest.raises(redis.exceptions.NoPermissionError):
            client.eval("return 1", 0)
    for service in ("isgri", "gateway", "cache"):
        # Whoever loads functions decides what their callers do.
        with _redis(stack, service) as client, pytest.raises(redis.exceptions.NoPermissionError):
            client.function_load("#!lua name=mine\n" + code.format("mine", "'ping'"))
    with _redis(stack, "isgri") as client, pytest.raises(redis.exceptions.ResponseError, match="can't access"):
        client.fcall("write", 0)
    ends = stack.setting.endpoints
    with redis.Redis(ends.redis_host, ends.redis_port) as nobody, pytest.raises(redis.exceptions.RedisError):
        nobody.ping()


def test_store_accounts(stack: Stack) -> None:
    stack.store.ensure()
    if stack.store.stands_in:
        pytest.skip("rclone stands in for MinIO: it has accounts, but no rights")
    bucket = stack.setting.endpoints.bucket

    def put(service: str, name: str) -> Callable[[], Any]:
        return lambda: _store(stack, service).put_object(bucket, name, io.BytesIO(b"x"), 1)

    def remove(service: str, name: str) -> Callable[[], Any]:
        return lambda: _store(stack, service).remove_object(bucket, name)

    def get(service: str, name: str) -> Callable[[], Any]:
        return lambda: _store(stack, service).get_object(bucket, name).read()

    put("gateway", "requests/a.json")()
    put("isgri", "products/00/a/manifest.json")()
    assert get("jemx", "products/00/a/manifest.json")() == b"x"
    assert get("gateway", "products/00/a/manifest.json")() == b"x"
    put("cache", "evicted/a.json")()
    remove("cache", "products/00/a/manifest.json")()
    put("gateway", "jobs/a.json")()
    for prefix in ("accounts", "tokens", "token-uses", "audit-trail"):
        put("gateway", f"{prefix}/a.json")()
        assert get("gateway", f"{prefix}/a.json")() == b"x"
    remove("dispatcher", "audit-trail/a.json")()
    remove("dispatcher", "jobs/a.json")()
    for refused in (
        put("isgri", "requests/b.json"),
        put("gateway", "products/00/b/manifest.json"),
        put("cache", "products/00/b/manifest.json"),
        remove("isgri", "requests/a.json"),
        remove("gateway", "requests/a.json"),
        remove("gateway", "jobs/a.json"),
        remove("dispatcher", "requests/a.json"),
        remove("cache", "evicted/a.json"),
        put("cache", "pins/a.json"),
        get("jemx", "jobs/a.json"),
        get("isgri", "requests/a.json"),
        put("dispatcher", "requests/a.json"),
        put("dispatcher", "jobs/a.json"),
        # Who may call is the gateway's business, and what it notes it cannot take back.
        *(get(service, f"{prefix}/a.json") for service in ("isgri", "dispatcher") for prefix in ("accounts", "tokens")),
        put("dispatcher", "accounts/b.json"),
        put("cache", "tokens/b.json"),
        *(remove("gateway", f"{prefix}/a.json") for prefix in ("accounts", "tokens", "audit-trail")),
    ):
        with pytest.raises(S3Error, match="AccessDenied"):
            refused()


def test_broker_accounts(stack: Stack) -> None:
    stack.rabbitmq.ensure()
    with pytest.raises(pika.exceptions.ProbableAuthenticationError):
        _connect(stack, "guest", "guest")
    with _channel(stack, "gateway") as channel:
        channel.basic_publish("mesh.requests", "submit.isgri", b"{}", mandatory=True)
    with _channel(stack, "dispatcher") as channel:
        _, _, body = channel.basic_get("requests.dispatcher", auto_ack=True)
        assert body == b"{}"
    with _channel(stack, "isgri") as channel:
        channel.queue_declare("control.isgri.one", exclusive=True, auto_delete=True)
        for word in ("cancel", "follow"):
            channel.queue_bind("control.isgri.one", "mesh.control", f"{word}.isgri")
        channel.queue_delete("control.isgri.one")


@pytest.mark.parametrize("exchange", ["mesh.events", "mesh.retry.5s", "mesh.retry.10m"])
def test_an_instrument_speaks_of_its_own_units_alone(stack: Stack, exchange: str) -> None:
    stack.rabbitmq.ensure()
    events = exchange == "mesh.events"
    own = ("unit.isgri.done", "unit.isgri.step", "log.isgri") if events else ("isgri.user", "isgri.alert")
    others = ("unit.jemx.done", "unit.isgri", "job.completed", "log.jemx") if events else ("jemx.user", "isgri.other")
    with _channel(stack, "isgri") as channel:
        for key in own:
            channel.basic_publish(exchange, key, b"{}")
    for key in others:
        with (
            pytest.raises(pika.exceptions.ChannelClosedByBroker, match="ACCESS_REFUSED"),
            _channel(stack, "isgri") as channel,
        ):
            channel.basic_publish(exchange, key, b"{}")


def test_a_retried_unit_comes_back_to_its_lane(stack: Stack) -> None:
    stack.rabbitmq.ensure()
    with _channel(stack, "admin") as channel:
        channel.queue_purge("units.jemx.batch")
    with _channel(stack, "jemx") as channel:
        channel.basic_publish("mesh.retry.5s", "jemx.batch", b"again", mandatory=True)
        body = None
        while body is None:  # pytest's own time limit ends a hopeless wait
            channel.connection.sleep(0.2)
            _, _, body = channel.basic_get("units.jemx.batch", auto_ack=True)
    assert body == b"again"


def test_exchanges_of_an_earlier_topology_are_made_anew(stack: Stack) -> None:
    stack.rabbitmq.ensure()
    with _channel(stack, "admin") as channel:
        channel.exchange_delete("mesh.retry.5s")
        channel.exchange_declare("mesh.retry.5s", "fanout", durable=True)
        channel.queue_bind("retry.5s", "mesh.retry.5s", "")
    stack.rabbitmq.ensure()
    wanted = {(one["source"], one["destination"], one["routing_key"]) for one in topology.definitions()["bindings"]}
    assert wanted <= stack.rabbitmq.bindings()
    assert ("mesh.retry.5s", "retry.5s", "") not in stack.rabbitmq.bindings()


@pytest.mark.parametrize(
    ("service", "action"),
    [
        ("gateway", lambda channel: channel.basic_publish("mesh.control", "cancel.isgri", b"")),
        ("gateway", lambda channel: channel.basic_publish("mesh.requests", "retry.isgri", b"")),
        ("dispatcher", lambda channel: channel.basic_publish("mesh.requests", "submit.isgri", b"")),
        ("dispatcher", lambda channel: channel.basic_publish("mesh.retry.5s", "isgri.user", b"")),
        ("dispatcher", lambda channel: channel.basic_publish("mesh.events", "unit.isgri.done", b"")),
        ("dispatcher", lambda channel: channel.queue_declare("control.dispatcher.one", exclusive=True)),
        ("dispatcher", lambda channel: channel.basic_publish("mesh.dead", "isgri.user", b"")),
        ("cache", lambda channel: channel.basic_publish("mesh.events", "unit.isgri.done", b"")),
        ("cache", lambda channel: channel.queue_declare("control.cache.one", exclusive=True)),
        ("isgri", lambda channel: channel.basic_publish("mesh.dead", "isgri.user", b"")),
        ("gateway", lambda channel: channel.basic_publish("mesh.units", "isgri.user", b"")),
        ("isgri", lambda channel: channel.basic_get("units.jemx.user")),
        ("isgri", lambda channel: channel.basic_get("requests.dispatcher")),
        ("isgri", lambda channel: channel.queue_declare("control.jemx.one", exclusive=True)),
        ("dispatcher", lambda channel: channel.queue_delete("units.isgri.user")),
        ("dispatcher", lambda channel: channel.basic_get("dead.events")),
        ("isgri", lambda channel: channel.basic_get("dead.isgri")),
        ("gateway", lambda channel: channel.basic_get("units.isgri.user")),
    ],
)
def test_broker_refuses(stack: Stack, service: str, action: Callable[[Any], Any]) -> None:
    stack.rabbitmq.ensure()
    with (
        pytest.raises(pika.exceptions.ChannelClosedByBroker, match="ACCESS_REFUSED"),
        _channel(stack, service) as channel,
    ):
        action(channel)


def test_topology_is_what_the_generator_says(stack: Stack) -> None:
    stack.rabbitmq.ensure()
    # A binding of an earlier topology goes at the next set-up; a queue of somebody else keeps its own.
    with _channel(stack, "admin") as channel:
        channel.queue_bind("events.aggregate", "mesh.events", "obsolete")
        channel.queue_declare("elsewhere", durable=True, arguments={"x-queue-type": "quorum"})
        channel.queue_bind("elsewhere", "mesh.events", "obsolete")
    stack.rabbitmq.ensure()
    bindings = stack.rabbitmq.bindings()
    wanted = {(one["source"], one["destination"], one["routing_key"]) for one in topology.definitions()["bindings"]}
    assert bindings - wanted == {("mesh.events", "elsewhere", "obsolete")}
    assert wanted <= bindings
    with _channel(stack, "admin") as channel:
        channel.queue_delete("elsewhere")


def test_a_new_password_replaces_the_old_one(stack: Stack) -> None:
    for server in (stack.redis, stack.store, stack.rabbitmq):
        server.ensure()
    accounts = dict(stack.setting.credentials.accounts)
    accounts["jemx"] = Account.generate("jemx")
    renewed = replace(stack.setting, credentials=Credentials(accounts))
    for server in (RedisServer(renewed), ObjectStore(renewed), RabbitmqServer(renewed)):
        assert server.ensure().endswith("already answers")
    ends, old, new = renewed.endpoints, stack.setting.credentials["jemx"], accounts["jemx"]
    _connect(stack, "jemx", new.amqp_password).close()
    with pytest.raises(pika.exceptions.ProbableAuthenticationError):
        _connect(stack, "jemx", old.amqp_password)
    with redis.Redis(ends.redis_host, ends.redis_port, username="jemx", password=new.redis_password) as client:
        assert client.get("product:none") is None
    with pytest.raises(redis.exceptions.AuthenticationError), _redis(stack, "jemx") as client:
        client.get("product:none")
    if not stack.store.stands_in:
        with pytest.raises(S3Error, match="SignatureDoesNotMatch"):
            _store(stack, "jemx").bucket_exists(ends.bucket)
    for server in (stack.redis, stack.store, stack.rabbitmq):
        server.ensure()  # the fixture's own accounts again


def test_unroutable_units_are_kept(stack: Stack) -> None:
    stack.rabbitmq.ensure()
    with _channel(stack, "dispatcher") as channel:
        channel.basic_publish("mesh.units", "nobody.user", b"lost", mandatory=True)
    with _channel(stack, "admin") as channel:
        _, _, body = channel.basic_get("unrouted", auto_ack=True)
    assert body == b"lost"
