"""The way of alerts from the post to the topics, with every part in memory: jobs are played, servers can fail."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mesh.alerts.sky_map import TakenMap
from mesh.alerts.standing import Standing, standing
from mesh.contracts import JobView, Lane, ProductFile, StageProduct
from mesh.contracts.alert import AlertCommand, AlertEntry, AlertEvent, Deed
from mesh.contracts.notice import MapReference
from mesh.contracts.transient import InstrumentRecord, TransientRecord
from mesh.errors import NotFound
from mesh.intake import Caller, Wish
from mesh.intake.alerts import AlertIntake, Taken
from mesh.states import JobState
from mesh.store.alerts import Alerts
from mesh.store.objects import Objects
from mesh.store.uploads import Uploads
from services.triggers.analyses import Analyses
from services.triggers.fetched_maps import FetchedMaps
from services.triggers.limits import Limits
from services.triggers.map_fetch import MapNotAvailable
from services.triggers.outbox import Outbox
from services.triggers.triggers import Triggers, caller

REPORT = {
    "completeness": 1.0,
    "mean_rate": 1.1e5,
    "limits": {"sigma": 3, "cases": [{"spectrum": "hard", "scale_s": 1.0, "fluence_best": 1.8e-7}]},
    "excesses": [{"snr": 4.6, "t_minus_t0_s": 1.9, "scale_s": 0.1, "association": "possibly associated"}],
}


LOCALISATION = {"answers": {"spi_acs": "SPI-ACS: S/N 4.6 at T0+1.90 s"}, "sky_map": {"area_90_deg2": 31.0}}
IMAGE = {"summary": {"scws": ["185100010010.001"], "sources": [{"name": "NEW_1", "new": True, "bands": []}]}}


class MemoryIndex:
    """The index of alerts in memory."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Lose everything, as a server that is flushed."""
        self.summaries: dict[str, dict[str, Any]] = {}
        self.aliases: dict[str, str] = {}
        self.taken_up: set[str] = set()
        self.public: dict[tuple[str, bool], int] = {}
        self.later: dict[str, float] = {}
        self.marks: dict[str, str] = {}

    def show(self, event_key: str, *, summary: dict[str, Any], aliases: Any, when: float, trigger: float) -> None:
        """Have an event in the lists."""
        self.summaries[event_key] = {**summary, "when": when, "trigger": trigger}
        self.aliases |= dict.fromkeys(aliases, event_key)

    def enter(self, event_key: str, *, receipts: Any, public: Any, **line: Any) -> None:
        """Enter an event."""
        self.show(event_key, **line)
        self.public |= {(event_key, test): version for test, (version, _) in public.items()}
        self.taken_up |= set(receipts)

    def newest(self, limit: int, before: str | None = None) -> list[dict[str, Any]]:
        """Return the newest events."""
        return sorted(self.summaries.values(), key=lambda one: -float(one["when"]))[:limit]

    def key_of(self, name: str) -> str | None:
        """Return the event of a name."""
        return self.aliases.get(name)

    def not_taken_up(self, receipts: list[str]) -> list[str]:
        """Return those that are not known."""
        return [one for one in receipts if one not in self.taken_up]

    def look_again(self, event_key: str, seconds: float) -> None:
        """Note an event."""
        self.later[event_key] = seconds

    def at_rest(self, event_key: str) -> None:
        """Forget an event."""
        self.later.pop(event_key, None)

    def due(self, limit: int = 50) -> list[str]:
        """Return all that wait: time flies here."""
        return list(self.later)

    def waiting(self) -> int:
        """Return how many wait."""
        return len(self.later)

    def complete(self) -> bool:
        """Say whether all is entered."""
        return "indexed" in self.marks

    def begin(self) -> str:
        """Begin to enter all."""
        self.marks["indexing"] = "x"
        return "x"

    def mark_complete(self, token: str) -> bool:
        """Note that all is entered."""
        self.marks["indexed"] = "1"
        return True


class PlayedIntake:
    """Jobs whose ends the test plays; a job is known by the key under which it was submitted."""

    def __init__(self, call: Callable[[str, Callable[[], Any]], Any] = lambda _, work: work()) -> None:
        self.views: dict[str, JobView] = {}
        self.wishes: dict[str, Wish] = {}
        self.cancelled: list[str] = []
        self.refusal: Exception | None = None
        self._call = call

    def submit(self, wish: Wish, asker: Caller, *, key: str, face: str) -> JobView:
        """Take a wish; the same key is the same job."""
        if self.refusal is not None:
            raise self.refusal
        assert wish.lane is Lane.ALERT
        assert Lane.ALERT in asker.lanes
        job_id = f"{abs(hash(key)):032x}"[:32]
        made = JobView(
            job_id=job_id,
            run_id=None,
            request_key="0" * 64,
            instrument=wish.instrument,
            product=wish.product,
            user=asker.name,
            lane=wish.lane,
            face=face,
            state=JobState.PENDING,
            submitted="2024-01-01T00:00:00.000Z",
            counts={},
            stages={},
            steps={},
        )
        self.wishes[job_id] = wish
        view: JobView = self._call("submit", lambda: self.views.setdefault(job_id, made))
        return view

    def share(self, job_id: str, asker: Caller, *, shared: bool) -> JobView:
        """Share a job."""
        view: JobView = self._call("share", lambda: self.views[job_id])
        return view

    def look(self, job_id: str, asker: Caller) -> JobView:
        """Return a job."""
        view: JobView = self._call("look", lambda: self.views[job_id])
        return view

    def cancel(self, job_id: str, asker: Caller) -> JobView:
        """Cancel a job."""
        self._call("cancel", lambda: self.cancelled.append(job_id))
        self.views[job_id] = self.views[job_id].model_copy(update={"state": JobState.ABORTED})
        return self.views[job_id]

    def finish(self, product: str = "", state: JobState = JobState.COMPLETED) -> None:
        """Play the end of the jobs of a product, or of all, that have not ended."""
        for job_id, view in self.views.items():
            if view.product.startswith(product) and view.state is JobState.PENDING:
                file = ProductFile(name=f"{view.product}.json", sha256="ab", size=1, media_type="application/json")
                stage = "mosaic" if view.product.endswith("_image") else "search"
                products = (StageProduct(stage=stage, label="job", key=job_id, files=(file,)),)
                self.views[job_id] = view.model_copy(update={"state": state, "products": products})


@dataclass
class PlayedData:
    """Which data there are, as the test says."""

    status: dict[str, str] = field(default_factory=lambda: {"spiacs": "data", "isgri": "no-data"})
    simulated: str = ""
    later: int = 0

    def of(self, utc: str | None) -> list[InstrumentRecord]:
        """Return the status of the instruments."""
        return [
            InstrumentRecord.model_validate(
                {
                    "instrument": name,
                    "title": name,
                    "status": status if utc else "not-asked",
                    "reason": "Played",
                    "text": f"{status} at {utc}",
                    "later": self.later if name == "isgri" and utc else 0,
                    "simulated": self.simulated if status == "data" else "",
                }
            )
            for name, status in self.status.items()
        ]


class AlertWorld:
    """One mesh, as far as alerts go.

    Args:
        objects: the store.
        broker: stands for the publisher and the queues.
        index: of alerts.
        call: does what goes to the rest of the mesh.
    """

    def __init__(
        self,
        objects: Objects,
        broker: Any,
        index: Any = None,
        call: Callable[[str, Callable[[], Any]], Any] = lambda _, work: work(),
    ) -> None:
        self.objects, self.broker = objects, broker
        self.index: Any = index or MemoryIndex()
        self.alerts = Alerts(objects)
        self.mesh = PlayedIntake(call)
        self.data = PlayedData()
        self.limits = Limits()
        self.report: dict[str, Any] = REPORT
        self.localisation: dict[str, Any] = LOCALISATION
        self.maps: dict[str, bytes | MapNotAvailable] = {}
        """What is at addresses; at all others nothing is allowed."""
        self.now = 1_700_000_000.0
        self.start()

    def start(self) -> None:
        """Start the processes in the place of those that died."""
        self.intake = AlertIntake(self.alerts, self, self.index)
        self.triggers = Triggers(
            alerts=self.alerts,
            index=self.index,
            analyses=Analyses(self.mesh, caller(), self._file),  # type: ignore[arg-type]
            data=self.data,  # type: ignore[arg-type]
            outbox=Outbox(self.broker, self.alerts.record),
            limits=self.limits,
            maps=FetchedMaps(self.alerts, Uploads(self.objects), self._fetch, lambda: self.now),
            clock=lambda: self.now,
        )

    def alert(self, routing_key: str, entry: AlertEntry) -> None:
        """Publish an entry, as the gateway does."""
        self.broker.publish("mesh.alerts", routing_key, entry, message_id=entry.receipt_id or entry.command_id)

    def post(self, body: bytes) -> Taken:
        """Post a message, as a broker does."""
        return self.intake.take(body, "test")

    def want(self, event_key: str, deed: Deed, at: str = "2024-01-01T00:10:00.000Z") -> None:
        """Want something done about an event, as an operator does."""
        command = AlertCommand(
            command_id=f"{deed.value}-{at[14:19]}",
            event_key=event_key,
            deed=deed,
            caller="eve",
            at=at,
            reason="a test",
            version=self.event(event_key).version if deed is Deed.APPROVE else 0,
        )
        self.intake.want(command)

    def run(self) -> None:
        """Let the service take up what waits, and look at what is due, until nothing changes."""
        while entries := [one for one in self.broker.waiting if one.exchange == "mesh.alerts"]:
            self.broker.waiting.remove(entries[0])
            self.triggers.entry(AlertEntry.decode(entries[0].body))
        self.triggers.look()
        self.triggers.fetch_maps()

    def event(self, event_key: str) -> AlertEvent:
        """Return what is known of an event."""
        return self.alerts.event(event_key)

    def stands(self, event_key: str) -> Standing:
        """Return how an event stands."""
        return standing(self.event(event_key).receipts)

    def record(self, event_key: str) -> TransientRecord:
        """Return the newest record of an event."""
        return self.alerts.record(event_key, self.event(event_key).version)

    def out(self) -> list[tuple[str, int, str]]:
        """Return what was published: topic, version, and the state or the type of the notice."""
        found = []
        for one in self.broker.waiting:
            if one.exchange == "mesh.transients":
                body = json.loads(one.body)
                word = body.get("alert_type") or body["state"]
                found.append((one.routing_key, int(body.get("version") or body["record_number"]), str(word)))
        return found

    def _fetch(self, url: str) -> TakenMap:
        found = self.maps.get(url, MapNotAvailable("its host is not allowed", again=False))
        if isinstance(found, MapNotAvailable):
            raise found
        return TakenMap(MapReference(sha256="00", size=len(found), url=url), found)

    def _file(self, key: str, name: str) -> bytes:
        reports = {"spi_acs_search.json": self.report, "localisation.json": self.localisation, "manifest.json": IMAGE}
        if name not in reports:
            raise NotFound(name)
        return json.dumps(reports[name]).encode()
