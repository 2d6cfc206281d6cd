"""Sources of a VOTable: its first table with columns for name and position, written as TABLEDATA."""

from collections.abc import Iterator
from xml.etree import ElementTree

from mesh.source_table.columns import Columns, Source, SourceTableError, check_frame

Element = ElementTree.Element


def read_votable(text: str) -> list[Source]:
    """Return the sources of a VOTable.

    Raises:
        SourceTableError: it is no XML, its data are binary, or no table has such columns.
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        # Declared entities are how a small document grows without end; a VOTable needs none.
        raise SourceTableError("it declares a document type or entities: save it as plain VOTable")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - no entities, see above
    except (ElementTree.ParseError, ValueError) as error:
        raise SourceTableError(f"it is no XML ({error})") from error
    systems = [element.get("system", "") for element in _inside(root, "COOSYS")]
    if systems and not any(system.upper().startswith(("ICRS", "EQ_FK5", "FK5")) for system in systems):
        check_frame(systems[0].upper().removeprefix("EQ_"))
    seen: list[str] = []
    for table in _inside(root, "TABLE"):
        fields = list(_inside(table, "FIELD"))
        columns = Columns([one.get("name", "") for one in fields], [one.get("unit", "") for one in fields])
        places = columns.places()
        if places is None:
            seen += columns.headings
            continue
        if not any(True for _ in _inside(table, "TABLEDATA")):
            raise SourceTableError("its data are binary: save the VOTable as TABLEDATA, or as FITS")
        rows = [[cell.text for cell in _inside(row, "TD")] for row in _inside(table, "TR")]
        for number, row in enumerate(rows, 1):
            if len(row) != len(fields):
                raise SourceTableError(f"row {number} has {len(row)} values, the table {len(fields)} columns")
        name, ra, dec = places
        return list(columns.sources([(row[name], row[ra], row[dec]) for row in rows]))
    Columns(seen, [""] * len(seen)).chosen()
    raise SourceTableError("it has no one table with columns for name, ra and dec")


def _inside(element: Element, name: str) -> Iterator[Element]:
    """Yield the elements of this name below another, whatever version of the namespace it has."""
    return (one for one in element.iter() if isinstance(one.tag, str) and one.tag.rpartition("}")[2] == name)
