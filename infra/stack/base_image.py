"""The base image: made with debootstrap where no registry is named, a Debian 12 with nothing but its Python 3.11."""

import os
import shutil
from hashlib import sha256
from pathlib import Path

import docker

from infra.stack import debian_mirror, image_retention, process
from infra.stack.layout import Layout
from infra.stack.problem import SetupProblem

SOURCE_LABEL = "odamesh.source"
_REPOSITORY = "odamesh/base"

_SUITE = "bookworm"
_INCLUDE = ("python3.11", "libpython3.11-stdlib", "ca-certificates")
# What no program reads; gone, it is not carried to every host.
_REMOVED = ("var/cache/apt", "var/lib/apt/lists", "var/log", "usr/share/doc", "usr/share/man", "usr/share/locale")
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def source() -> str:
    """Hash of the recipe: an image with this label need not be made again."""
    return sha256(repr((_SUITE, _INCLUDE, _REMOVED)).encode()).hexdigest()


def tag() -> str:
    """Tag of the base made by this recipe; another recipe, of another stack perhaps, has another."""
    return f"{_REPOSITORY}:{source()[:12]}"


def ensure(engine: docker.DockerClient, layout: Layout) -> str:
    """Tag of the base: ODAMESH_BASE_IMAGE (with Python 3.11) if set, else one made here."""
    if named := os.environ.get("ODAMESH_BASE_IMAGE"):
        return named
    if (made := image_retention.find(engine, _REPOSITORY, f"{SOURCE_LABEL}={source()}")) is not None:
        engine.images.get(made).tag(_REPOSITORY, tag().partition(":")[2])
        return tag()
    archive = make_archive(layout)
    changes = [f"LABEL {SOURCE_LABEL}={source()}", "ENV LANG=C.UTF-8", 'CMD ["python"]']
    engine.api.import_image(src=str(archive), repository=_REPOSITORY, tag=tag().partition(":")[2], changes=changes)
    return tag()


def make_archive(layout: Layout) -> Path:
    """Tar file of the root file system, kept in the cache."""
    archive = layout.cache / f"base-{source()[:12]}.tar"
    if archive.exists():
        return archive
    if os.geteuid() != 0:
        message = "making the base image needs root: set ODAMESH_BASE_IMAGE to an image with Python 3.11"
        raise SetupProblem(message)
    root = layout.cache / "base-root"
    _discard(root)
    root.mkdir(parents=True)
    command: list[str | Path] = ["debootstrap", "--variant=minbase", f"--include={','.join(_INCLUDE)}"]
    if _KEYRING.exists():
        command.append(f"--keyring={_KEYRING}")
    process.run([*command, _SUITE, root, debian_mirror.of(_SUITE)], env=debian_mirror.environment())
    for below in _REMOVED:
        shutil.rmtree(root / below, ignore_errors=True)
        (root / below).mkdir(parents=True)
    python = root / "usr/bin/python"
    python.symlink_to("python3.11")
    partial = archive.with_suffix(".part")
    # Fixed order and times: the same packages give the same archive.
    tar: list[str | Path] = ["tar", "--create", "--file", partial, "--directory", root, "--sort=name", "--mtime=@0"]
    process.run([*tar, "--numeric-owner", "--one-file-system", "."])
    partial.replace(archive)
    _discard(root)
    return archive


def _discard(root: Path) -> None:
    """Remove a half-made root: file systems that a killed debootstrap left mounted are taken off first."""
    unmount_below(root)
    if root.exists():
        shutil.rmtree(root)


def unmount_below(directory: Path) -> None:
    """Take off whatever is mounted below a directory, so that removing it touches nothing else."""
    mounted = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for point in sorted((one for one in mounted if one.startswith(f"{directory}/")), reverse=True):
        process.run(["umount", "--lazy", point])
