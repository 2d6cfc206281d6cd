"""Files that callers send as inputs: kept under their hash, asked for by it."""

from hashlib import sha256

import pytest

from mesh.intake import Caller, Scope, Wish
from mesh.intake.errors import NotAllowed, TooFast, WishRefused
from tests.unit.intake.conftest import ADA, Mesh


def _wish(*digests: str) -> Wish:
    return Wish(instrument="localisation", product="sky_map", parameters={"sky_map": list(digests)})


def test_a_file_is_named_by_its_hash_and_equal_files_are_one(mesh: Mesh) -> None:
    first, again = (mesh.intake.upload(b"a sky map", ADA) for _ in range(2))
    assert first == again == sha256(b"a sky map").hexdigest()
    assert mesh.products.uploads.files == {first: b"a sky map"}
    view = mesh.submit(_wish(first))
    assert mesh.records.analysis(view.request_key).parameters["sky_map"] == [first]


def test_a_file_that_was_not_sent_is_refused_before_anything_is_stored(mesh: Mesh) -> None:
    with pytest.raises(WishRefused, match=r"parameters\.sky_map\[0\].*uploads") as caught:
        mesh.submit(_wish("ab" * 32))
    assert caught.value.errors[0].field == "parameters.sky_map[0]"
    assert mesh.records.views == {}


@pytest.mark.parametrize("digest", ["ab" * 31, "AB" * 32, "../requests/x", ""])
def test_what_is_no_hash_is_refused(mesh: Mesh, digest: str) -> None:
    with pytest.raises(WishRefused, match="SHA-256"):
        mesh.submit(_wish(digest))


def test_more_than_a_parameter_takes_is_refused(mesh: Mesh) -> None:
    digests = [mesh.intake.upload(content, ADA) for content in (b"one", b"two")]
    with pytest.raises(WishRefused, match="at most 1"):
        mesh.submit(_wish(*digests))


def test_who_may_not_submit_may_not_send_files(mesh: Mesh) -> None:
    with pytest.raises(NotAllowed):
        mesh.intake.upload(b"a sky map", Caller(name="bob", scopes=frozenset({Scope.READ})))
    assert mesh.products.uploads.files == {}


def test_a_file_counts_as_a_submission(mesh: Mesh) -> None:
    def refuse(_: str) -> None:
        raise TooFast("too fast", seconds=1, quota=1, window=60)

    mesh.quota.quota.pace = refuse
    with pytest.raises(TooFast):
        mesh.intake.upload(b"a sky map", ADA)
    assert mesh.products.uploads.files == {}
