"""Who may see, change and submit what: owners, strangers, operators, callers without account, tokens for less."""

import pytest

from mesh.accounts.roles import Roles, Rule
from mesh.contracts import JobView, Lane, TrailEntry
from mesh.errors import NotFound
from mesh.intake import Caller, Intake, Scope, Wish
from mesh.intake.errors import NotAllowed, RoleMissing
from tests.unit.intake.conftest import ADA, WISH, Mesh

BOB = Caller(name="bob")
OPERATOR = Caller.with_roles("eve", frozenset({"operator"}))
HERE, THERE = Caller(name="anonymous@111111111111"), Caller(name="anonymous@222222222222")
READS = frozenset({Scope.READ})


def test_a_job_is_seen_by_its_owner_and_operators_until_it_is_shared(mesh: Mesh) -> None:
    job = mesh.submit().job_id
    for caller in (ADA, OPERATOR):
        assert mesh.intake.look(job, caller).job_id == job
    for caller in (BOB, HERE):
        with pytest.raises(NotFound, match="its owner can share it"):
            mesh.intake.look(job, caller)
    assert mesh.intake.share(job, ADA, shared=True).shared
    for caller in (BOB, HERE):
        assert mesh.intake.look(job, caller).shared
        with pytest.raises(NotAllowed, match="belongs to ada"):
            mesh.intake.share(job, caller, shared=False)
    mesh.intake.share(job, OPERATOR, shared=False)
    with pytest.raises(NotFound):
        mesh.intake.look(job, BOB)


def test_a_job_without_account_is_known_by_its_id_and_changed_from_where_it_came(mesh: Mesh) -> None:
    view = mesh.submit(caller=HERE)
    assert (view.user, view.owner) == ("anonymous", HERE.name), "all of them share one share of the mesh"
    assert mesh.intake.look(view.job_id, THERE).job_id == view.job_id
    with pytest.raises(NotAllowed):
        mesh.intake.cancel(view.job_id, THERE)
    mesh.intake.cancel(view.job_id, HERE)


def test_equal_keys_of_callers_without_account_are_different_jobs(mesh: Mesh) -> None:
    assert mesh.submit(caller=HERE, key="k").job_id != mesh.submit(caller=THERE, key="k").job_id


def test_a_list_is_of_the_caller_alone_and_of_an_operator_everything(mesh: Mesh) -> None:
    own, other = mesh.submit().job_id, mesh.submit(caller=BOB).job_id
    assert _ids(mesh.intake.jobs(ADA)) == [own]
    assert _ids(mesh.intake.jobs(OPERATOR)) == [other, own]
    assert _ids(mesh.intake.jobs(OPERATOR, user="bob")) == [other]
    for caller, user in ((ADA, "bob"), (HERE, None), (HERE, "anonymous")):
        with pytest.raises(NotAllowed):
            mesh.intake.jobs(caller, user=user)


def test_the_first_digits_of_an_id_open_nothing_that_is_shared_by_its_whole_id(mesh: Mesh) -> None:
    for caller in (ADA, HERE):
        job = mesh.submit(caller=caller).job_id
        assert _ids(mesh.intake.alike(job[:6], caller)) == [job]
        assert _ids(mesh.intake.alike(job[:6], OPERATOR)) == [job]
        if caller is ADA:
            mesh.intake.share(job, ADA, shared=True)
        assert mesh.intake.alike(job[:6], BOB) == []


@pytest.mark.parametrize("deed", ["submit", "cancel", "delete", "start", "share"])
def test_a_token_for_reading_changes_nothing(mesh: Mesh, deed: str) -> None:
    job = mesh.submit().job_id
    reader = ADA.model_copy(update={"scopes": READS})
    assert mesh.intake.look(job, reader).job_id == job
    deeds = {
        "submit": lambda: mesh.submit(caller=reader),
        "share": lambda: mesh.intake.share(job, reader, shared=True),
        "cancel": lambda: mesh.intake.cancel(job, reader),
        "delete": lambda: mesh.intake.delete(job, reader),
        "start": lambda: mesh.intake.start(job, reader),
    }
    with pytest.raises(NotAllowed, match="this needs the scope write"):
        deeds[deed]()


def test_an_operator_with_a_token_for_less_is_none(mesh: Mesh) -> None:
    job = mesh.submit().job_id
    less = Caller.with_roles("eve", frozenset({"operator"}), scopes=frozenset({Scope.READ, Scope.WRITE}))
    with pytest.raises(NotFound):
        mesh.intake.look(job, less)
    with pytest.raises(RoleMissing, match="role alerts"):
        mesh.submit(WISH.model_copy(update={"lane": Lane.ALERT}), less)
    assert mesh.submit(WISH.model_copy(update={"lane": Lane.ALERT}), OPERATOR).lane is Lane.ALERT


def test_an_operator_acts_for_somebody_and_the_trail_names_both(mesh: Mesh) -> None:
    noted: list[TrailEntry] = []
    intake = _noting(mesh, noted)
    view = intake.submit(WISH, OPERATOR.acting_for("ada"))
    assert (view.user, view.owner) == ("ada", "ada")
    intake.cancel(view.job_id, OPERATOR)
    intake.delete(view.job_id, ADA)
    assert [(one.caller, one.deed, one.detail) for one in noted] == [
        ("eve", "submit", "isgri isgri_image of ada"),
        ("eve", "cancel", "isgri isgri_image of ada"),
        ("ada", "delete", ""),
    ]
    assert {one.about for one in noted} == {view.job_id}
    with pytest.raises(NotAllowed, match="You are bob"):
        BOB.acting_for("ada")
    assert BOB.acting_for("bob") == BOB.acting_for(None) == BOB


def test_a_second_answer_to_one_key_is_no_second_deed(mesh: Mesh) -> None:
    noted: list[TrailEntry] = []
    intake = _noting(mesh, noted)
    for _ in range(2):
        intake.submit(WISH, ADA, key="k")
    assert len(noted) == 1


def test_what_was_asked_is_kept_without_a_token(mesh: Mesh) -> None:
    view = mesh.intake.submit(WISH, ADA, face="oda", asked={"Token": "secret", "T1": "58420.0"})
    assert mesh.intake.asked(view.job_id, ADA) == {"T1": "58420.0"}
    assert "secret" not in str(mesh.records.jobs)


_RULES = Roles(
    described={
        "large": "more windows",
        "nrt": "near-real-time data",
        "tester": "drills",
        "detail": "faint sources",
        "bursts": "searches",
    },
    rules=(
        Rule(role="large", windows_above=2, instruments=("isgri",), because="Ask the help desk."),
        Rule(role="nrt", versions=("000",)),
        Rule(role="bursts", parameter="burst_search", values=(True,)),
        Rule(role="detail", instruments=("isgri",), parameter="detection_threshold", other_than=(6.0, 7.0)),
        Rule(role="tester", instruments=("jemx",)),
    ),
)
_TIME = {"time": {"t1": "2018-10-29T00:00:00", "t2": "2018-10-30T00:00:00"}}


@pytest.mark.parametrize(
    ("change", "role", "words"),
    [
        ({"selection": {"scws": [f"2016002{n}0010" for n in range(3)]}}, "large", "3 science windows, more than 2"),
        ({"selection": _TIME}, "large", "set selection.max_pointings"),
        ({"selection": {**_TIME, "max_pointings": 3}}, "large", "Ask the help desk."),
        ({"selection": {"scws": ["201600270010.000"]}}, "nrt", "201600270010.000"),
        ({"parameters": {"burst_search": True}}, "bursts", "burst_search = True"),
        ({"parameters": {"detection_threshold": 5}}, "detail", "detection_threshold = 5.0"),
        ({"instrument": "jemx", "product": "jemx_image"}, "tester", "jemx"),
    ],
)
def test_a_rule_names_the_role_the_number_and_the_reason(
    mesh: Mesh, change: dict[str, object], role: str, words: str
) -> None:
    intake = _noting(mesh, [], _RULES)
    wish = Wish.model_validate({**WISH.model_dump(), **change})
    for refused in (lambda caller: intake.submit(wish, caller), lambda caller: intake.check(wish, caller)):
        with pytest.raises(RoleMissing, match=f"needs the role {role}") as caught:
            refused(ADA)
        assert caught.value.role == role
        assert words in str(caught.value)
    others = frozenset({"large", "nrt", "tester", "detail"}) - {role}
    with pytest.raises(RoleMissing):
        intake.submit(wish, Caller.with_roles("ada", others))
    intake.submit(wish, Caller.with_roles("ada", frozenset({role})))
    intake.submit(wish, OPERATOR)
    assert len(mesh.records.jobs) == 2


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"parameters": {"detection_threshold": 7}},
        {"selection": {**_TIME, "max_pointings": 2}},
        {"selection": {"scws": ["201600270010.001"]}},
    ],
)
def test_what_no_rule_names_needs_no_role(mesh: Mesh, change: dict[str, object]) -> None:
    _noting(mesh, [], _RULES).submit(Wish.model_validate({**WISH.model_dump(), **change}), ADA)


def test_a_rule_that_cannot_hold_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="no condition"):
        Rule(role="x")
    with pytest.raises(ValueError, match="names the parameter"):
        Rule(role="x", values=(1,))
    with pytest.raises(ValueError, match="does not describe: x"):
        Roles(rules=(Rule(role="x", versions=("000",)),))


def _ids(views: list[JobView]) -> list[str]:
    return [view.job_id for view in views]


def _noting(mesh: Mesh, noted: list[TrailEntry], roles: Roles | None = None) -> Intake:
    return Intake(
        records=mesh.records,
        products=mesh.products,
        publisher=mesh.publisher,
        quota=mesh.quota.quota,
        limits=mesh.limits,
        roles=lambda: roles or Roles(),
        note=noted.append,
    )
