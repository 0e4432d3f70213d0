"""Where the program may connect to by itself: public machines through TLS, what the operator named, nothing else."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.outbound import Address, AddressRefused, Pinned, is_public, meant, resolve
from tests.services.receiving import LOOPBACK, Receiver

PRIVATE = [
    "168.63.129.16", "192.0.0.9", "192.0.0.10", "192.0.0.192", "192.88.99.1", "::ffff:168.63.129.16",
    "0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.8.8.8", "169.254.169.254", "172.16.0.1", "172.31.255.255",
    "192.0.0.1", "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.1.2.3",
    "240.0.0.1", "255.255.255.255",
    "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1", "64:ff9b::10.1.2.3", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1", "100::1", "2001::1",
    "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1", "3fff::1", "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1",
    "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1",
]  # fmt: skip
PUBLIC = ["1.1.1.1", "8.8.8.8", "168.63.129.17", "192.88.100.1", "93.184.215.14", "2606:4700::1111",
          "2a00:1450:4001::1", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8"]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))
    assert not any(Pinned([]).allows(ip_address(address), scheme) for scheme in ("https", "http"))


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_is_reached_through_tls_alone(address: str) -> None:
    assert is_public(ip_address(address))
    assert Pinned([]).allows(ip_address(address), "https")
    assert not Pinned([]).allows(ip_address(address), "http")


@given(st.ip_addresses(v=4))
def test_an_address_is_no_better_in_another_dress(address: IPv4Address) -> None:
    for dress in (IPv6Address(f"::ffff:{address}"), IPv6Address(f"64:ff9b::{address}")):
        assert meant(dress) == address
        assert is_public(dress) == is_public(address)
    for tunnel in (
        int(IPv6Address("2002::")) | int(address) << 80,
        int(address),
        int(IPv6Address("2001::")) | int(address),
    ):
        assert not is_public(IPv6Address(tunnel))


@given(st.ip_addresses())
def test_nothing_private_is_public(address: Address) -> None:
    if address.is_private or address.is_loopback or address.is_link_local or address.is_multicast:
        assert not is_public(address) or meant(address) != address


def test_networks_of_the_operator() -> None:
    pinned = Pinned(["10.1.0.0/16", "fd00::/8", "192.168.7.7"])
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "fd00::5", "192.168.7.7"):
        assert pinned.allows(ip_address(address), "http")
        assert pinned.allows(ip_address(address), "https")
    for address in ("10.2.0.1", "192.168.7.8", "fc00::1", "127.0.0.1", "::1"):
        assert not pinned.allows(ip_address(address), "https")


# ------------------------------------------------------------------ what is looked up is what is reached
class Names:
    """A resolver that gives one answer after the other, the last one for ever."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> list[Address]:
        self.asked.append((host, port))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [ip_address(one) for one in answer]


def post(url: str, transport: Pinned, **more: object) -> httpx.Response:
    async def send() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, trust_env=False, timeout=5) as client:
            return await client.post(url, content=b"x")

    return asyncio.run(send())


def test_a_name_is_looked_up_once_and_that_address_is_reached(receiver: Receiver) -> None:
    """The second answer would lead elsewhere; it is never asked for."""
    names = Names(["127.0.0.1"], ["169.254.169.254"])
    reply = post(f"http://hooks.example.org:{receiver.port}/x?y=1", Pinned(LOOPBACK, resolve=names))
    assert reply.status_code == 204
    assert names.asked == [("hooks.example.org", receiver.port)]
    (message,) = receiver.got
    assert message.headers["host"] == f"hooks.example.org:{receiver.port}"
    assert message.path == "/x?y=1"


def test_each_request_is_checked_anew(receiver: Receiver) -> None:
    names = Names(["127.0.0.1"], ["10.0.0.1"])
    transport = Pinned(LOOPBACK, resolve=names)

    async def twice() -> None:
        async with httpx.AsyncClient(transport=transport) as client:
            assert (await client.post(f"http://hooks.example.org:{receiver.port}/")).status_code == 204
            with pytest.raises(AddressRefused):
                await client.post(f"http://hooks.example.org:{receiver.port}/")

    asyncio.run(twice())
    assert len(receiver.got) == 1


@pytest.mark.parametrize("answer", [["127.0.0.1", "10.0.0.1"], ["10.0.0.1", "127.0.0.1"], ["::ffff:10.0.0.1"], []])
def test_one_address_that_may_not_be_reached_is_one_too_many(receiver: Receiver, answer: list[str]) -> None:
    with pytest.raises(AddressRefused):
        post(f"http://hooks.example.org:{receiver.port}/", Pinned(LOOPBACK, resolve=Names(answer)))
    assert receiver.got == []


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f000001", "0177.0.0.1", "127.1"]
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_loopback_is_refused_however_it_is_written(receiver: Receiver, host: str, scheme: str) -> None:
    with pytest.raises((AddressRefused, OSError, httpx.InvalidURL)):
        post(f"{scheme}://{host}:{receiver.port}/", Pinned([]))
    assert receiver.got == []


def test_the_next_address_is_tried_when_one_takes_no_connection(receiver: Receiver) -> None:
    names = Names(["127.0.0.9", "::1", "127.0.0.1"])  # the receiver listens on the last one alone
    assert post(f"http://hooks.example.org:{receiver.port}/", Pinned(LOOPBACK, resolve=names)).status_code == 204


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.answers, receiver.headers = [302], {"location": receiver.url + "/elsewhere"}
    assert post(receiver.url, Pinned(LOOPBACK)).status_code == 302
    assert [message.path for message in receiver.got] == ["/hook"]


def test_the_machine_s_own_resolver() -> None:
    assert set(asyncio.run(resolve("127.0.0.1", 80))) == {IPv4Address("127.0.0.1")}
    assert all(address.is_loopback for address in asyncio.run(resolve("localhost", 80)))
    with pytest.raises(socket.gaierror):
        asyncio.run(resolve("no-such-name.invalid", 443))


def test_names_are_looked_up_apart_from_other_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that does not answer holds threads for long: not those that look at the database."""
    answer = threading.Event()

    def slow(*_: object, **__: object) -> list[object]:
        answer.wait(20)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", slow)

    async def look() -> bool:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        waiting = [asyncio.create_task(resolve("slow.example.org", 443)) for _ in range(4)]
        await asyncio.sleep(0)
        done = await asyncio.wait_for(asyncio.to_thread(lambda: not answer.is_set()), 10)
        answer.set()
        await asyncio.gather(*waiting)
        return done

    assert asyncio.run(look())


# ------------------------------------------------------------------ TLS is verified against the name
@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, ssl.SSLContext, list[str]]]:
    """A server with a certificate for `hooks.example.org`, a context that trusts it, and the names it was asked as."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = _certificate(folder, "hooks.example.org")
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            pass  # a client that does not trust us hangs up

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.sni_callback = lambda _socket, name, _context: asked.append(name or "")
    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, ssl.create_default_context(cafile=str(certificate)), asked
    server.shutdown()
    server.server_close()


def _certificate(folder: Path, name: str) -> tuple[Path, Path]:
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
               "-days", "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}",
               "-keyout", str(key), "-out", str(certificate)]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


def test_tls_is_verified_against_the_name_and_not_the_address(
    certified: tuple[int, ssl.SSLContext, list[str]],
) -> None:
    port, trusting, asked = certified
    reached = Pinned(LOOPBACK, resolve=Names(["127.0.0.1"]), verify=trusting)
    assert post(f"https://hooks.example.org:{port}/", reached).status_code == 204
    assert asked[-1:] == ["hooks.example.org"]


@pytest.mark.parametrize("name", ["other.example.org", "127.0.0.1"])
def test_another_name_or_the_bare_address_is_not_believed(
    certified: tuple[int, ssl.SSLContext, list[str]], name: str
) -> None:
    port, trusting, _ = certified
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        post(f"https://{name}:{port}/", Pinned(LOOPBACK, resolve=Names(["127.0.0.1"]), verify=trusting))


def test_a_certificate_that_nobody_vouches_for_is_not_believed(
    certified: tuple[int, ssl.SSLContext, list[str]],
) -> None:
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        post(f"https://hooks.example.org:{certified[0]}/", Pinned(LOOPBACK, resolve=Names(["127.0.0.1"])))


def test_proxies_of_the_environment_are_not_asked(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client of the courier is made as in `courier.py`; a proxy would resolve names by itself."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert post(receiver.url, Pinned(LOOPBACK)).status_code == 204
