from __future__ import annotations

import hashlib

import pytest
from starlette.requests import Request

from protvox.errors import UsageError
from protvox.service.failures import ServiceError
from protvox.service.http.guard import Guard, check_address, load_keys, new_key
from protvox.service.running import describe_new_key
from protvox.service.settings import load_service_settings

KEY = "pvx_secret"
DIGEST = hashlib.sha256(KEY.encode()).hexdigest()


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    for name in ("API_KEYS", "API_KEYS_FILE", "HOST", "ALLOW_PUBLIC", "NAMES", "RATE_PER_MINUTE"):
        monkeypatch.delenv(f"PROTVOX_SERVICE_{name}", raising=False)


def asking(authorization: str | None = None, method: str = "POST", **headers: str) -> Request:
    headers = {"host": "localhost:8000", **headers}
    if authorization is not None:
        headers["authorization"] = authorization
    pairs = [(k.replace("_", "-").encode(), v.encode("latin1")) for k, v in headers.items()]
    return Request({"type": "http", "method": method, "headers": pairs, "client": ("10.0.0.1", 1)})


def test_clients_without_keys_are_identified_by_address():
    assert Guard(load_service_settings()).identify(asking()) == "address:10.0.0.1"


@pytest.mark.parametrize(
    "name", ["localhost", "LOCALHOST:1", "127.0.0.1:8000", "127.9.9.9", "[::1]", "[::1]:8000"]
)
def test_local_host_names_are_accepted(name):
    Guard(load_service_settings()).identify(asking(host=name))


@pytest.mark.parametrize(
    "name",
    [
        "evil.example",
        "evil.example:8000",
        "127.0.0.1.evil.example",
        "10.0.0.1",
        "[::2]:8000",
        "localhost.evil.example",
        "",
        "]",
        "[",
    ],
)
def test_other_host_names_are_refused(name):
    with pytest.raises(ServiceError) as caught:
        Guard(load_service_settings()).identify(asking(host=name))
    assert (caught.value.status, caught.value.code) == (403, "request.host")
    # With keys a page has none to send, and in public there is nothing to protect.
    keyed = Guard(load_service_settings(api_keys=f"lab:{DIGEST}"))
    assert keyed.identify(asking(f"Bearer {KEY}", host=name)) == "key:lab"
    Guard(load_service_settings(host="0.0.0.0", allow_public=True)).identify(asking(host=name))
    # Unless it is said who may call it, as in a container behind a port of this machine alone.
    named = Guard(load_service_settings(host="0.0.0.0", allow_public=True, names="protvox, Lab"))
    for ours in ("protvox:8000", "lab", "localhost:8000", "127.0.0.1"):
        named.identify(asking(host=ours))
    with pytest.raises(ServiceError):
        named.identify(asking(host=name))


def test_forms_from_other_sites_are_refused():
    guard = Guard(load_service_settings())
    for site in ("cross-site", "same-site"):
        with pytest.raises(ServiceError) as caught:
            guard.identify(asking(sec_fetch_site=site))
        assert (caught.value.status, caught.value.code) == (403, "request.site")
        guard.identify(asking(method="GET", sec_fetch_site=site))
    for site in ("same-origin", "none"):
        guard.identify(asking(sec_fetch_site=site))


def test_keys_are_recognised_by_their_digest():
    guard = Guard(load_service_settings(api_keys=f"lab:{DIGEST}"))
    assert guard.identify(asking(f"Bearer {KEY}")) == "key:lab"
    assert guard.identify(asking(f"bearer {KEY} ")) == "key:lab"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        f"Basic {KEY}",
        f"Bearer {DIGEST}",
        "Bearer \xff\xfe",
    ],
)
def test_invalid_keys_are_refused(header):
    guard = Guard(load_service_settings(api_keys=f"lab:{DIGEST}"))
    with pytest.raises(ServiceError) as caught:
        guard.identify(asking(header))
    assert (caught.value.status, caught.value.code) == (401, "request.key")


def test_keys_can_be_read_from_a_file(tmp_path):
    path = tmp_path / "keys"
    path.write_text(f"# who\none:{DIGEST}\n\ntwo:{'0' * 64}\n")
    assert [key.name for key in load_keys(load_service_settings(api_keys_file=path))] == [
        "one",
        "two",
    ]


def test_a_key_in_plain_text_is_refused_and_not_shown():
    with pytest.raises(UsageError) as caught:
        load_keys(load_service_settings(api_keys=KEY))
    assert KEY not in str(caught.value)


def test_new_keys_fit_the_settings():
    key, digest = new_key()
    assert hashlib.sha256(key.encode()).hexdigest() == digest
    setting = describe_new_key("lab").splitlines()[1].split()[1]
    assert load_keys(load_service_settings(api_keys=setting))[0].name == "lab"
    with pytest.raises(UsageError):
        describe_new_key("a b")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "example.org"])
def test_public_address_needs_keys_or_permission(host):
    with pytest.raises(UsageError) as caught:
        check_address(load_service_settings(host=host))
    assert caught.value.code == "usage.public"
    check_address(load_service_settings(host=host, allow_public=True))
    check_address(load_service_settings(host=host, api_keys=f"lab:{DIGEST}"))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_local_address_needs_no_keys(host):
    check_address(load_service_settings(host=host))


def test_each_client_has_its_own_rate_limit():
    now = [0.0]
    guard = Guard(load_service_settings(rate_per_minute=60, rate_burst=3), clock=lambda: now[0])
    for _ in range(3):
        guard.count("a")
    with pytest.raises(ServiceError) as caught:
        guard.count("a")
    assert (caught.value.status, caught.value.retry_after) == (429, 1.0)
    guard.count("b")
    now[0] += 1.0
    guard.count("a")
    with pytest.raises(ServiceError):
        guard.count("a")


def test_bad_settings_are_usage_errors(monkeypatch):
    monkeypatch.setenv("PROTVOX_SERVICE_PORT", "many")
    with pytest.raises(UsageError) as caught:
        load_service_settings()
    assert (caught.value.code, caught.value.where) == ("usage.setting", "PROTVOX_SERVICE_PORT")


def test_no_proxies_are_trusted_by_default():
    assert load_service_settings().proxies == ()
    assert load_service_settings(proxies="10.0.0.7, 10.0.0.8").proxies == ("10.0.0.7", "10.0.0.8")


def test_devices_are_given_as_a_list(monkeypatch):
    monkeypatch.setenv("PROTVOX_SERVICE_DEVICES", "cuda:0, cuda:1")
    assert load_service_settings().devices == ("cuda:0", "cuda:1")
    assert load_service_settings(devices="cpu").devices == ("cpu",)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:9000"])
def test_foreign_origins_are_refused_without_other_headers(origin):
    """Old browsers send no ``Sec-Fetch-Site``."""
    with pytest.raises(ServiceError) as caught:
        Guard(load_service_settings()).identify(asking(origin=origin))
    assert (caught.value.status, caught.value.code) == (403, "request.site")
    Guard(load_service_settings()).identify(asking(origin="http://localhost:8000"))


@pytest.mark.parametrize(
    "name", ["localhost:8000:1", "[::1]x", "[::1", "localhost:x", "localhost/", "", "a@localhost"]
)
def test_malformed_host_names_are_refused(name):
    with pytest.raises(ServiceError) as caught:
        Guard(load_service_settings()).identify(asking(host=name))
    assert caught.value.code == "request.host"


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
    ],
)
def test_a_network_of_ipv6_is_one_client(first, second, same):
    guard = Guard(load_service_settings(host="0.0.0.0", allow_public=True))

    def client(address: str) -> str:
        request = asking()
        request.scope["client"] = (address, 1)
        return guard.identify(request)

    assert (client(first) == client(second)) == same


def test_guesses_of_keys_are_slowed():
    guard = Guard(
        load_service_settings(api_keys=f"lab:{DIGEST}", rate_per_minute=60, rate_burst=5),
        lambda: 0.0,
    )
    codes = []
    for _ in range(10):
        with pytest.raises(ServiceError) as caught:
            guard.identify(asking("Bearer wrong"))
        codes.append(caught.value.code)
    assert codes == ["request.key"] * 5 + ["request.rate"] * 5
    assert guard.identify(asking(f"Bearer {KEY}")) == "key:lab"
