"""Runs one unit in this process: ``python -m mesh.kit.run <unit directory>``."""

import argparse
import json
import sys
from pathlib import Path

from mesh.kit.analysis import run_unit
from mesh.kit.rlimits import apply_limits, die_with_parent


def main() -> int:
    """Run the unit that the command line names and return its exit status."""
    parser = argparse.ArgumentParser(description="Run one unit of work of the analysis that ODAMESH_ANALYSIS names.")
    parser.add_argument("directory", type=Path, help="unit directory with unit.json, in/ and out/")
    parser.add_argument("--limits", type=json.loads, default={}, help="JSON object: file_mb, memory_mb, open_files")
    parser.add_argument("--die-with-parent", action="store_true", help="end when the process that started this ends")
    arguments = parser.parse_args()
    if arguments.die_with_parent:
        die_with_parent()
    apply_limits(arguments.limits)
    return run_unit(arguments.directory)


if __name__ == "__main__":
    sys.exit(main())
