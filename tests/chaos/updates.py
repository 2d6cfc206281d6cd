"""Drills on updates: an instrument gets another image while its jobs run."""

import io
import signal
import time
import uuid

from mesh.settings import Settings
from mesh.states import UnitState
from mesh.store.announcements import Announcements
from mesh.store.objects import Objects
from mesh.store.products import Products
from tests.chaos.drill import Drill, Expected, Setting, Trial
from tests.chaos.ground import Ground

_WINDOWS = 6


def new_image(ground: Ground) -> Trial:
    """Restart the service with another image in the middle of a job: all of it is made with the new one."""
    job = ground.submit(_WINDOWS, seconds=2)
    ground.until(lambda: job.refresh().counts.get(UnitState.DONE, 0) > 0, "a window made with the former image")
    ground.until_running(job)
    names, former = ground.layout.images.read_text(), Settings().image_of("noop")
    assert former is not None, f"{ground.layout.images} has no image of noop"
    with ground.engine() as engine:
        dockerfile = io.BytesIO(f"FROM {former}\nLABEL drill={uuid.uuid4().hex}\n".encode())
        new, _ = engine.images.build(fileobj=dockerfile, rm=True, network_mode="host")
        ground.layout.images.write_text(names.replace(former, str(new.id)))
        begin = time.monotonic()
        try:
            ground.signal("noop", signal.SIGTERM)
            ground.until_ended(job)
            seconds = time.monotonic() - begin
            _made_with(ground, [row.key for row in job.table()], str(new.id))
        finally:
            ground.layout.images.write_text(names)
            ground.until_ready()
            ground.signal("noop", signal.SIGTERM)
            _until_announced(ground, former)
            engine.images.remove(new.id)
    return Trial((Expected(job, _WINDOWS + 1),), seconds)


def _made_with(ground: Ground, keys: list[str], image: str) -> None:
    index = ground.index()
    products = Products(Objects(ground.connections.store), index)
    manifests = [products.read(key) for key in keys]
    index.close()
    images = {manifest.image for manifest in manifests if manifest is not None}
    assert images == {image}, f"the products of the job were made with {images}, not all with {image}"


def _until_announced(ground: Ground, image: str) -> None:
    index = ground.index()
    announcements = Announcements(index)

    def runs() -> bool:
        announced = announcements.announced("noop")
        return announced is not None and {entry for entry, _ in announced.run} == {image}

    ground.until(runs, "a service that runs the former image again", 60)
    index.close()


DRILLS = (Drill("another image in the middle of a job", new_image, Setting.OWN_ENGINE),)
