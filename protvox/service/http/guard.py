"""Access control: API keys, host names and rate limits."""

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

from protvox.errors import fail
from protvox.service.failures import refuse
from protvox.service.settings import ServiceSettings

_PAIR: Final = re.compile(r"([A-Za-z0-9_.-]{1,64}):([0-9a-f]{64})")
_AUTHORITY: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::[0-9]{1,5})?")
_MAX_BUCKETS: Final = 10_000
_KEY_PREFIX: Final = "pvx_"
_READ_METHODS: Final = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key: its name and digest. The key itself is not stored."""

    name: str
    digest: bytes


def new_key() -> tuple[str, str]:
    """Create an API key.

    Returns
    -------
    key : str
        The key. It has 256 random bits, so its plain digest cannot be inverted.
    digest : str
        SHA-256 of the key in hex, for the settings.
    """
    key = _KEY_PREFIX + secrets.token_urlsafe(32)
    return key, hashlib.sha256(key.encode()).hexdigest()


def load_keys(settings: ServiceSettings) -> tuple[ApiKey, ...]:
    """Return the API keys in the settings.

    Parameters
    ----------
    settings
        Settings with ``api_keys`` and ``api_keys_file``.

    Raises
    ------
    UsageError
        If the file cannot be read, or an entry is not ``name:digest`` (``usage.setting``).
    """
    entries = settings.api_keys.split(",")
    if settings.api_keys_file is not None:
        try:
            lines = settings.api_keys_file.read_text().splitlines()
        except (OSError, UnicodeError) as error:
            raise fail("usage.setting.keys_file", where=str(settings.api_keys_file)) from error
        entries += [line for line in lines if not line.startswith("#")]
    keys = []
    for entry in filter(None, map(str.strip, entries)):
        found = _PAIR.fullmatch(entry)
        if found is None:
            # The entry is not shown, as it may be a key in plain text.
            raise fail("usage.setting.keys", where="PROTVOX_SERVICE_API_KEYS")
        keys.append(ApiKey(found[1], bytes.fromhex(found[2])))
    return tuple(keys)


def check_address(settings: ServiceSettings) -> None:
    """Check that the service is not open to everybody by accident.

    Parameters
    ----------
    settings
        Settings with the address.

    Raises
    ------
    UsageError
        If the address is reachable from other machines without a key (``usage.public``).
    """
    if settings.is_public and not settings.allow_public and not load_keys(settings):
        raise fail("usage.public", where=settings.host)


class Guard:
    """Checks the API key and the rate of every request.

    Parameters
    ----------
    settings
        Settings with keys and rate.
    clock
        Returns seconds; replaced in tests.
    """

    def __init__(
        self, settings: ServiceSettings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._keys = load_keys(settings)
        self._names = frozenset(name.lower() for name in settings.names)
        self._check_names = bool(self._names) or not (settings.is_public or settings.allow_public)
        self._rate = settings.rate_per_minute / 60
        self._burst = float(settings.rate_burst)
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def identify(self, request: Request) -> str:
        """Return the client: the name of its key, or its address if no keys are set.

        Parameters
        ----------
        request
            The request.

        Raises
        ------
        ServiceError
            ``request.key`` without a valid key. If no keys are set, ``request.host`` or
            ``request.site`` for requests that a page of another site may have sent.
        """
        if not self._keys:
            self._check_browser(request)
            return owner_of(_host_of(request))
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        given = token.strip() if scheme.lower() == "bearer" else ""
        digest = hashlib.sha256(given.encode("utf-8", "replace")).digest()
        # Every key is compared, so that the response time reveals nothing.
        names = [key.name for key in self._keys if hmac.compare_digest(key.digest, digest)]
        if not given or not names:
            # Guessing is limited like requests are.
            self.count(owner_of(_host_of(request)))
            raise refuse("request.key", where="Authorization", status=401)
        return f"key:{names[0]}"

    def _check_browser(self, request: Request) -> None:
        """Refuse requests that a browser on this machine sends for a page of another site.

        Without keys, any program on this machine may use the service, including a browser. A page
        whose host name is pointed at this machine after loading (DNS rebinding) has the same
        origin and could read responses. A form on any page can be submitted here.
        """
        name = _name_of(request.headers.get("host", ""))
        if self._check_names and not (_is_local(name) or name in self._names):
            raise refuse("request.host", where="Host", status=403)
        if request.method in _READ_METHODS:
            return
        site = request.headers.get("sec-fetch-site")
        if site is None:
            # Old browsers, and all on a plain address of another machine, send the origin only.
            origin = request.headers.get("origin", "").lower()
            host = request.headers.get("host", "").lower()
            own = not origin or origin.partition("://")[2] == host
        else:
            own = site in ("none", "same-origin")
        if not own:
            raise refuse("request.site", where="Sec-Fetch-Site", status=403)

    def count(self, client: str) -> None:
        """Count a request against the rate limit of its client.

        Parameters
        ----------
        client
            Client from `identify`.

        Raises
        ------
        ServiceError
            ``request.rate`` if the client has sent too many requests.
        """
        if not self._rate:
            return
        now = self._clock()
        tokens, before = self._buckets.pop(client, (self._burst, now))
        tokens = min(self._burst, tokens + (now - before) * self._rate)
        allowed = tokens >= 1
        self._buckets[client] = (tokens - 1 if allowed else tokens, now)
        while len(self._buckets) > _MAX_BUCKETS:
            self._buckets.popitem(last=False)
        if not allowed:
            wait_s = (1 - tokens) / self._rate
            raise refuse("request.rate", where="rate limit", status=429, retry_after=wait_s)


def _name_of(authority: str) -> str:
    """Return the host name or address of an authority, ``""`` if it is not valid."""
    found = _AUTHORITY.fullmatch(authority)
    return "" if found is None else (found[1] or found[2]).lower()


def _host_of(request: Request) -> str:
    return request.client.host if request.client else ""


def owner_of(host: str) -> str:
    """Return the owner of requests without a key: an IPv4 address, or an IPv6 network.

    A customer of a provider has 2**64 addresses of a network.

    Parameters
    ----------
    host
        Address of the client.

    Examples
    --------
    >>> owner_of("2001:db8::1:2"), owner_of("::ffff:192.0.2.1")
    ('address:2001:db8::/64', 'address:192.0.2.1')
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return f"address:{host}"
    if isinstance(address, ipaddress.IPv4Address):
        return f"address:{address}"
    if address.ipv4_mapped is not None:
        return f"address:{address.ipv4_mapped}"
    return f"address:{ipaddress.ip_network((int(address), 64), strict=False)}"


def _is_local(name: str) -> bool:
    """Return whether a name can only refer to this machine."""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
