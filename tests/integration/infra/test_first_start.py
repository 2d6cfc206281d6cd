"""A broker that was ended in its very first start begins anew, and none goes on without the mesh's queues."""

import os
import signal
import time

import pika
import pytest

from infra.stack.credentials import ADMIN
from infra.stack.problem import SetupProblem
from infra.stack.process import PidFile
from infra.stack.rabbitmq_server import NODE, RabbitmqServer
from infra.stack.stack import Stack

_PATIENCE_S = 120.0
_QUEUE = "units.isgri.user"


def _launch_and_kill(server: RabbitmqServer) -> None:
    """Start it, and SIGKILL it as soon as its data base is begun: from then on it takes itself for an old one."""
    server.prepare()
    server.launch()
    data_base = server.directory / "mnesia" / NODE / "schema.DAT"
    end = time.monotonic() + _PATIENCE_S
    while not data_base.exists():
        assert time.monotonic() < end, f"no data base after {_PATIENCE_S:g} s; see {server.log}"
        time.sleep(0.001)
    for pid_file in (server.pid_file, PidFile(server.layout.run / "epmd.pid")):
        record = pid_file.read()
        assert record is not None, f"{pid_file.path} names no running process"
        os.kill(record.pid, signal.SIGKILL)
        while record.alive():
            time.sleep(0.01)


def _connection(stack: Stack) -> pika.BlockingConnection:
    ends, admin = stack.setting.endpoints, stack.setting.credentials[ADMIN]
    login = pika.PlainCredentials(admin.amqp_user, admin.amqp_password)
    return pika.BlockingConnection(pika.ConnectionParameters(ends.amqp_host, ends.amqp_port, ends.amqp_vhost, login))


def test_a_broker_killed_in_its_first_start_begins_anew(stack: Stack) -> None:
    _launch_and_kill(stack.rabbitmq)
    assert stack.rabbitmq.ensure().endswith("started")
    with _connection(stack) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        kept = pika.BasicProperties(delivery_mode=2)
        channel.basic_publish("mesh.units", _QUEUE.removeprefix("units."), b"taken", kept, mandatory=True)
        _, _, body = channel.basic_get(_QUEUE, auto_ack=True)
    assert body == b"taken"


def test_a_broker_that_makes_no_queue_is_told_of(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    stack.rabbitmq.ensure()
    with _connection(stack) as connection:
        connection.channel().queue_delete(_QUEUE)
    with monkeypatch.context() as patch:
        # As by a broker that answers as if it had imported something.
        patch.setattr(stack.rabbitmq, "_import", lambda _: None)
        with pytest.raises(SetupProblem, match=rf"RabbitMQ at .* made no queue {_QUEUE}; its log says why"):
            stack.rabbitmq.ensure()
    stack.rabbitmq.ensure()
    with _connection(stack) as connection:
        connection.channel().queue_declare(_QUEUE, passive=True)
