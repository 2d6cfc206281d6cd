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

_SCIENCE = "odamesh/science"
_INFRA = CHECKOUT / "infra" / "images"
_INSTRUMENTS = ("services/*/instrument.toml", "mesh/testing/*/instrument.toml")


@dataclass(frozen=True)
class InstrumentImage:
    """The image of an instrument whose Dockerfile is there."""

    instrument: str
    repository: str
    folder: Path
    """Of the analysis, with the Dockerfile."""
    libraries: tuple[Path, ...] = ()
    """Folders of shared packages, in the build context too."""

    def context(self, checkout: Path = CHECKOUT) -> dict[str, bytes]:
        """Return the build context: analysis and libraries at the paths that they have in the project."""
        files: dict[str, bytes] = {}
        for folder in (self.folder, *self.libraries):
            inside = folder.relative_to(checkout)
            files |= build_context.tree(folder, f"{inside}/")
            for parent in list(inside.parents)[:-1]:  # what makes them packages
                initial = checkout / parent / "__init__.py"
                files[str(initial.relative_to(checkout))] = initial.read_bytes()
        return files


def instruments(checkout: Path = CHECKOUT) -> Iterator[InstrumentImage]:
    """Images of the instruments of this checkout."""
    for pattern in _INSTRUMENTS:
        for path in sorted(checkout.glob(pattern)):
            content = tomllib.loads(path.read_text())
            folder = path.parent / "analysis"
            if (folder / "Dockerfile").is_file():
                named = content.get("image", {}).get("libraries", ())
                libraries = tuple(checkout.joinpath(*library.split(".")) for library in named)
                yield InstrumentImage(content["name"], f"odamesh/{path.parent.name}", folder, libraries)


def ensure(engine: docker.DockerClient, layout: Layout) -> dict[str, str]:
    """Have every image up to date; returns instrument -> image id and writes it to `<home>/images.toml`.

    The services of this stack run these ids: what another stack builds meanwhile is not theirs.
    """
    base, mark = base_image.ensure(engine, layout), image_retention.mark_of(layout.home)
    science = _science(engine, base, mark)
    wanted = sorted(instruments(), key=lambda image: not _installs(image.folder))  # the longest builds begin first
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:  # a build keeps one core busy
        built = {image: pool.submit(_instrument, engine, image, mark, base=base, science=science) for image in wanted}
    ids = {"science": science} | {image.instrument: result.result() for image, result in built.items()}
    lines = [f'{name} = "{image_id}"' for name, image_id in sorted(ids.items())]
    write_private(layout.images, "# Image ids, written by `odamesh stack up`.\n[images]\n" + "\n".join(lines) + "\n")
    layout.images.chmod(0o644)
    return ids


def _installs(folder: Path) -> bool:
    """Tell whether an image installs packages of its own."""
    return any(folder.glob("*.lock"))


def _instrument(engine: docker.DockerClient, image: InstrumentImage, mark: str, *, base: str, science: str) -> str:
    files = image.context()
    files["Dockerfile"] = (image.folder / "Dockerfile").read_bytes()
    arguments = {"SCIENCE_IMAGE": science}
    added: build_context.Files = {}
    if _installs(image.folder):
        arguments["BASE_IMAGE"] = base
        added = _installer()
    return build(engine, image.repository, mark, files=files, arguments=arguments, parent=science, added=added)


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
