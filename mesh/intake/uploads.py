"""Files that callers send as inputs of their jobs, e.g. a sky map: taken once, named by their SHA-256 from then on."""

from mesh.contracts import Analysis
from mesh.errors import InvalidParameter
from mesh.instruments import instrument
from mesh.intake.errors import WishRefused
from mesh.intake.records import UploadStore


def check_uploads(analysis: Analysis, uploads: UploadStore) -> None:
    """Return if every file that an analysis names was uploaded.

    Raises:
        WishRefused: names those that were not.
        StoreUnavailable: the store does not answer.
    """
    errors = []
    for name, digests in instrument(analysis.instrument).given_uploads(analysis.parameters).items():
        for index, digest in enumerate(digests):
            if not uploads.there(digest):
                field, allowed = f"parameters.{name}[{index}]", "SHA-256 of files that were uploaded"
                text = f"{field}: no file {digest} was uploaded: send it to /api/v1/uploads first; allowed: {allowed}"
                errors.append(InvalidParameter(text, field=field, allowed=allowed))
    if errors:
        raise WishRefused(tuple(errors))
