"""The function library on a real Redis: it comes back where the server forgot it, and no answer is asked for twice."""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis

from mesh.contracts import Analysis
from mesh.errors import StoreUnavailable
from mesh.settings import Connections
from mesh.store.connect import redis_client
from mesh.store.jobs import Jobs
from mesh.store.leases import Leases
from mesh.store.library import Library, version
from mesh.store.objects import Objects
from mesh.store.runs import Runs
from tests.integration.store.corner import MakeJob


def test_it_comes_back_where_the_server_forgot_it(index: redis.Redis) -> None:
    leases = Leases(index)
    index.function_flush()
    assert leases.take("k", "one", 60)
    index.function_flush()
    assert not leases.take("k", "two", 60)


def test_it_outlives_the_data_and_another_version(index: redis.Redis) -> None:
    Library(index).load()
    index.function_load("#!lua name=odamesh_other\nredis.register_function('load_other', function() return 7 end)")
    index.flushdb()
    listed = {library[1] for library in index.function_list("odamesh_*")}
    assert {f"odamesh_{version()}", "odamesh_other"} <= listed
    assert index.fcall("load_other", 0) == 7
    Library(index).load()
    index.function_delete("odamesh_other")


def test_who_may_not_load_it_says_who_does(index: redis.Redis, server_settings: Connections) -> None:
    index.acl_setuser("drill", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-function"])
    try:
        settings = server_settings.redis.model_copy(update={"user": "drill", "password": "any"})
        index.function_flush()
        with pytest.raises(StoreUnavailable, match="the dispatcher of that version loads them"):
            Leases(redis_client(settings)).take("drill", "one", 1)
    finally:
        index.acl_deluser("drill")


@contextmanager
def losing_answers(settings: Connections) -> Iterator[tuple[int, list[bytes]]]:
    """Forward a port to Redis; the answer to each command that the list holds is lost, once, with its connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    lost: list[bytes] = []

    def serve(client: socket.socket) -> None:
        dropping = False
        with client, socket.create_connection((settings.redis.host, settings.redis.port)) as server:
            while True:
                for end in select.select([client, server], [], [])[0]:
                    data = end.recv(1 << 16)
                    if not data or (dropping and end is server):
                        return
                    if end is client and (word := next((word for word in lost if word in data), None)):
                        lost.remove(word)
                        dropping = True
                    (server if end is client else client).sendall(data)

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(client,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1], lost
    finally:
        listener.close()


def test_a_call_whose_answer_is_lost_is_not_repeated(
    index: redis.Redis, objects: Objects, server_settings: Connections, analysis: Analysis, make_job: MakeJob
) -> None:
    Library(index).load()
    job = make_job()
    Jobs(objects, index).submit(analysis, job)
    with losing_answers(server_settings) as (port, lost):
        settings = server_settings.redis.model_copy(update={"host": "127.0.0.1", "port": port})
        database = index.connection_pool.connection_kwargs["db"]
        runs = Runs(redis_client(settings, database))
        lost.append(b"open_")
        with pytest.raises(StoreUnavailable):
            runs.open(analysis, job, {}, job.submitted)
        assert lost == []
        assert runs.open(analysis, job, {}, job.submitted) == (job.job_id, False), "it did run, once"


def test_a_connection_that_was_closed_while_idle_is_opened_again(
    index: redis.Redis, server_settings: Connections
) -> None:
    database = index.connection_pool.connection_kwargs["db"]
    client = redis_client(server_settings.redis, database)
    number = client.client_id()
    index.client_kill_filter(_id=str(number))
    assert client.set("kept", "1")
    assert client.client_id() != number
