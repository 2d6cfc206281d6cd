"""From jobs that a request names as inputs to the fixed keys of their products.

Done once, when the request comes in: afterwards it means the same products for ever, whatever becomes of the job, and
two requests that name different jobs with the same result share one run. Whoever may look at a job may use it.
The key of a product is known only to those who may see a job that has it, or who ask for the same: whoever has it may
use it.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from mesh.contracts import JobView
from mesh.errors import InvalidParameter, NotFound
from mesh.intake.caller import Caller, check_look
from mesh.intake.records import JobRecords, ProductManifests
from mesh.parameters import Parameter, entries, shown
from mesh.states import JobState, job_is_final

_JOB = re.compile(r"([0-9a-f]{32})(?:/(.{1,200}))?")
_KEY = re.compile(r"[0-9a-f]{64}")
_PAGE = 1000
_ALLOWED = "ids of completed jobs, each alone or followed by /<science window or job>, or keys of products"


class EarlierProducts:
    """Finds the products that a parameter of type ``products`` names.

    Args:
        records: of jobs.
        products: by key.
        caller: for whom.
    """

    def __init__(self, records: JobRecords, products: ProductManifests, caller: Caller) -> None:
        self._records = records
        self._products = products
        self._caller = caller

    def __call__(self, name: str, value: Any, parameter: Parameter) -> Any:
        """Return keys in the place of jobs; what cannot be understood is returned as it is.

        Raises:
            InvalidParameter: no such job or product, a job that has not ended, failed, or has no products, or more
                than the parameter takes.
        """
        written = entries(value, ",")
        if written is None or (len(written) == 1 and written[0] in (parameter.choices or ())):
            return value
        most, field = parameter.most_entries, f"parameters.{name}"
        # Before anything is looked up: each entry is a question to the store.
        if len(written) > most:
            raise _refuse(field, f"{len(written)} entries are more than {most}")
        named = [
            (f"{field}[{index}]", key)
            for index, entry in enumerate(written)
            for key in islice(self._keys(f"{field}[{index}]", entry), most + 1)
        ]
        if len(named) > most:
            raise _refuse(field, f"these jobs have more than {most} products: name windows, as in <job>/<window>")
        for place, key in named:
            self._check(place, key)
        return [key for _, key in named]

    def _keys(self, field: str, entry: str) -> Iterator[str]:
        if _KEY.fullmatch(entry):
            yield entry
            return
        written = _JOB.fullmatch(entry)
        if written is None:
            raise _refuse(field, f"{shown(entry)} is neither the id of a job nor the key of a product")
        yield from self._keys_of(field, self._job(field, written[1]), written[2])

    def _check(self, field: str, key: str) -> None:
        """Return if there is a product: one that was removed is told here and not by the unit that would read it."""
        if self._products.read(key) is None:
            removed = self._products.removed(key) is not None
            state = "was removed from the store: ask for it again first" if removed else "does not exist"
            raise _refuse(field, f"product {key} {state}")

    def _job(self, field: str, job_id: str) -> JobView:
        try:
            view = self._records.view(job_id)
            check_look(self._caller, view)
        except NotFound as error:
            raise _refuse(field, f"{error}") from error
        if not job_is_final(view.state):
            raise _refuse(field, f"job {job_id} is {view.state.value}: wait until it has ended")
        if view.state is not JobState.COMPLETED:
            raise _refuse(field, f"job {job_id} ended as {view.state.value} and gave nothing")
        return view

    def _keys_of(self, field: str, view: JobView, label: str | None) -> Iterator[str]:
        if label is None:
            offset = 0
            while page := self._records.result(view.job_id, offset, _PAGE):
                yield from (product.key for product in page)
                offset += len(page)
            return
        rows = [row for row in self._records.rows(view.job_id, 0, view.total) if row.label == label and row.key]
        if not rows:
            raise _refuse(field, f"job {view.job_id} has no product of {label!r}")
        # The last stage that works on it made the result.
        yield rows[-1].key


def _refuse(field: str, text: str) -> InvalidParameter:
    return InvalidParameter(f"{field}: {text}; allowed: {_ALLOWED}", field=field, allowed=_ALLOWED)
