"""How often a sign-in may fail: by account and address, by address, by account."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Annotated

from pydantic import Field

from tumorscope.domain.spec import Spec
from tumorscope.serve.security.refusals import TooManyAttemptsError

_MOST_KEYS = 20_000
"""Who sends from a million addresses may not fill the memory."""


class SignInLimits(Spec):
    """How often a sign-in may fail within a window."""

    window_s: Annotated[float, Field(gt=0)] = 900.0
    """Length of the window in seconds."""
    pair: Annotated[int, Field(ge=1)] = 5
    """Failures for one account from one address."""
    address: Annotated[int, Field(ge=1)] = 30
    """Failures for all accounts from one address."""
    account: Annotated[int, Field(ge=1)] = 100
    """Failures for one account from all addresses; high, so that a stranger cannot shut
    a colleague out at will."""


class SignInGuard:
    """Counts failures in memory; a restart forgets them."""

    def __init__(
        self, limits: SignInLimits, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin with nothing counted."""
        self._limits = limits
        self._clock = clock
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def admit(self, name: str, address: str) -> None:
        """Count an attempt as failed until `succeeded` says otherwise.

        Counting first leaves no gap through which attempts at the same time could slip.

        Raises:
            TooManyAttemptsError: If there were too many failures.
        """
        now = self._clock()
        with self._lock:
            for key, limit in self._keys(name, address):
                wait = self._wait(key, limit, now)
                if wait:
                    raise TooManyAttemptsError(wait)
            for key, _ in self._keys(name, address):
                self._failures.setdefault(key, deque()).append(now)
                self._failures.move_to_end(key)
            while len(self._failures) > _MOST_KEYS:
                self._failures.popitem(last=False)

    def succeeded(self, name: str, address: str) -> None:
        """Forget the failures of an account from an address; the others lose one."""
        (pair, _), *others = self._keys(name, address)
        with self._lock:
            self._failures.pop(pair, None)
            for key, _ in others:
                if self._failures.get(key):
                    self._failures[key].pop()

    def _keys(self, name: str, address: str) -> list[tuple[str, int]]:
        name, address = name.strip().lower()[:64], _network(address)
        return [
            (f"pair {address} {name}", self._limits.pair),
            (f"address {address}", self._limits.address),
            (f"account {name}", self._limits.account),
        ]

    def _wait(self, key: str, limit: int, now: float) -> int:
        """Return seconds to wait; 0 where the next attempt is free."""
        times = self._failures.get(key)
        if times is None:
            return 0
        while times and now - times[0] > self._limits.window_s:
            times.popleft()
        if len(times) < limit:
            return 0
        return max(1, int(times[-limit] + self._limits.window_s - now) + 1)


def _network(address: str) -> str:
    """Return an address; of IPv6 the network that one customer has."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network((int(parsed), 64), strict=False))
