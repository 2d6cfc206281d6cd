"""The files of a job as the protocol brings them: one gzip file, or a tar of several."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from gateway.deliver import Part, in_parts
from gateway.downloads.members import Member, every_product, folder, product_members
from gateway.downloads.pack import gzipped, part_of, tarred
from gateway.oda.arguments import Arguments
from gateway.oda.refusals import Misunderstood
from gateway.parts import Parts
from mesh.contracts import JobView
from mesh.errors import NotFound
from mesh.intake import Caller
from mesh.parameters import shown

_TAR_ENDINGS = (".tar.gz", ".tgz")
_LONGEST_NAME = 128
_SHOWN_FILES = 20


def download(request: Request, parts: Parts, caller: Caller, arguments: Arguments) -> Response:
    """Return the answer that brings files of a job, or a part of it.

    ``file_list`` names files, by their name alone or with stage and window before it; without it all come. A single
    file under a name that is none of a tar is packed by gzip alone, as pages that speak the protocol expect.

    Raises:
        Misunderstood: there is no such job or file, or it was removed.
    """
    view = _job(parts, caller, arguments.text("job_id"))
    top = folder(view)
    name = arguments.text("download_file_name") or arguments.text("file_name")
    name = name.replace("\\", "/").rpartition("/")[2].replace(" ", "_")[:_LONGEST_NAME] or f"{top}.tar.gz"
    found = every_product(parts.intake, view)
    if missing := parts.products.missing([product.key for product in found]):
        msg = f"{len(missing)} of {len(found)} products of this job were removed: send the same run_analysis again"
        raise Misunderstood(msg)
    members = _chosen(list(product_members(parts.products, top, found)), arguments.entries("file_list"), top)
    when = int(datetime.fromisoformat(view.finished or view.submitted).timestamp())

    def packed() -> tuple[int, Iterator[bytes]]:
        if len(members) == 1 and not name.endswith(_TAR_ENDINGS):
            return gzipped(members[0].size, members[0].blocks())
        return gzipped(*tarred(members, when))

    def read(part: Part) -> Iterator[bytes]:
        return part_of(packed()[1], *part)

    return in_parts(request, name, packed()[0], _tag(members, name), read)


def _job(parts: Parts, caller: Caller, job_id: str) -> JobView:
    if not job_id:
        msg = "parameter job_id: name the job whose files are wanted, by the job_id of an answer of run_analysis"
        raise Misunderstood(msg)
    try:
        view = parts.intake.look(job_id, caller)
    except NotFound as error:
        msg = f"job {shown(job_id)} is not known: {error}"
        raise Misunderstood(msg) from None
    if not view.products:
        msg = f"job {view.job_id} is {view.state.value} and has no files"
        raise Misunderstood(msg)
    return view


def _chosen(members: Sequence[Member], names: Sequence[str], top: str) -> Sequence[Member]:
    """Return the members with some names, or all where none is given.

    Raises:
        Misunderstood: there is no file of a name.
    """
    if not names:
        return members
    paths = {member.name.removeprefix(f"{top}/"): member for member in members}
    chosen: dict[str, Member] = {}
    for name in names:
        asked = name.removeprefix(f"{top}/")
        same = {path: one for path, one in paths.items() if asked in {path, path.rpartition("/")[2]}}
        if not same:
            some = ", ".join(list(paths)[:_SHOWN_FILES])
            more = f" and {len(paths) - _SHOWN_FILES} more" if len(paths) > _SHOWN_FILES else ""
            msg = f"parameter file_list: the job has no file {shown(name)}; it has: {some}{more}"
            raise Misunderstood(msg)
        chosen |= same
    return list(chosen.values())


def _tag(members: Sequence[Member], name: str) -> str:
    """Return what stands for the content: another one for other files, and for another kind of packing."""
    told = [name.endswith(_TAR_ENDINGS), *((member.name, member.size, member.sha256) for member in members)]
    return hashlib.sha256(repr(told).encode()).hexdigest()
