"""Servers start on what a killed run left behind, and their data are still there."""

import io
import os
import signal
import time
from dataclasses import replace

import minio
import pika
import pytest
import redis

from infra.stack import engine
from infra.stack.credentials import ADMIN, Account
from infra.stack.problem import SetupProblem
from infra.stack.process import PidFile
from infra.stack.redis_server import RedisServer
from infra.stack.server import Server
from infra.stack.stack import Stack


def _kill(server: Server, *others: PidFile) -> None:
    """SIGKILL, as a power cut would: no goodbye, pid files and sockets stay."""
    for pid_file in (server.pid_file, *others):
        record = pid_file.read()
        assert record is not None
        os.kill(record.pid, signal.SIGKILL)
        while record.alive():
            time.sleep(0.01)


def _admin(stack: Stack) -> Account:
    return stack.setting.credentials[ADMIN]


def test_redis_keeps_what_it_confirmed(stack: Stack) -> None:
    stack.redis.ensure()
    ends, admin = stack.setting.endpoints, _admin(stack)
    user, password = admin.redis_user, admin.redis_password
    with redis.Redis(ends.redis_host, ends.redis_port, username=user, password=password) as client:
        client.set("unit:kept", "yes")
        with client.pipeline(transaction=True) as transaction:
            transaction.set("unit:one", "1").hset("unit:two", "field", "2").execute()
        client.eval("redis.call('SET', 'unit:three', '3') redis.call('SADD', 'unit:four', '4')", 0)
        time.sleep(1.5)  # it writes every second
    _kill(stack.redis)
    assert not stack.redis.state().up
    assert stack.redis.ensure().endswith("started")
    with redis.Redis(ends.redis_host, ends.redis_port, username=user, password=password) as client:
        assert client.get("unit:kept") == b"yes"
        assert (client.get("unit:one"), client.hget("unit:two", "field")) == (b"1", b"2"), "a transaction was left out"
        assert (client.get("unit:three"), client.scard("unit:four")) == (b"3", 1), "a script was left out"


def test_object_store_keeps_objects(stack: Stack) -> None:
    stack.store.ensure()
    ends, admin = stack.setting.endpoints, _admin(stack)
    client = minio.Minio(ends.s3_endpoint, admin.s3_access_key, admin.s3_secret_key, secure=False)
    client.put_object(ends.bucket, "products/00/kept", io.BytesIO(b"yes"), 3)
    _kill(stack.store)
    assert stack.store.ensure().endswith("started")
    assert client.get_object(ends.bucket, "products/00/kept").read() == b"yes"


def test_broker_keeps_confirmed_messages(stack: Stack) -> None:
    stack.rabbitmq.ensure()
    ends, admin = stack.setting.endpoints, _admin(stack)
    login = pika.PlainCredentials(admin.amqp_user, admin.amqp_password)
    address = pika.ConnectionParameters(ends.amqp_host, ends.amqp_port, ends.amqp_vhost, login)
    with pika.BlockingConnection(address) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        kept = pika.BasicProperties(delivery_mode=2)
        channel.basic_publish("mesh.units", "isgri.user", b"kept", kept, mandatory=True)
    _kill(stack.rabbitmq, PidFile(stack.setting.layout.run / "epmd.pid"))
    assert stack.rabbitmq.ensure().endswith("started")
    with pika.BlockingConnection(address) as connection:
        _, _, body = connection.channel().basic_get("units.isgri.user", auto_ack=True)
    assert body == b"kept"


def test_prometheus_starts_again(stack: Stack) -> None:
    stack.prometheus.ensure()
    _kill(stack.prometheus)
    assert stack.prometheus.ensure().endswith("started")


def test_engine_keeps_images(stack: Stack) -> None:
    if not engine.possible():
        pytest.skip("an engine of our own needs root and docker.io")
    if stack.engine.version() is not None:
        pytest.skip("this machine's own Docker engine answers and is used")
    stack.engine.ensure()
    with engine.client(stack.engine.address) as client:
        image_id = client.api.import_image_from_data(b"\0" * 10240, repository="kept", tag="latest")
        assert image_id
    run = stack.engine.layout.run
    _kill(stack.engine, PidFile(run / "containerd.pid"))
    # The pid that a killed engine recorded may belong to anybody by now: here to this very test.
    (run / "dockerd.pid").write_text(str(os.getpid()))
    assert stack.engine.ensure().endswith("started")
    with engine.client(stack.engine.address) as client:
        assert [image.tags for image in client.images.list()] == [["kept:latest"]]


def test_stopped_servers_are_down_and_only_ours_are_stopped(stack: Stack) -> None:
    stack.redis.ensure()
    assert stack.redis.state().started_by.startswith("this stack")
    pid_file = stack.redis.pid_file
    record = pid_file.read()
    assert record is not None
    pid_file.remove()  # as if somebody else had started it
    assert stack.redis.stop() is False
    assert stack.redis.state().started_by == "found running"
    pid_file.write(record)
    assert stack.redis.stop() is True
    assert not stack.redis.state().up


def test_a_taken_port_is_one_clear_line(stack: Stack) -> None:
    stack.redis.stop()
    ends = stack.setting.endpoints
    stack.store.ensure()
    taken = replace(ends, redis_port=int(ends.s3_endpoint.rpartition(":")[2]))
    stranger = RedisServer(replace(stack.setting, endpoints=taken))
    with pytest.raises(SetupProblem, match=r"taken by another process: set ODAMESH_REDIS_PORT"):
        stranger.ensure()
