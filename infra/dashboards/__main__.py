"""Writes the files for Grafana: `make dashboards`."""

from pathlib import Path

from infra.dashboards.boards import DASHBOARDS
from infra.dashboards.grafana_file import grafana

FOLDER = Path(__file__).parent / "grafana"


def main() -> None:
    """Write every file anew."""
    FOLDER.mkdir(exist_ok=True)
    for dashboard in DASHBOARDS:
        (FOLDER / f"{dashboard.name}.json").write_text(grafana(dashboard), encoding="utf-8")


if __name__ == "__main__":
    main()
