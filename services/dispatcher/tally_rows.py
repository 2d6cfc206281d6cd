"""Stores the rows of a run that ends, page by page, and counts them on the way."""

from mesh.contracts import RowPage
from mesh.contracts.result import ROWS_A_PAGE
from mesh.store.requests import Requests
from mesh.store.runs import Runs
from services.dispatcher.outcome import Tally


def tally_rows(runs: Runs, requests: Requests, run_id: str) -> Tally:
    """Return the tally of all rows of a run, which are stored but for the first page: that one is in its outcome."""
    tally = Tally()
    for number, rows in enumerate(runs.row_pages(run_id, ROWS_A_PAGE)):
        tally.add(rows)
        if number:
            requests.put_rows(RowPage(run_id=run_id, number=number, rows=rows))
    return tally
