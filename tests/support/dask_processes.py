"""A Dask cluster on the loopback, its scheduler and workers processes of their own, for the tests that need one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support.paths import ROOT
from support.patience import patient, wait_until

_IDLE = ("--idle-timeout", "5 minutes")  # where the tests themselves are killed


class Cluster:
    """A cluster's processes; `folder` takes their logs."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self._folder, self._settings = folder, settings
        self._file = folder / "scheduler.json"
        self._processes: list[subprocess.Popen[bytes]] = []
        self.scheduler = self._start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", *_IDLE)
        wait_until(lambda: self._file.exists() and self._file.read_text(encoding="utf-8").endswith("}"))
        self.address = str(json.loads(self._file.read_text(encoding="utf-8"))["address"])

    def add_worker(self, *options: str, nanny: bool = False) -> subprocess.Popen[bytes]:
        """Start a worker and give its process; with a nanny, it is started again when it dies."""
        words = [] if nanny else ["--no-nanny"]
        return self._start("dask_worker", "--local-directory", str(self._folder), *words, *options)

    def state(self) -> dict[str, Any]:
        """Ask the scheduler for the names of its plugins and tasks, and how many workers it has."""
        from distributed import Client

        def look(dask_scheduler: Any) -> dict[str, Any]:
            plugins = [name for name in dask_scheduler.worker_plugins if name.startswith("sim")]
            return {"plugins": plugins, "tasks": list(dask_scheduler.tasks), "workers": len(dask_scheduler.workers)}

        with Client(self.address, set_as_default=False) as client:
            found: dict[str, Any] = client.run_on_scheduler(look)
        return found

    def stop(self) -> None:
        """End all processes, and what they have started."""
        for process in self._processes:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            finally:
                process.wait(timeout=patient(30))

    def _start(self, module: str, *options: str) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-m", f"distributed.cli.{module}", "--scheduler-file", str(self._file), *options]
        environment = {**os.environ, **self._settings, "PYTHONPATH": str(ROOT)}
        with (self._folder / f"{len(self._processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                [*words, "--no-dashboard"],
                cwd=self._folder,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._processes.append(process)
        return process


@contextmanager
def cluster(folder: Path, **settings: str) -> Iterator[Cluster]:
    """Start a scheduler; `settings` are Dask's own, as environment variables."""
    started = Cluster(folder, settings)
    try:
        yield started
    finally:
        started.stop()
