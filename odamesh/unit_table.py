"""The table science window x step of a job, as a list that notebooks draw and tables are made of."""

from collections.abc import Iterable
from html import escape
from typing import Any

from mesh.contracts import UnitRow
from odamesh.errors import OdameshError

_SHOWN = 200


class UnitTable(list[UnitRow]):
    """Rows in the order of the plan: a list, with a picture in notebooks and ways to astropy and pandas."""

    def records(self) -> list[dict[str, Any]]:
        """Return a flat mapping for each row; reason and text of a failure have a column each."""
        return [_record(row) for row in self]

    def to_astropy(self) -> Any:
        """Return an `astropy.table.Table`; OdameshError where astropy is not installed."""
        try:
            from astropy.table import Table  # noqa: PLC0415  # only for those who ask for it
        except ImportError as error:
            raise OdameshError("this needs astropy: pip install 'odamesh[notebook]'") from error
        return Table(rows=self.records()) if self else Table(names=list(_COLUMNS))

    def to_pandas(self) -> Any:
        """Return a `pandas.DataFrame`; OdameshError where pandas is not installed."""
        try:
            import pandas as pd  # noqa: PLC0415  # only for those who ask for it
        except ImportError as error:
            raise OdameshError("this needs pandas: pip install pandas") from error
        return pd.DataFrame(self.records(), columns=list(_COLUMNS))

    def _repr_html_(self) -> str:
        more = f"<p>and {len(self) - _SHOWN} more</p>" if len(self) > _SHOWN else ""
        return html_table(_COLUMNS, (record.values() for record in UnitTable(self[:_SHOWN]).records())) + more


def html_table(names: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """Return an HTML table of plain texts."""
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _record(row: UnitRow) -> dict[str, Any]:
    return {
        "stage": row.stage,
        "label": row.label,
        "state": row.state.value,
        "step": row.step or "",
        "seconds": row.seconds if row.seconds is not None else float("nan"),
        "attempt": row.attempt,
        "reason": row.failure.reason if row.failure else "",
        "text": row.failure.text if row.failure else "; ".join(row.warnings),
        "key": row.key,
    }


_COLUMNS = ("stage", "label", "state", "step", "seconds", "attempt", "reason", "text", "key")
