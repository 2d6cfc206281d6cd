"""Runs set-up steps side by side, in the order that their needs allow, with a line of progress for each."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from infra.stack.problem import SetupProblem

_PATIENCE_S = 15.0  # without a terminal, a step that takes longer says so


@dataclass(frozen=True)
class Step:
    """One thing to do: `run` returns a few words about what came of it."""

    name: str
    run: Callable[[], str]
    after: tuple[str, ...] = ()


def run_steps(steps: Sequence[Step], console: Console) -> None:
    """Run all steps; those that need a failed one are left out, the others end, then the first problem is raised."""
    waiting = {step.name: step for step in steps}
    done: set[str] = set()
    problems: list[Exception] = []
    running: dict[Future[str], str] = {}
    with _Lines(console) as lines, ThreadPoolExecutor(max_workers=len(steps)) as pool:
        while waiting or running:
            for name in [name for name, step in waiting.items() if done.issuperset(step.after)]:
                step = waiting.pop(name)
                lines.begin(name)
                running[pool.submit(step.run)] = name
            if not running:
                break  # what is left needs a step that failed
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                name = running.pop(future)
                try:
                    lines.end(name, future.result())
                    done.add(name)
                except Exception as error:  # shown on its line now and raised after the other steps
                    lines.end(name, f"[red]failed[/red]: {error}")
                    problems.append(error)
    if problems:
        raise next((one for one in problems if isinstance(one, SetupProblem)), problems[0])


class _Lines:
    """A spinner per step on a terminal; elsewhere a line when a step ends, and one when it takes long."""

    def __init__(self, console: Console) -> None:
        self._console = console
        columns = (SpinnerColumn(finished_text="[green]✓"), TextColumn("{task.description}"), TimeElapsedColumn())
        self._progress = Progress(*columns, console=console) if console.is_terminal else None
        self._tasks: dict[str, TaskID] = {}
        self._began: dict[str, float] = {}
        self._timers: dict[str, threading.Timer] = {}

    def __enter__(self) -> "_Lines":
        if self._progress:
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        for timer in self._timers.values():
            timer.cancel()
        if self._progress:
            self._progress.stop()

    def begin(self, name: str) -> None:
        self._began[name] = time.monotonic()
        if self._progress:
            self._tasks[name] = self._progress.add_task(name, total=1)
        else:
            self._timers[name] = threading.Timer(_PATIENCE_S, self._console.print, [f"  {name} ..."])
            self._timers[name].daemon = True
            self._timers[name].start()

    def end(self, name: str, outcome: str) -> None:
        if self._progress:
            self._progress.update(self._tasks[name], description=f"{name}: {outcome}", completed=1)
        else:
            self._timers[name].cancel()
            seconds = time.monotonic() - self._began[name]
            self._console.print(f"  {name}: {outcome} ({seconds:.1f} s)", soft_wrap=True)
