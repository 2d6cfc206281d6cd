"""Links into the real store: under the name that callers use, with the name of the file."""

import httpx

from mesh.settings import Connections
from mesh.store.objects import Objects


def test_a_link_brings_the_file_under_its_name(objects: Objects) -> None:
    objects.put("products/00/x/mosaic 1.fits", b"content")
    link = objects.presign("products/00/x/mosaic 1.fits", 60, "attachment; filename*=UTF-8''mosaic%201.fits")
    answer = httpx.get(link)
    assert answer.content == b"content"
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''mosaic%201.fits"
    assert httpx.get(objects.presign("products/00/x/mosaic 1.fits", 60)).content == b"content"


def test_a_link_is_signed_for_the_name_of_the_store_that_callers_use(
    objects: Objects, server_settings: Connections
) -> None:
    objects.put("products/00/x/a.fits", b"content")
    address, _, port = server_settings.store.endpoint.partition(":")
    public = f"http://{'localhost' if address == '127.0.0.1' else address}:{port}"
    bucket = httpx.URL(objects.presign("products/00/x/a.fits", 60)).path.split("/")[1]
    settings = server_settings.store.model_copy(update={"bucket": bucket})
    link = Objects(settings, public).presign("products/00/x/a.fits", 60)
    assert link.startswith(f"{public}/")
    assert httpx.get(link).content == b"content"
    assert httpx.get(link.replace(public, f"http://{server_settings.store.endpoint}")).status_code == 403
