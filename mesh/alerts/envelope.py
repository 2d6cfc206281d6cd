"""The envelope of a VOEvent 1.1, 2.0 or nearly so: read by the local names of its elements, whatever their prefixes.

The text is decoded here, and refused if it declares a document type, before the XML parser sees it: entities, and what
they may expand to or read, are not to be had. Source: IVOA VOEvent 2.0 (2011), section 3.
"""

import re
from dataclasses import dataclass, field
from functools import cached_property

from lxml import etree

from mesh.alerts.errors import Malformed, NotUsable
from mesh.alerts.instants import utc
from mesh.alerts.values import text
from mesh.contracts.notice import Citation

_DECLARATION = re.compile(r"\s*<\?xml\s[^>]{0,300}\?>")
_ENCODING = re.compile(r"encoding\s*=\s*['\"]([A-Za-z0-9._-]{1,40})['\"]")
_ENCODINGS = frozenset({"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin-1", "latin1", "windows-1252"})
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


@dataclass(frozen=True)
class Envelope:
    """One VOEvent.

    Args:
        root: its element.
        ivorn: of the notice.
        role: as it is told.
        params: of the top level, name -> value; the first of several.
        groups: name (or type) -> params of the group.
        cites: other notices that it names.
    """

    root: "etree._Element"
    ivorn: str
    role: str
    params: dict[str, str] = field(default_factory=dict)
    groups: dict[str, dict[str, str]] = field(default_factory=dict)
    cites: tuple[Citation, ...] = ()

    @cached_property
    def everything(self) -> dict[str, str]:
        """Params wherever they stand; those of the top level first."""
        found = dict(self.params)
        for group in self.groups.values():
            for name, value in group.items():
                found.setdefault(name, value)
        return found

    @property
    def canonical(self) -> bytes:
        """Canonical XML (C14N 2.0) without comments and white space around texts."""
        made: bytes = etree.tostring(self.root, method="c14n2", strip_text=True)  # type: ignore[call-overload]
        return made

    @property
    def issued(self) -> tuple[str | None, tuple[str, ...]]:
        """When it was made, and what is odd about that."""
        told = _text_of(_first(self.root, "Who", "Date"))
        if not told:
            return None, ()
        try:
            return utc(told), ()
        except NotUsable as error:
            return None, (f"when it was made is not known: {error.text}",)

    @property
    def time(self) -> str:
        """Time of the event as it is told; empty where it is not."""
        return _text_of(_first(self.root, "WhereWhen", "ISOTime"))

    @property
    def place(self) -> tuple[str, str, str] | None:
        """Right ascension, declination and radius as they are told; None where there is no place in degrees."""
        found = _first(self.root, "WhereWhen", "Position2D")
        if found is None or not (found.get("unit") or "deg").lower().startswith("deg"):
            return None
        system = _first(self.root, "WhereWhen", "AstroCoordSystem")
        if system is not None and "GAL" in (system.get("id") or "").upper():
            return None
        first, second = _text_of(_within(found, "C1")), _text_of(_within(found, "C2"))
        if not first and not second:
            words = _text_of(_within(found, "Value2")).split()
            first, second = (words[0], words[1]) if len(words) > 1 else ("", "")
        return first, second, _text_of(_within(found, "Error2Radius"))

    @property
    def importance(self) -> str:
        """Attribute of Why."""
        why = _within(self.root, "Why")
        return "" if why is None else why.get("importance") or ""


def read_envelope(body: bytes) -> Envelope:
    """Read a VOEvent.

    Raises:
        Malformed: it is no XML, or has a document type.
        NotUsable: it is no VOEvent, or has no ivorn.
    """
    written = _decoded(body)
    if "<!DOCTYPE" in written or "<!ENTITY" in written:
        raise Malformed("a VOEvent has no document type: leave <!DOCTYPE> and entities out")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(written.encode(), parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise Malformed(f"not XML: {text(error.msg)}", line=line, offset=column) from None
    if _local(root) != "VOEvent":
        raise NotUsable(f"the document is a {text(_local(root), 64)!r} and no VOEvent")
    ivorn = text(root.get("ivorn"), 300)
    if not ivorn:
        raise NotUsable("the VOEvent has no ivorn")
    params, groups = _params(root)
    cites = [
        Citation(how=text(one.get("cite"), 32).lower(), ident=_text_of(one)[:300])
        for one in root.iter()
        if _local(one) == "EventIVORN"
    ]
    return Envelope(root, ivorn, text(root.get("role"), 32).lower(), params, groups, tuple(cites[:100]))


def _decoded(body: bytes) -> str:
    """Return the text without its declaration, lines as they were."""
    try:
        for mark, encoding in _MARKS:
            if body.startswith(mark):
                return _DECLARATION.sub("", body[len(mark) :].decode(encoding), count=1)
        declaration = _DECLARATION.match(body[:400].decode("latin-1"))
        told = _ENCODING.search(declaration[0]) if declaration else None
        encoding = told[1] if told else "utf-8"
        if encoding.lower() not in _ENCODINGS:
            raise Malformed(f"the encoding {encoding} is not read: send UTF-8")
        return _DECLARATION.sub(lambda one: "\n" * one[0].count("\n"), body.decode(encoding), count=1)
    except UnicodeDecodeError as error:
        raise Malformed(f"not {error.encoding} as it says", offset=error.start) from None


def _params(root: "etree._Element") -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    top: dict[str, str] = {}
    groups: dict[str, dict[str, str]] = {}
    what = _within(root, "What")
    for one in what if what is not None else ():
        match _local(one):
            case "Param":
                _note(top, one)
            case "Group":
                group = groups.setdefault(text(one.get("name") or one.get("type"), 64), {})
                for param in one.iter():
                    if _local(param) == "Param":
                        _note(group, param)
    return top, groups


def _note(into: dict[str, str], param: "etree._Element") -> None:
    value = param.get("value")
    if value is None:  # version 2.0 allows the value as an element
        value = _text_of(_within(param, "Value"))
    into.setdefault(text(param.get("name"), 64), text(value, 1000))


def _first(root: "etree._Element", outer: str, inner: str) -> "etree._Element | None":
    found = _within(root, outer)
    return None if found is None else _within(found, inner)


def _within(element: "etree._Element", name: str) -> "etree._Element | None":
    return next((one for one in element.iter() if one is not element and _local(one) == name), None)


def _text_of(element: "etree._Element | None") -> str:
    return "" if element is None else text(element.text or "", 300)


def _local(element: "etree._Element") -> str:
    tag = element.tag
    return tag.rpartition("}")[2].rpartition(":")[2] if isinstance(tag, str) else ""
