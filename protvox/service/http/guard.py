"""Who may ask, and how often."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

from protvox.errors import UsageError
from protvox.service.failures import ServiceError
from protvox.service.settings import ServiceSettings

_PAIR: Final = re.compile(r"([A-Za-z0-9_.-]{1,64}):([0-9a-f]{64})")
_MOST_BUCKETS: Final = 10_000
_KEY_PREFIX: Final = "pvx_"
_READING: Final = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key, by name and digest; the key itself is nowhere."""

    name: str
    digest: bytes


def new_key() -> tuple[str, str]:
    """Return a new API key and its SHA-256 in hex, for the settings.

    Returns
    -------
    tuple of str
        The key has 256 random bits, so that a plain digest of it cannot be turned round.
    """
    key = _KEY_PREFIX + secrets.token_urlsafe(32)
    return key, hashlib.sha256(key.encode()).hexdigest()


def load_keys(settings: ServiceSettings) -> tuple[ApiKey, ...]:
    """Return the keys of the settings.

    Parameters
    ----------
    settings
        With ``api_keys`` and ``api_keys_file``.

    Raises
    ------
    UsageError
        If the file cannot be read, or a line is no ``name:digest`` (``usage.setting``).
    """
    words = settings.api_keys.split(",")
    if settings.api_keys_file is not None:
        try:
            lines = settings.api_keys_file.read_text().splitlines()
        except (OSError, UnicodeError) as error:
            raise UsageError(
                "the file of API keys cannot be read",
                where=str(settings.api_keys_file),
                remedy="Check the path",
                code="usage.setting",
            ) from error
        words += [line for line in lines if not line.startswith("#")]
    keys = []
    for word in filter(None, map(str.strip, words)):
        found = _PAIR.fullmatch(word)
        if found is None:
            # Not shown: it may be a key in plain text.
            raise UsageError(
                "an API key is not of the form name:digest",
                where="PROTVOX_SERVICE_API_KEYS",
                remedy="Make one with protvox serve --new-key NAME",
                code="usage.setting",
            )
        keys.append(ApiKey(found[1], bytes.fromhex(found[2])))
    return tuple(keys)


def check_address(settings: ServiceSettings) -> None:
    """Refuse to be open to everybody by accident.

    Parameters
    ----------
    settings
        With the address.

    Raises
    ------
    UsageError
        If others can reach the address and nobody needs a key (``usage.public``).
    """
    if settings.is_public and not settings.allow_public and not load_keys(settings):
        raise UsageError(
            "others could use the service, and there are no API keys",
            where=settings.host,
            remedy="Set PROTVOX_SERVICE_API_KEYS, or PROTVOX_SERVICE_ALLOW_PUBLIC=1 if that is "
            "wanted",
            code="usage.public",
        )


class Guard:
    """Checks the key and the rate of every request.

    Parameters
    ----------
    settings
        Keys and rate.
    clock
        Seconds, for tests.
    """

    def __init__(
        self, settings: ServiceSettings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._keys = load_keys(settings)
        self._names = frozenset(name.lower() for name in settings.names)
        self._by_name = bool(self._names) or not (settings.is_public or settings.allow_public)
        self._rate = settings.rate_per_minute / 60
        self._burst = float(settings.rate_burst)
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def identify(self, request: Request) -> str:
        """Return who asks: the name of the key, or the address when no keys are used.

        Parameters
        ----------
        request
            The request.

        Raises
        ------
        ServiceError
            ``request.key`` without a valid key; where no keys are used ``request.host`` or
            ``request.site`` for what a page of another site may have sent.
        """
        if not self._keys:
            self._check_browser(request)
            return f"address:{request.client.host if request.client else ''}"
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        given = token.strip() if scheme.lower() == "bearer" else ""
        digest = hashlib.sha256(given.encode("utf-8", "replace")).digest()
        # Every key is compared, so that the time tells nothing.
        names = [key.name for key in self._keys if hmac.compare_digest(key.digest, digest)]
        if not given or not names:
            raise ServiceError(
                "there is no valid API key",
                where="Authorization",
                remedy="Send Authorization: Bearer KEY",
                code="request.key",
                status=401,
            )
        return f"key:{names[0]}"

    def _check_browser(self, request: Request) -> None:
        """Refuse what a browser on this machine sends for a page of another site.

        Without keys whoever reaches the address may use it, and a browser here does. A page
        whose name was pointed to this machine after it was loaded (DNS rebinding) could read
        answers, for it is of the same origin then; a form of any page can be sent here.
        """
        name = _name_of(request.headers.get("host", ""))
        if self._by_name and not (_is_local(name) or name in self._names):
            raise ServiceError(
                "the service is for this machine only, and was called by another name",
                where="Host",
                remedy="Use http://localhost or http://127.0.0.1, or set "
                "PROTVOX_SERVICE_NAMES or API keys",
                code="request.host",
                status=403,
            )
        site = request.headers.get("sec-fetch-site", "none")
        if request.method not in _READING and site not in ("none", "same-origin"):
            raise ServiceError(
                "the request comes from a page of another site",
                where="Sec-Fetch-Site",
                remedy="Use a program, or the page here",
                code="request.site",
                status=403,
            )

    def count(self, who: str) -> None:
        """Count a request against the rate of who asks.

        Parameters
        ----------
        who
            From `identify`.

        Raises
        ------
        ServiceError
            ``request.rate`` when there were too many.
        """
        if not self._rate:
            return
        now = self._clock()
        left, before = self._buckets.pop(who, (self._burst, now))
        left = min(self._burst, left + (now - before) * self._rate)
        allowed = left >= 1
        self._buckets[who] = (left - 1 if allowed else left, now)
        while len(self._buckets) > _MOST_BUCKETS:
            self._buckets.popitem(last=False)
        if not allowed:
            raise ServiceError(
                "too many requests",
                where="rate limit",
                remedy="Slow down",
                code="request.rate",
                status=429,
                retry_after=(1 - left) / self._rate,
            )


def _name_of(authority: str) -> str:
    """Return the name or address of a host that is given with its port or without."""
    return (authority.rpartition("]")[0].lstrip("[") or authority.partition(":")[0]).lower()


def _is_local(name: str) -> bool:
    """Return whether a name can only be this machine."""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
