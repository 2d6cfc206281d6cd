"""Connects to Redis, and turns every way in which it can be out of reach into one error."""

from collections.abc import Iterator
from contextlib import contextmanager

import redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ReadOnlyError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from mesh.errors import StoreUnavailable
from mesh.settings import RedisSettings

_CONNECT_SECONDS = 3.0
_ANSWER_SECONDS = 10.0
_CONNECTIONS = 32


def redis_client(settings: RedisSettings, database: int = 0) -> redis.Redis:
    """Return a client whose connections are shared by the green threads or threads of one process.

    Texts come back as str. A connection that the server closed while it was idle is opened again without a word, before
    anything is sent on it. Nothing is ever sent twice: an answer that was lost may be one that matters, so retries
    belong to the callers.
    """
    pool = redis.BlockingConnectionPool(  # type: ignore[no-untyped-call]
        host=settings.host,
        port=settings.port,
        username=settings.user,
        password=settings.password,
        db=database,
        max_connections=_CONNECTIONS,
        timeout=_ANSWER_SECONDS,
        socket_connect_timeout=_CONNECT_SECONDS,
        socket_timeout=_ANSWER_SECONDS,
        decode_responses=True,
        protocol=2,
        retry=Retry(NoBackoff(), 0),
    )
    return redis.Redis(connection_pool=pool)


@contextmanager
def redis_answers() -> Iterator[None]:
    """Turn connection errors into StoreUnavailable; usable as a decorator.

    Raises:
        StoreUnavailable: Redis cannot be reached, is loading its data, or does not answer in time.
    """
    try:
        yield
    except (RedisConnectionError, RedisTimeoutError, ReadOnlyError) as error:
        # The text of the error names host and port, never the password.
        raise StoreUnavailable("RedisUnavailable", f"Redis does not answer ({error}); is it up?") from error
