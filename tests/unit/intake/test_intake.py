"""Intake: who may do what, one job for one key, and the truth about what became of a wish."""

import pytest

from mesh.contracts import CancelJob, DeleteJob, Job, Lane
from mesh.errors import BrokerUnavailable, Deleted, NotFound, StoreUnavailable
from mesh.intake import Caller, Role, Trace, Wish
from mesh.intake.errors import JobFinal, KeyReused, NotAllowed, WishRefused
from mesh.states import JobState
from tests.unit.intake.conftest import ADA, WISH, Mesh

_OTHER = WISH.model_copy(update={"parameters": {"bands": [[40, 80]]}})
_NO_BROKER = BrokerUnavailable("NoConfirm", "amqp://gateway:secret@10.0.0.1 does not confirm")
_NO_INDEX = StoreUnavailable("RedisUnavailable", "10.0.0.1:6379 refused")


def test_a_wish_is_stored_before_it_is_published(mesh: Mesh) -> None:
    view = mesh.intake.submit(WISH, ADA, trace=Trace("r1"))
    ((key, document, message_id, headers),) = mesh.publisher.sent
    assert isinstance(document, Job)
    assert (key, message_id, document.user) == ("submit.isgri", view.job_id, "ada")
    assert headers == {"x-user": "ada", "x-lane": "user", "x-request-id": "r1"}
    assert view.job_id in mesh.publisher.stored_then[0]


def test_one_key_is_one_job_of_one_caller(mesh: Mesh) -> None:
    first = mesh.submit(key="k")
    assert mesh.submit(key="k").job_id == first.job_id
    assert mesh.submit(caller=Caller(name="bob"), key="k").job_id != first.job_id
    with pytest.raises(KeyReused):
        mesh.submit(_OTHER, key="k")


def test_of_two_at_once_with_one_key_one_wins(mesh: Mesh) -> None:
    """The other was stored after this one had looked and found nothing."""
    winner = mesh.submit(_OTHER, key="k")
    del mesh.records.views[winner.job_id]
    with pytest.raises(KeyReused):
        mesh.submit(key="k")
    assert len(mesh.publisher.sent) == 1


def test_of_two_equal_ones_at_once_both_get_the_job(mesh: Mesh) -> None:
    first = mesh.submit(key="k")
    del mesh.records.views[first.job_id]
    assert mesh.submit(key="k").job_id == first.job_id
    assert len(mesh.records.jobs) == 1


def test_the_key_of_a_deleted_job_makes_no_new_one(mesh: Mesh) -> None:
    view = mesh.submit(key="k")
    mesh.records.deleted[view.job_id] = view.request_key
    with pytest.raises(Deleted):
        mesh.submit(key="k")


def test_without_a_broker_the_job_is_taken_and_says_what_it_waits_for(mesh: Mesh) -> None:
    mesh.publisher.error = _NO_BROKER
    view = mesh.submit()
    assert "broker" in view.waits
    assert "secret" not in view.waits
    assert mesh.intake.look(view.job_id, ADA).state is JobState.PENDING, "the index has it: the sweep finds it"


def test_without_an_index_the_message_alone_brings_the_job_on_its_way(mesh: Mesh) -> None:
    mesh.records.index_error = _NO_INDEX
    view = mesh.submit()
    assert (view.state, view.waits) == (JobState.PENDING, "")
    assert [entry[2] for entry in mesh.publisher.sent] == [view.job_id]


def test_without_both_nothing_is_promised_and_the_same_key_goes_on(mesh: Mesh) -> None:
    mesh.records.index_error, mesh.publisher.error = _NO_INDEX, _NO_BROKER
    with pytest.raises(StoreUnavailable, match="send it again"):
        mesh.submit(key="k")
    mesh.records.index_error = mesh.publisher.error = None
    view = mesh.submit(key="k")
    assert [view.job_id] == list(mesh.records.jobs)


def test_what_is_not_stored_is_refused(mesh: Mesh) -> None:
    mesh.records.error = _NO_INDEX
    with pytest.raises(StoreUnavailable):
        mesh.submit()
    assert mesh.publisher.sent == []


def test_a_lane_is_for_those_who_may_use_it(mesh: Mesh) -> None:
    alert = WISH.model_copy(update={"lane": Lane.ALERT})
    with pytest.raises(NotAllowed, match="allowed: batch, user"):
        mesh.submit(alert)
    assert mesh.submit(alert, Caller.anybody("broker")).lane is Lane.ALERT


def test_only_the_owner_or_an_operator_may_end_what_others_may_see(mesh: Mesh) -> None:
    view = mesh.intake.share(mesh.submit().job_id, ADA, shared=True)
    stranger, operator = Caller(name="bob"), Caller(name="eve", roles=frozenset({Role.OPERATOR}))
    assert mesh.intake.look(view.job_id, stranger) == view
    for end in (mesh.intake.cancel, mesh.intake.delete):
        with pytest.raises(NotAllowed, match="ada"):
            end(view.job_id, stranger)
        assert end(view.job_id, ADA) == end(view.job_id, operator) == view
    assert [type(entry[1]) for entry in mesh.publisher.sent] == [Job, CancelJob, CancelJob, DeleteJob, DeleteJob]


def test_a_job_that_has_ended_can_be_deleted_and_not_cancelled(mesh: Mesh) -> None:
    view = mesh.submit()
    mesh.records.finish(view.job_id)
    with pytest.raises(JobFinal, match="COMPLETED"):
        mesh.intake.cancel(view.job_id, ADA)
    mesh.intake.delete(view.job_id, ADA)


def test_a_cancel_that_is_not_passed_on_says_so(mesh: Mesh) -> None:
    view = mesh.submit()
    mesh.publisher.error = _NO_BROKER
    with pytest.raises(BrokerUnavailable):
        mesh.intake.cancel(view.job_id, ADA)


def test_a_request_is_made_again_from_its_key(mesh: Mesh) -> None:
    view = mesh.submit()
    again = mesh.intake.again(view.request_key, Caller(name="bob"), lane=Lane.BATCH)
    assert (again.request_key, again.user, again.lane) == (view.request_key, "bob", Lane.BATCH)


@pytest.mark.parametrize("key", ["", "0" * 63, "0" * 64, "é" * 64, "0" * 64 + "\n", "x" * 100_000])
def test_what_is_no_key_is_not_found_with_a_short_sentence(mesh: Mesh, key: str) -> None:
    for find in (mesh.intake.request, lambda text: mesh.intake.look(text, ADA)):
        with pytest.raises(NotFound) as caught:
            find(key)
        assert len(str(caught.value)) < 300


def test_short_names_of_products_are_the_same_analysis(mesh: Mesh) -> None:
    short = Wish.model_validate({**WISH.model_dump(), "product": "image"})
    assert mesh.submit(short).request_key == mesh.submit().request_key


_DRAFT = WISH.model_copy(update={"draft": True, "labels": ("mine",), "destroy_after": "2030-01-01T01:00:00+01:00"})


def test_a_draft_is_kept_and_begins_when_its_owner_starts_it(mesh: Mesh) -> None:
    view = mesh.submit(_DRAFT)
    assert (view.draft, view.labels, view.destroy_after) == (True, ("mine",), "2030-01-01T00:00:00Z")
    assert mesh.publisher.sent == []
    with pytest.raises(NotFound):
        mesh.intake.start(view.job_id, Caller(name="bob"))
    started = mesh.intake.start(view.job_id, ADA)
    assert not started.draft
    assert mesh.intake.start(view.job_id, ADA) == started
    ((key, document, _, _),) = mesh.publisher.sent
    assert (key, document) == ("submit.isgri", mesh.records.jobs[view.job_id])


def test_a_draft_that_was_cancelled_cannot_be_started(mesh: Mesh) -> None:
    view = mesh.submit(_DRAFT)
    mesh.records.finish(view.job_id, JobState.ABORTED)
    with pytest.raises(JobFinal):
        mesh.intake.start(view.job_id, ADA)


def test_a_draft_that_the_index_does_not_know_is_not_promised(mesh: Mesh) -> None:
    mesh.records.index_error = _NO_INDEX
    with pytest.raises(StoreUnavailable):
        mesh.submit(_DRAFT)


def test_what_was_sent_is_kept_as_it_was_and_not_published(mesh: Mesh) -> None:
    asked = {"T1": "58420.0", "src_name": "Crab"}
    view = mesh.intake.submit(WISH, ADA, face="oda", asked=asked)
    assert (view.face, view.owner) == ("oda", "ada")
    assert mesh.intake.asked(view.job_id, ADA) == asked
    assert mesh.publisher.sent[0][1].asked is None  # type: ignore[attr-defined]
    long = mesh.intake.submit(WISH, ADA, asked={"list": "x" * mesh.limits.asked_bytes})
    assert mesh.intake.asked(long.job_id, ADA) is None


@pytest.mark.parametrize(
    ("change", "field"),
    [({"labels": ("x",) * 17}, "labels"), ({"destroy_after": "soon"}, "destroy_after")],
    ids=["labels", "destroy_after"],
)
def test_labels_and_times_are_checked(mesh: Mesh, change: dict[str, object], field: str) -> None:
    with pytest.raises(WishRefused) as caught:
        mesh.submit(WISH.model_copy(update=change))
    assert [error.field for error in caught.value.errors] == [field]
