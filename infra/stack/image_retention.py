"""Whose the images on an engine are, and which of them stay: those still needed, and the newest few.

Several stacks, of different code, may share an engine. Each gives the images that it builds or uses a tag of its own,
which names the stack and the content, and takes only that off again; the engine removes an image with its last tag. An
image of ours without any tag belongs to nobody. What another stack built of the same content is used, not built again.
"""

from collections.abc import Collection
from hashlib import sha256
from pathlib import Path

import docker

NEWEST = 3
"""Images of each instrument that stay although nothing names them."""
_DIGITS = 12


def mark_of(home: Path) -> str:
    """Return what the tags of a stack begin with, from its state directory."""
    return f"stack-{sha256(str(home).encode()).hexdigest()[:8]}"


def find(engine: docker.DockerClient, repository: str, label: str) -> str | None:
    """Return the id of an image of a repository with this label, whichever stack built it."""
    found = engine.images.list(name=repository, filters={"label": label})
    return str(found[0].id) if found else None


def tag(repository: str, mark: str, source: str) -> str:
    """Return the tag of a stack for an image; ``source`` is the hash of what it is built of."""
    return f"{repository}:{mark}-{source[:_DIGITS]}"


def claim(engine: docker.DockerClient, image_id: str, repository: str, mark: str, source: str) -> None:
    """Give an image the tag of this stack."""
    engine.images.get(image_id).tag(tag(repository, mark, source))


def prune(
    engine: docker.DockerClient, *, label: str, mark: str, needed: Collection[str], stage: str | None = None
) -> int:
    """Take our tags off images that are no longer needed, and remove our images without any; returns how many.

    Args:
        engine: where the images are.
        label: of all images of ours.
        mark: of the tags of this stack.
        needed: ids of images that must stay.
        stage: value of the label by which stages are known that other images copy from. The newest few stay: without
            them the next build compiles anew what it only installs.
    """
    found = engine.images.list(filters={"label": label})
    own: dict[str, list[tuple[str, str, str]]] = {}
    for image in found:
        for name in image.tags:
            repository, _, version = name.rpartition(":")
            if version.startswith(f"{mark}-"):
                own.setdefault(repository, []).append((str(image.attrs["Created"]), str(image.id), name))
    outdated = [entry for entries in own.values() for entry in sorted(entries)[:-NEWEST]]
    names = [name for _, image_id, name in outdated if image_id not in needed]
    bare = [image for image in found if not image.tags and image.id not in needed]
    stages = [image for image in bare if stage is not None and image.labels.get(label) == stage]
    kept = sorted(stages, key=lambda image: str(image.attrs["Created"]))[-NEWEST:]
    names += [str(image.id) for image in bare if image not in kept]
    return sum(_remove(engine, name) for name in names)


def _remove(engine: docker.DockerClient, name: str) -> bool:
    try:
        engine.images.remove(name)
    except docker.errors.ImageNotFound:
        return False  # it went with one that was made of it
    except docker.errors.APIError as error:
        if error.status_code != 409:
            raise
        return False  # a container runs it
    return True
