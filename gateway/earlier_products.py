"""From jobs that a request names as inputs to the fixed keys of their products.

Done once, when the request comes in: afterwards it means the same products for ever, whatever becomes of the job, and
two requests that name different jobs with the same result share one run. Whoever may look at a job may use it.
"""

import re
from collections.abc import Iterator
from typing import Any

from gateway.records import JobRecords, ProductStore
from mesh.contracts import JobView
from mesh.errors import InvalidParameter, NotFound
from mesh.parameters import entries
from mesh.states import JobState, job_is_final

_JOB = re.compile(r"^([0-9a-f]{32})(?:/(.+))?$")
_KEY = re.compile(r"^[0-9a-f]{64}$")
_PAGE = 1000
_ALLOWED = "ids of completed jobs, each alone or followed by /<science window or job>, or keys of products"


class EarlierProducts:
    """Finds the products that a parameter of type ``products`` names.

    Args:
        records: of jobs.
        products: by key.
    """

    def __init__(self, records: JobRecords, products: ProductStore) -> None:
        self._records = records
        self._products = products

    def __call__(self, name: str, value: Any) -> Any:
        """Return keys in the place of jobs; what cannot be understood is returned as it is.

        Raises:
            InvalidParameter: no such job or product, or a job that has not ended, failed, or has no products.
        """
        written = entries(value, ",")
        if written is None:
            return value
        return [key for index, entry in enumerate(written) for key in self._keys(f"parameters.{name}[{index}]", entry)]

    def _keys(self, field: str, entry: str) -> Iterator[str]:
        if _KEY.match(entry):
            if self._products.read(entry) is None:
                removed = self._products.removed(entry) is not None
                state = "was removed from the store: ask for it again first" if removed else "does not exist"
                raise _refuse(field, f"product {entry} {state}")
            yield entry
            return
        written = _JOB.match(entry)
        if written is None:
            raise _refuse(field, f"{entry!r} is neither the id of a job nor the key of a product")
        yield from self._keys_of(field, self._job(field, written[1]), written[2])

    def _job(self, field: str, job_id: str) -> JobView:
        try:
            view = self._records.view(job_id)
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
