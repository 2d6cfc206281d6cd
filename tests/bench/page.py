"""How large the web page is when it is first loaded."""

import gzip
import re
from pathlib import Path

from gateway.web import page

_DIST = Path(page.__file__).parent / "dist"
_IMPORT = re.compile(r'(?:from|import)\s*"\./([^"]+)"')


def page_kb_gz() -> float:
    """Return the size of script and style of the first load, kB of 1000 bytes, packed as gzip does at its best.

    What a screen fetches only when it is shown (plots, the sky) is left out.
    """
    document = (_DIST / "index.html").read_text(encoding="utf-8")
    waiting = {
        *re.findall(r'src="[^"]*/page/([^"]+)"', document),
        *re.findall(r'rel="stylesheet" href="[^"]*/page/([^"]+)"', document),
    }
    loaded: set[str] = set()
    while waiting:
        name = waiting.pop()
        loaded.add(name)
        waiting |= set(_IMPORT.findall((_DIST / name).read_text(encoding="utf-8"))) - loaded
    return round(sum(len(gzip.compress((_DIST / name).read_bytes(), 9)) for name in loaded) / 1000, 1)
