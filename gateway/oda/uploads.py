"""Files that a caller sends with a form: read here into the arguments that stand for them."""

import json

from gateway.oda.refusals import Misunderstood
from mesh.archive.window_list import WindowListError, read_windows
from mesh.source_table import SourceTableError, read_sources

CATALOGUE_FILE, WINDOWS_FILE = "user_catalog_file", "user_scw_list_file"
"""Fields of the form."""


def arguments_of_file(field: str, name: str, content: bytes) -> list[tuple[str, str]]:
    """Return the arguments that say the same as a file: equal content by file or by value is one request.

    Args:
        field: of the form.
        name: of the file, for errors.
        content: of the file.

    Raises:
        Misunderstood: there is no such field, or the file cannot be read.
    """
    try:
        match field:
            case _ if not content:
                return []  # A form without a chosen file sends an empty one.
            case "user_catalog_file":
                return [("selected_catalog", _catalogue(content))]
            case "user_scw_list_file":
                return [("scw_list", window) for window in read_windows(content, name[:64] or field)]
            case _:
                msg = f"file {field[:64]!r}: the fields for files are {CATALOGUE_FILE} and {WINDOWS_FILE}"
    except SourceTableError as error:
        msg = f"{field}: {error}"
    except WindowListError as error:
        msg = str(error)
    raise Misunderstood(msg)


def _catalogue(content: bytes) -> str:
    """Return a list of sources in the form in which the protocol hands one out."""
    sources = read_sources(content)
    columns = {
        "meta_ID": list(range(len(sources))),
        "src_names": [source.name for source in sources],
        "significance": [0.0] * len(sources),
        "ra": [source.ra for source in sources],
        "dec": [source.dec for source in sources],
    }
    return json.dumps(
        {
            "cat_frame": "fk5",
            "cat_coord_units": "deg",
            "cat_lon_name": "ra",
            "cat_lat_name": "dec",
            "cat_column_names": list(columns),
            "cat_column_list": list(columns.values()),
        }
    )
