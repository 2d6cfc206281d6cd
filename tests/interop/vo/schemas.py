"""The XML schemas of the IVOA, as Debian's STILTS and astropy carry them: nothing is fetched for a test."""

import re
import zipfile
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import astropy
import pytest
from lxml import etree

JAR = Path("/usr/share/java/starlink-ttools.jar")
_FOLDER = "uk/ac/starlink/ttools/taplint/"
_FILES = {
    "http://www.ivoa.net/xml/UWS/v1.0": "UWS-v1.1.xsd",
    "http://www.w3.org/1999/xlink": "xlink.xsd",
    "http://www.w3.org/XML/1998/namespace": "xmlnamespace.xsd",
    "http://www.ivoa.net/xml/VOSICapabilities/v1.0": "VOSICapabilities-v1.0.xsd",
    "http://www.ivoa.net/xml/VOSIAvailability/v1.0": "VOSIAvailability-v1.0.xsd",
    "http://www.ivoa.net/xml/VOSITables/v1.0": "VOSITables-v1.1.xsd",
    "http://www.ivoa.net/xml/VOResource/v1.0": "VOResource-v1.1.xsd",
    "http://www.ivoa.net/xml/VODataService/v1.1": "VODataService-v1.2.xsd",
    "http://www.ivoa.net/xml/TAPRegExt/v1.0": "TAPRegExt-v1.0-Erratum1.xsd",
    "http://www.ivoa.net/xml/STC/stc-v1.30.xsd": "stc-v1.30.xsd",
}
_NAMES = {
    "UWS": ["http://www.ivoa.net/xml/UWS/v1.0"],
    "capabilities": [
        "http://www.ivoa.net/xml/VOSICapabilities/v1.0",
        "http://www.ivoa.net/xml/TAPRegExt/v1.0",
        "http://www.ivoa.net/xml/VODataService/v1.1",
    ],
    "availability": ["http://www.ivoa.net/xml/VOSIAvailability/v1.0"],
    "tables": ["http://www.ivoa.net/xml/VOSITables/v1.0"],
}
_VOTABLE = Path(astropy.__file__).parent / "io" / "votable" / "data" / "VOTable.v1.4.xsd"


def check(document: bytes, kind: str) -> None:
    """Fail with the first complaints where a document does not follow its schema.

    Args:
        document: as it was answered.
        kind: ``VOTable``, ``UWS``, ``capabilities``, ``availability`` or ``tables``.
    """
    schema = _schema(kind)
    root = etree.fromstring(document)
    assert schema.validate(root), str(schema.error_log)[:2000]


@cache
def _schema(kind: str) -> etree.XMLSchema:
    if kind == "VOTable":
        return etree.XMLSchema(file=str(_VOTABLE))
    folder = _folder()
    imports = "".join(
        f'<xs:import namespace="{namespace}" schemaLocation="{folder / _FILES[namespace]}"/>'
        for namespace in _NAMES[kind]
    )
    text = f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{imports}</xs:schema>'
    return etree.XMLSchema(etree.fromstring(text))


@cache
def _folder() -> Path:
    """Return a folder with the schemas, which lead to each other there."""
    if not JAR.exists():
        pytest.skip("the schemas are those of Debian's package stilts: `odamesh stack up` of the tests installs it")
    folder = Path(mkdtemp(prefix="ivoa-schemas-"))
    with zipfile.ZipFile(JAR) as jar:
        for name in _FILES.values():
            (folder / name).write_text(_led(jar.read(_FOLDER + name).decode()))
    return folder


def _led(text: str) -> str:
    """Return a schema whose imports are files beside it."""

    def local(found: re.Match[str]) -> str:
        namespace = re.search(r'namespace="([^"]*)"', found[0])
        file = _FILES.get(namespace[1]) if namespace else None
        return re.sub(r'schemaLocation="[^"]*"', f'schemaLocation="{file}"', found[0]) if file else found[0]

    return re.sub(r"<\w+:import\b[^>]*>", local, text)
