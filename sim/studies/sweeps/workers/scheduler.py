"""A Dask scheduler: its address, the way to it, and what is said where there is none or it has no workers."""

from __future__ import annotations

import asyncio
import logging
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Self

from sim.errors import InputError, quoted

_TALKATIVE = ("asyncio", "distributed", "tornado")


@dataclass(frozen=True, slots=True)
class Scheduler:
    """An address; it has `connect_s` seconds to answer, and `patience_s` seconds to have a worker."""

    address: str
    connect_s: float = 10.0
    patience_s: float = 30.0

    @classmethod
    def at(cls, address: str) -> Self:
        """Make one for a scheduler's address; raise InputError for what is no address, and where Dask is missing."""
        try:
            from distributed.comm.addressing import get_address_host_port, parse_address
            from distributed.comm.registry import get_backend
        except ImportError as error:
            wrong, allowed = "a cluster needs Dask", "install it with pip install 'sim[dask]'"
            raise InputError.located("--scheduler", wrong=wrong, allowed=allowed) from error
        try:
            get_backend(parse_address(address)[0])
            get_address_host_port(address)
        except (ValueError, NotImplementedError) as error:
            wrong = f"{quoted(address)} is no address of a Dask scheduler: {error}"
            raise InputError.located("--scheduler", wrong=wrong, allowed="write e.g. tcp://host:8786") from error
        return cls(address)

    def error(self, wrong: str, allowed: str) -> InputError:
        """Make the line for a fault of the cluster."""
        return InputError.located(self.address, wrong=wrong, allowed=allowed)

    @contextmanager
    def connected(self) -> Iterator[Any]:
        """Connect to the scheduler, and wait until it has a worker."""
        import distributed
        from distributed.versions import VersionMismatchWarning

        dask: Any = distributed  # much of which has no types
        with _silent_logs(), ExitStack() as stack:
            try:
                with ThreadPoolExecutor(1) as aside:  # here a notebook may have a loop of its own
                    aside.submit(asyncio.run, _shake_hands(self.address, self.connect_s)).result()
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", VersionMismatchWarning)  # of our own code we make sure
                    client = dask.Client(self.address, timeout=self.connect_s, set_as_default=False)
                stack.callback(_close, client)
            except OSError as error:
                wrong = f"no Dask scheduler answers there within {self.connect_s:g} s"
                raise self.error(wrong, "start it, or give another --scheduler") from error
            try:
                client.wait_for_workers(1, timeout=self.patience_s)
            except TimeoutError as error:
                raise self.no_workers() from error
            yield client

    def no_workers(self) -> InputError:
        """State that there has been no worker for too long."""
        return self.error(f"the cluster has had no workers for {self.patience_s:g} s", "start some with dask worker")


async def _shake_hands(address: str, seconds: float) -> None:
    """Raise OSError where no scheduler is; Dask's client would wait for ever for one that says nothing."""
    import distributed

    dask: Any = distributed
    arguments = dask.Security().get_connection_args("client")
    comm = await asyncio.wait_for(dask.comm.connect(address, timeout=seconds, **arguments), seconds)
    await comm.close()


def _close(client: Any) -> None:
    """Take leave of the scheduler, which may have gone."""
    with suppress(OSError):
        client.close()


@contextmanager
def _silent_logs() -> Iterator[None]:
    """Keep Dask's own log off our terminal: what matters of it, we say."""
    names = [name for name in logging.root.manager.loggerDict if name.split(".")[0] in _TALKATIVE]
    levels = {name: logging.getLogger(name).level for name in names}
    try:
        for name in names:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
