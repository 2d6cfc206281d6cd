"""What the documents say of ports, prefixes, variables, alarms and limits is what the code has."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from gateway.settings import GatewaySettings
from infra.page_types import TYPES, page_types
from infra.parameter_reference import PAGE, reference
from infra.rabbitmq.topology import definitions
from infra.stack.endpoints import Endpoints
from mesh.contracts import Allowance, Selection
from mesh.intake.analysis import read_analysis
from mesh.intake.limits import Limits
from mesh.intake.quota import MOST_UNPLANNED
from mesh.intake.wish import Wish
from mesh.ports import CACHE, DISPATCHER, FIRST_FREE, GATEWAY, ports
from mesh.settings import MOST_WINDOWS, Settings
from mesh.store import names
from odamesh.exit_status import MEANINGS
from services.cache.limits import Limits as CacheLimits

_ROOT = Path(__file__).resolve().parents[2]
_VARIABLE = re.compile(r"ODAMESH_[A-Z0-9_]+[A-Z0-9]")
_PAGES = ("README.md", "docs/start.md", "docs/architecture.md", "docs/operate.md", "docs/troubleshoot.md")
_FOLDERS = ("mesh", "gateway", "services", "infra", "odamesh")


def test_the_web_page_knows_the_documents_of_the_interface() -> None:
    assert TYPES.read_text(encoding="utf-8") == page_types(), "run `make schema`"


def _page(name: str) -> str:
    return (_ROOT / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def operate() -> str:
    return _page("docs/operate.md")


def test_ports_of_the_servers(operate: str) -> None:
    ends = Endpoints.from_environment({})
    told: dict[str, int | str] = {
        "ODAMESH_AMQP_PORT": ends.amqp_port,
        "ODAMESH_AMQP_DISTRIBUTION_PORT": ends.amqp_distribution_port,
        "ODAMESH_AMQP_METRICS_PORT": ends.amqp_metrics_port,
        "ODAMESH_EPMD_PORT": ends.epmd_port,
        "ODAMESH_AMQP_MANAGEMENT_PORT": ends.mgmt_url.rpartition(":")[2],
        "ODAMESH_REDIS_PORT": ends.redis_port,
        "ODAMESH_S3_PORT": ends.s3_endpoint.rpartition(":")[2],
        "ODAMESH_PROMETHEUS_PORT": ends.prometheus_url.rpartition(":")[2],
        "ODAMESH_GATEWAY_PORT": GATEWAY,
        "ODAMESH_DISPATCHER_PORT": DISPATCHER,
        "ODAMESH_CACHE_PORT": CACHE,
    }
    section = operate[operate.index("### Addresses") + 1 :].split("\n### ", maxsplit=1)[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    for variable, port in told.items():
        (row,) = [line for line in rows if f"`{variable}`" in line]
        assert str(port) in row, f"{variable}: {row}"


def test_ports_of_the_instruments(operate: str) -> None:
    (row,) = [line for line in operate.splitlines() if "`[service] port`" in line]
    assert f"from {FIRST_FREE} on" in row


def test_prefixes_of_the_store() -> None:
    page = _page("docs/architecture.md")
    block = page[page.index("## Storage") :].split("```")[1]
    told = {line.split("/")[0] + "/" for line in block.strip().splitlines()}
    constants = [value for name, value in vars(names).items() if name.isupper() and isinstance(value, str)]
    # Names of objects have slashes, keys of Redis have colons.
    kept = {value.split("/")[0] + "/" for value in constants if "/" in value}
    assert told == kept


def _known_variables() -> set[str]:
    """Variables that something reads: written out in the code, or a field of settings."""
    found: set[str] = set()
    for folder in (*_FOLDERS, "tests"):
        for suffix in ("*.py", "*.sh", "*.yaml", "*.env", "*.Dockerfile"):
            for file in (_ROOT / folder).rglob(suffix):
                if file != Path(__file__):
                    found |= set(_VARIABLE.findall(file.read_text(encoding="utf-8")))
    for settings in (Settings, Limits, GatewaySettings):
        prefix = str(settings.model_config.get("env_prefix", ""))
        found |= {f"{prefix}{field}".upper() for field in settings.model_fields}
    return found | {f"ODAMESH_{name.upper()}_PORT" for name in ports()} | _cache_variables()


def _cache_variables() -> set[str]:
    prefix = str(CacheLimits.model_config.get("env_prefix", ""))
    return {f"{prefix}{field}".upper() for field in CacheLimits.model_fields}


def test_every_variable_that_a_page_names_is_read() -> None:
    known = _known_variables()
    for page in _PAGES:
        unknown = set(_VARIABLE.findall(_page(page))) - known
        assert not unknown, f"{page} names variables that nothing reads: {sorted(unknown)}"


def test_every_setting_is_in_the_table_of_variables(operate: str) -> None:
    for settings in (Settings, Limits, GatewaySettings):
        prefix = str(settings.model_config.get("env_prefix", ""))
        fields = [field for field, entry in settings.model_fields.items() if entry.annotation is not Settings]
        missing = [name for field in fields if (name := f"{prefix}{field}".upper()) not in operate]
        assert not missing, f"docs/operate.md does not name {missing}"


def test_every_alarm_that_a_page_names_is_a_rule_and_every_rule_is_named(operate: str) -> None:
    pages = [_page(f"infra/prometheus/{name}.yml") for name in ("alerts", "objectives")]
    rules = set(re.findall(r"- alert: (\w+)", "".join(pages)))
    (paragraph,) = [text for text in operate.split("\n\n") if "alerts.yml" in text and "rules" in text]
    assert set(re.findall(r"`([A-Z][A-Za-z]+)`", paragraph)) == rules


def test_delivery_limits(operate: str) -> None:
    limits = {
        policy["name"]: policy["definition"]["delivery-limit"]
        for policy in definitions()["policies"]
        if "delivery-limit" in policy["definition"]
    }
    text = "a unit {} times, a request {}, an event {}".format(
        *(limits[name] + 1 for name in ("units", "requests", "events"))
    )
    assert text in operate


def test_limits_of_users_and_requests(operate: str) -> None:
    everybody = Allowance()
    for number in (everybody.jobs, everybody.units, MOST_WINDOWS, MOST_UNPLANNED):
        spaced = f"{number:,}".replace(",", " ")
        assert str(number) in operate or spaced in operate, number


def test_exit_statuses() -> None:
    start = _page("docs/start.md")
    for status, meaning in MEANINGS.items():
        assert f"| {status.value} | {meaning} |" in start


def _requests() -> list[tuple[str, Wish]]:
    """Requests that the pages show: the lines of `odamesh submit` and the body of the call of curl."""
    found = []
    for body in re.findall(r"-d '(\{.*?\})'", _page("docs/start.md"), flags=re.DOTALL):
        found.append(("curl", Wish.model_validate(json.loads(body))))
    for page in ("README.md", "docs/start.md"):
        for line in re.findall(r"^odamesh submit [^\\\n]*(?:\\\n[^\\\n]*)*", _page(page), flags=re.MULTILINE):
            found.append((line, _wish(shlex.split(line.replace("\\\n", " ").partition("#")[0]))))
    return found


def _wish(words: list[str]) -> Wish:
    _, _, instrument, product, *options = words
    given: dict[str, list[str]] = {}
    for name, value in zip(options[::2], options[1::2], strict=True):
        given.setdefault(name, []).append(value)
    cone = {name: float(given[f"--{name}"][0]) for name in ("ra", "dec", "radius") if f"--{name}" in given}
    time = {name: given[f"--{name}"][0] for name in ("t1", "t2") if f"--{name}" in given}
    content: dict[str, Any] = {"scws": given.get("--scw"), "time": time or None, "cone": cone or None}
    bands = [band.split("-") for band in given.get("--band", [])]
    selection = Selection.model_validate(content)
    return Wish(instrument=instrument, product=product, selection=selection, parameters={"bands": bands})


@pytest.mark.parametrize(("shown", "wish"), _requests(), ids=lambda value: str(value)[:60])
def test_requests_that_the_pages_show_are_taken(shown: str, wish: Wish) -> None:
    analysis = read_analysis(wish, lambda *_: [], Limits())
    assert analysis.parameters["bands"], shown


def test_the_page_of_parameters_is_that_of_the_instruments() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), "run `make schema`"


def test_links_lead_to_files() -> None:
    for page in [*_ROOT.glob("*.md"), *(_ROOT / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if "://" not in link:
                assert (page.parent / link).exists(), f"{page.name}: {link}"
