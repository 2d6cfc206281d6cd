"""Builds the analysis images: the shared science layer, then one thin layer per instrument, side by side."""

import json
import os
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import docker

from infra.stack import base_image, build_context, image_retention
from infra.stack.credentials import write_private
from infra.stack.layout import CHECKOUT, Layout
from infra.stack.problem import SetupProblem
from mesh.errors import MeshError
from mesh.instrument import ROOT, Instrument, package_folder
from mesh.instruments import read_instruments
from mesh.settings import Settings
from mesh.store.connect import redis_client
from mesh.store.stock import images_in_use

_SCIENCE = "odamesh/science"
_INFRA = CHECKOUT / "infra" / "images"


@dataclass(frozen=True)
class Built:
    """What came of building the images."""

    ids: Mapping[str, str]
    """Of the science layer and of the instruments, by name."""
    faults: Mapping[str, str]
    """Why an instrument has no image, by its name."""


def context(instrument: Instrument, root: Path = ROOT) -> dict[str, bytes]:
    """Return the build context of an image: analysis and libraries at the paths that they have in the project."""
    files: dict[str, bytes] = {}
    for package in (instrument.image.analysis, *instrument.image.libraries):
        folder = package_folder(package, root)
        inside = folder.relative_to(root)
        files |= build_context.tree(folder, f"{inside}/")
        for parent in list(inside.parents)[:-1]:  # what makes them packages
            files[f"{parent}/__init__.py"] = (root / parent / "__init__.py").read_bytes()
    text = (package_folder(instrument.image.analysis, root) / "Dockerfile").read_text(encoding="utf-8")
    # An image whose analysis cannot be loaded, or lacks a stage, is none.
    check = json.dumps(["python3.11", "-m", "mesh.kit.stages", *instrument.stages])
    files["Dockerfile"] = f"{text}\nRUN {check}\n".encode()
    return files


def ensure(engine: docker.DockerClient, layout: Layout) -> Built:
    """Have every image up to date and write the ids to `<home>/images.toml`.

    The services of this stack run these ids: what another stack builds meanwhile is not theirs. An image that cannot
    be built is told and has no id; the others are built all the same.
    """
    base, mark = base_image.ensure(engine, layout), image_retention.mark_of(layout.home)
    science = _science(engine, base, mark)
    found = read_instruments()
    faults = dict(found.faults)
    wanted = sorted(found.good.values(), key=lambda one: not _installs(one))  # the longest builds begin first
    ids = {"science": science}
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:  # a build keeps one core busy
        building = {one.name: pool.submit(_instrument, engine, one, mark, base=base, science=science) for one in wanted}
    for name, image in building.items():
        try:
            ids[name] = image.result()
        except SetupProblem as problem:
            faults[name] = str(problem)
    lines = [f'{name} = "{image_id}"' for name, image_id in sorted(ids.items())]
    write_private(layout.images, "# Image ids, written by `odamesh stack up`.\n[images]\n" + "\n".join(lines) + "\n")
    layout.images.chmod(0o644)
    return Built(ids, faults)


def ensure_one(engine: docker.DockerClient, layout: Layout, instrument: Instrument) -> str:
    """Have the image of one instrument up to date and return its id; nothing that services run is changed.

    Raises:
        SetupProblem: it cannot be built.
    """
    base, mark = base_image.ensure(engine, layout), image_retention.mark_of(layout.home)
    return _instrument(engine, instrument, mark, base=base, science=_science(engine, base, mark))


def _installs(instrument: Instrument) -> bool:
    """Tell whether an image installs packages of its own."""
    return any(package_folder(instrument.image.analysis).glob("*.lock"))


def _instrument(engine: docker.DockerClient, instrument: Instrument, mark: str, *, base: str, science: str) -> str:
    arguments = {"SCIENCE_IMAGE": science}
    added: build_context.Files = {}
    if _installs(instrument):
        arguments["BASE_IMAGE"] = base
        added = _installer()
    files = context(instrument)
    return build(engine, instrument.image.tag, mark, files=files, arguments=arguments, parent=science, added=added)


def prune(engine: docker.DockerClient, layout: Layout, ids: Mapping[str, str]) -> int:
    """Remove images that nothing needs any more; returns how many, none where it cannot be known what is needed."""
    try:
        index = redis_client(Settings().connections("admin").redis)
        try:
            named = images_in_use(index)
        finally:
            index.close()
    except MeshError:
        return 0
    if named is None:
        return 0
    mark = image_retention.mark_of(layout.home)
    return image_retention.prune(
        engine,
        label=base_image.SOURCE_LABEL,
        mark=mark,
        needed={*named, *ids.values()},
        stage=base_image.source(),  # a stage that installs is made of the base and has its label
    )


def _science(engine: docker.DockerClient, base: str, mark: str) -> str:
    files = build_context.tree(CHECKOUT / "mesh" / "kit", "mesh/kit/")
    files["mesh/__init__.py"] = b'"""The part of the mesh that runs inside analysis images."""\n'
    files["Dockerfile"] = (_INFRA / "science.Dockerfile").read_bytes()
    files["build/science.lock"] = (_INFRA / "science.lock").read_bytes()
    parent = base
    if base == base_image.tag():
        parent = str(engine.images.get(base).id)
    arguments = {"BASE_IMAGE": base}
    return build(engine, _SCIENCE, mark, files=files, arguments=arguments, parent=parent, added=_installer())


def _installer() -> dict[str, bytes]:
    """Return the installer and the machine's settings; they do not decide the result, the lock's hashes do."""
    return build_context.machine_settings() | {"build/uv": (Path(sys.executable).parent / "uv").read_bytes()}


def build(
    engine: docker.DockerClient,
    repository: str,
    mark: str,
    *,
    files: build_context.Files,
    arguments: dict[str, str],
    parent: str,
    added: build_context.Files | None = None,
) -> str:
    """Build an image, unless there is one of the same content; returns its id.

    Args:
        engine: where it is built and kept.
        repository: its name; ``latest`` is whatever image a stack used last, for people's use.
        mark: of the stack that uses it.
        files: of the build context; they decide the content.
        arguments: of the build; they decide it too.
        parent: id of the image that it is made from, likewise.
        added: further files, which do not.
    """
    source = build_context.digest(files, parent, repr(sorted(arguments.items())))
    image_id = image_retention.find(engine, repository, f"{base_image.SOURCE_LABEL}={source}")
    if image_id is None:
        tag = image_retention.tag(repository, mark, source)
        image_id = _made(engine, tag, {**files, **(added or {})}, arguments, source)
    image_retention.claim(engine, image_id, repository, mark, source)
    engine.images.get(image_id).tag(repository, "latest")
    return image_id


def _made(
    engine: docker.DockerClient, tag: str, files: build_context.Files, arguments: dict[str, str], source: str
) -> str:
    context = build_context.archive(files, executable=frozenset({"build/uv"}))
    try:
        built, _ = engine.images.build(
            fileobj=context,
            custom_context=True,
            tag=tag,  # at once: an image without a tag belongs to nobody
            buildargs=arguments,
            labels={base_image.SOURCE_LABEL: source},
            network_mode="host",
            rm=True,
            forcerm=True,
        )
    except docker.errors.BuildError as error:
        told = [line["stream"].strip() for line in error.build_log if line.get("stream", "").strip()]
        message = f"building {tag} failed: {error.msg}; {' / '.join(told[-3:])}"
        raise SetupProblem(message) from error
    return str(built.id)
