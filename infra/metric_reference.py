"""Writes docs/metrics.md, what each process tells Prometheus, from the modules that count it: `make schema`."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from prometheus_client.metrics import MetricWrapperBase

_ROOT = Path(__file__).resolve().parents[1]
PAGE = _ROOT / "docs" / "metrics.md"
_PACKAGES = ("gateway", "mesh", "services")
_NAMES = ("metrics.py", "process_metrics.py")
_HEAD = """# Metrics

What each process tells Prometheus at its `/metrics`. `make schema` makes this page of the modules that count. Every
label takes its values from what the code names - instruments, stages, lanes, queues, states, the templates of
addresses - and none from what a caller sends, so that their number has an end. Histograms hold the id of a trace as an
example where traces are made ([traces](operate.md#traces)). The figures of RabbitMQ, MinIO and the machine are theirs;
what is drawn and alarmed of all of them is in `infra/dashboards` and `infra/prometheus`.
"""


def modules() -> list[ModuleType]:
    """Return the modules that define what is counted, in the order of their names."""
    paths = sorted(path for package in _PACKAGES for name in _NAMES for path in (_ROOT / package).rglob(name))
    return [importlib.import_module(".".join(path.relative_to(_ROOT).with_suffix("").parts)) for path in paths]


def metrics(module: ModuleType) -> list[MetricWrapperBase]:
    """Return what a module counts."""
    return [entry for entry in vars(module).values() if isinstance(entry, MetricWrapperBase)]


def series_name(metric: MetricWrapperBase) -> str:
    """Return the name under which Prometheus knows a metric; of a histogram that of the whole."""
    (family,) = metric.describe()
    return f"{family.name}_total" if family.type == "counter" else str(family.name)


def reference() -> str:
    """Return the page."""
    return "\n".join([_HEAD, *(line for module in modules() for line in _module(module))]) + "\n"


def _module(module: ModuleType) -> Iterator[str]:
    yield f"## `{module.__name__}`\n"
    yield f"{(module.__doc__ or '').strip().splitlines()[0]}\n"
    yield "| metric | kind | labels | meaning |"
    yield "| --- | --- | --- | --- |"
    for metric in metrics(module):
        (family,) = metric.describe()
        labels = ", ".join(f"`{label}`" for label in metric._labelnames)
        yield f"| `{series_name(metric)}` | {family.type} | {labels or '-'} | {family.documentation} |"
    yield ""


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
