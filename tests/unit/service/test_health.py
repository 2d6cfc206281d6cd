"""What the health pages say."""

import json
from typing import Any, cast

import pytest

from mesh.broker.publisher import Publisher
from mesh.broker.session import Session
from mesh.errors import EngineUnavailable
from mesh.runner.protocol import Runner
from mesh.service.health import Readiness, health_page
from mesh.service.open_worker import look_at_engine
from mesh.settings import BrokerSettings
from tests.broken_instrument import FAULT, broken


@pytest.fixture
def session() -> Session:
    settings = BrokerSettings(host="127.0.0.1", port=1, user="nobody", password="")
    return Session(settings, "isgri", "isgri-1", Publisher(settings, name="test"))


@pytest.fixture
def readiness(session: Session) -> Readiness:
    return Readiness(session)


def ask(readiness: Readiness, path: str) -> tuple[int, Any]:
    status, media_type, body = health_page(readiness, path)
    assert media_type == "application/json"
    return int(status.split()[0]), json.loads(body)["reasons"]


def test_a_process_that_answers_lives(readiness: Readiness) -> None:
    assert ask(readiness, "/livez") == (200, [])


def test_it_is_not_ready_before_its_consumers_are_made(readiness: Readiness, session: Session) -> None:
    assert ask(readiness, "/readyz") == (503, ["starting"])

    session.waits_for = "no container engine listens"
    session.attached["units.isgri.user"] = False

    assert ask(readiness, "/readyz") == (503, ["no container engine listens"])


def test_it_names_the_queue_without_a_consumer(readiness: Readiness, session: Session) -> None:
    session.attached.update({"units.isgri.user": True, "units.isgri.alert": False})

    assert ask(readiness, "/readyz") == (503, ["no consumer on units.isgri.alert"])


def test_it_says_why_a_queue_has_no_consumer(readiness: Readiness, session: Session) -> None:
    session.attached.update({"units.isgri.user": False, "units.isgri.alert": False, "control": True})
    session.lost.update(dict.fromkeys(session.attached, "ACCESS_REFUSED"))

    assert ask(readiness, "/readyz") == (
        503,
        ["no consumer on units.isgri.user, units.isgri.alert: ACCESS_REFUSED"],
    )


def test_it_is_ready_when_all_consume_and_not_while_draining(readiness: Readiness, session: Session) -> None:
    session.attached["units.isgri.user"] = True
    assert ask(readiness, "/readyz") == (200, [])

    session.draining = True

    assert ask(readiness, "/readyz") == (503, ["draining"])
    assert ask(readiness, "/livez") == (200, [])


def test_an_engine_that_is_away_later_shows_as_long_as_it_is(readiness: Readiness, session: Session) -> None:
    class Runs:
        away = True

        def ping(self) -> None:
            if self.away:
                raise EngineUnavailable("EngineUnavailable", "no container engine listens")

    session.attached["units.isgri.user"] = True
    runner = Runs()
    look_at_engine(session, cast(Runner, runner))
    status, reasons = ask(readiness, "/readyz")
    assert (status, "no container engine listens" in reasons[0]) == (503, True)
    runner.away = False
    look_at_engine(session, cast(Runner, runner))
    assert ask(readiness, "/readyz") == (200, [])


def test_it_names_the_instruments_that_are_left_out(readiness: Readiness, session: Session) -> None:
    session.attached["units.isgri.user"] = True
    with broken("jemx"):
        _, _, body = health_page(readiness, "/readyz")
        assert ask(readiness, "/readyz") == (200, [])
    assert json.loads(body)["left_out"] == {"jemx": FAULT}


def test_metrics_are_those_of_the_mesh(readiness: Readiness) -> None:
    status, media_type, body = health_page(readiness, "/metrics")

    assert status == "200 OK"
    assert media_type.startswith("text/plain")
    assert b"# TYPE odamesh_deliveries_total counter" in body


def test_prometheus_is_told_in_the_format_that_holds_examples_of_traces(readiness: Readiness) -> None:
    accepted = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
    _, media_type, body = health_page(readiness, "/metrics", accepted)
    assert media_type.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")


def test_other_pages_do_not_exist(readiness: Readiness) -> None:
    assert ask(readiness, "/")[0] == 404
