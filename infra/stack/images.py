"""Builds the analysis images: the shared science layer, then one thin layer per instrument, side by side."""

import os
import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import docker

from infra.stack import base_image, build_context, image_retention
from infra.stack.credentials import write_private
from infra.stack.layout import CHECKOUT, Layout
from infra.stack.problem import SetupProblem
from mesh.errors import MeshError
from mesh.settings import Settings
from mesh.store.connect import redis_client
from mesh.store.images import images_in_use

SCIENCE_TAG = "odamesh/science:latest"
_INFRA = CHECKOUT / "infra" / "images"
_INSTRUMENTS = ("services/*/instrument.toml", "mesh/testing/*/instrument.toml")


@dataclass(frozen=True)
class InstrumentImage:
    """An image that an `instrument.toml` names and whose Dockerfile is there."""

    instrument: str
    tag: str
    folder: Path
    libraries: tuple[Path, ...] = ()
    """Folders of shared packages, copied into the build context."""


def instruments(checkout: Path = CHECKOUT) -> Iterator[InstrumentImage]:
    """Images of the instruments of this checkout."""
    for pattern in _INSTRUMENTS:
        for path in sorted(checkout.glob(pattern)):
            content = tomllib.loads(path.read_text())
            image = content["image"]
            folder = checkout / image["source"]
            if (folder / "Dockerfile").is_file():
                libraries = tuple(checkout / library for library in image.get("libraries", ()))
                yield InstrumentImage(content["name"], image["tag"], folder, libraries)


def ensure(engine: docker.DockerClient, layout: Layout) -> dict[str, str]:
    """Have every image up to date; returns instrument -> image id and writes it to `<home>/images.toml`."""
    base = base_image.ensure(engine, layout)
    science = _science(engine, base)
    ids, mark = {"science": science}, image_retention.mark_of(layout.home)
    image_retention.claim(engine, science, SCIENCE_TAG, mark)
    wanted = sorted(instruments(), key=lambda image: not _installs(image.folder))  # the longest builds begin first
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:  # a build keeps one core busy
        built = {image: pool.submit(_instrument, engine, image, base=base, science=science) for image in wanted}
    for image, result in built.items():
        ids[image.instrument] = result.result()
        image_retention.claim(engine, ids[image.instrument], image.tag, mark)
    lines = [f'{name} = "{image_id}"' for name, image_id in sorted(ids.items())]
    write_private(layout.images, "# Image ids, written by `odamesh stack up`.\n[images]\n" + "\n".join(lines) + "\n")
    layout.images.chmod(0o644)
    return ids


def _installs(folder: Path) -> bool:
    """Tell whether an image installs packages of its own."""
    return any(folder.glob("*.lock"))


def _instrument(engine: docker.DockerClient, image: InstrumentImage, *, base: str, science: str) -> str:
    files = build_context.tree(image.folder)
    for library in image.libraries:
        files |= build_context.tree(library)
    arguments = {"SCIENCE_IMAGE": SCIENCE_TAG}
    added: build_context.Files = {}
    if _installs(image.folder):
        arguments["BASE_IMAGE"] = base
        added = _installer()
    return _build(engine, image.tag, files=files, arguments=arguments, parent=science, added=added)


def prune(engine: docker.DockerClient, layout: Layout, ids: dict[str, str]) -> int:
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


def _science(engine: docker.DockerClient, base: str) -> str:
    files = build_context.tree(CHECKOUT / "mesh" / "kit", "mesh/kit/")
    files["mesh/__init__.py"] = b'"""The part of the mesh that runs inside analysis images."""\n'
    files["Dockerfile"] = (_INFRA / "science.Dockerfile").read_bytes()
    files["build/science.lock"] = (_INFRA / "science.lock").read_bytes()
    parent = base
    if base == base_image.TAG:
        parent = str(engine.images.get(base).id)
    return _build(engine, SCIENCE_TAG, files=files, arguments={"BASE_IMAGE": base}, parent=parent, added=_installer())


def _installer() -> dict[str, bytes]:
    """Return the installer and the machine's settings; they do not decide the result, the lock's hashes do."""
    return build_context.machine_settings() | {"build/uv": (Path(sys.executable).parent / "uv").read_bytes()}


def _build(
    engine: docker.DockerClient,
    tag: str,
    *,
    files: build_context.Files,
    arguments: dict[str, str],
    parent: str,
    added: build_context.Files | None = None,
) -> str:
    """Image id of `tag`, built unless an image of the same content is there."""
    source = build_context.digest(files, parent, repr(sorted(arguments.items())))
    try:
        found = engine.images.get(tag)
        if found.labels.get(base_image.SOURCE_LABEL) == source:
            return str(found.id)
    except docker.errors.ImageNotFound:
        pass
    context = build_context.archive({**files, **(added or {})}, executable=frozenset({"build/uv"}))
    try:
        built, _ = engine.images.build(
            fileobj=context,
            custom_context=True,
            tag=tag,
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
