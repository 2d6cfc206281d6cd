"""The page that people see at a permanent link."""

import json
from html import escape

from gateway.links.citation import Citation
from gateway.links.documents import REMOVED, LinkDocument, files_of

_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="nofollow">
{refresh}<title>{title}</title>
<style>body {{ font-family: sans-serif; margin: 2em auto; max-width: 60em; padding: 0 1em }}
pre {{ background: #8881; padding: 1em; overflow-x: auto }} td, th {{ padding: .2em 1em .2em 0; text-align: left }}
</style>
</head>
<body><h1>{title}</h1>
<p><strong>{state}</strong> {words}</p>
{warnings}{files}
<h2>Asked for</h2><pre>{asked}</pre>
<h2>Cite</h2><p>{cite}</p><pre>{bibtex}</pre>
<p>{links}</p></body></html>
"""
_REFRESH = '<meta http-equiv="refresh" content="5">'
_WORDS = {
    "PENDING": "It is about to be made.",
    "QUEUED": "It is about to be made.",
    "EXECUTING": "It is being made.",
    "COMPLETED": "",
    "ERROR": "It could not be made.",
    REMOVED: "Its products were removed from the store.",
}


def page(document: LinkDocument, cited: Citation, *, runs: bool) -> str:
    """Return the page.

    Args:
        document: what the link answers to programs.
        cited: how to cite it.
        runs: whether it is being made: the page then looks again by itself.
    """
    words = [_WORDS.get(document.state, "Nobody has had it made yet."), document.waits]
    if document.failure is not None:
        words.append(f"{document.failure.reason}: {document.failure.text}")
    if document.partial:
        words.append("Not all science windows could be used.")
    if runs and document.counts:
        words.append(", ".join(f"{number} {state.value}" for state, number in document.counts.items() if number))
    if document.made:
        words.append(f"Made {document.made[:19].replace('T', ' ')} UTC.")
    asked = {"selection": document.selection.model_dump(exclude_none=True), "parameters": document.parameters}
    return _PAGE.format(
        refresh=_REFRESH if runs else "",
        title=escape(document.title),
        state=escape(document.state),
        words=escape(" ".join(word for word in words if word)),
        warnings=_list(document.warnings),
        files=_files(document),
        asked=escape(json.dumps(asked, indent=1, ensure_ascii=False)),
        cite=escape(cited.text()),
        bibtex=escape(cited.bibtex()),
        links=", ".join(f'<a href="{escape(url)}">{escape(name)}</a>' for name, url in document.links.items()),
    )


def _list(lines: tuple[str, ...]) -> str:
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>" if lines else ""


def _files(document: LinkDocument) -> str:
    listed = files_of(document.products)
    if not listed:
        return ""
    rows = "".join(
        f'<tr><td>{escape(place)}</td><td><a href="{escape(url)}">{escape(file.name)}</a></td>'
        f"<td>{file.size:,}</td></tr>"
        for place, file, url in listed
    )
    return f"<h2>Files</h2><table><tr><th>product</th><th>file</th><th>bytes</th></tr>{rows}</table>"
