"""Requests that the program makes by itself, to addresses that somebody else has chosen.

Decides which machines may be reached: public ones through TLS, and what the operator has named. A name is looked up
once, every address that it has is checked, and the connection goes to a checked one. Knows nothing of what is sent.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import httpx

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[list[Address]]]

_NAT64 = ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address for machines that have IPv6 alone
_UNICAST = IPv6Network("2000::/3")  # all that is routed in public
_NOT_PUBLIC = (
    IPv4Network("192.0.0.0/24"),  # for protocols; not every Python knows all of it
    IPv4Network("192.88.99.0/24"),  # relays of 6to4
    IPv4Network("168.63.129.16/32"),  # what Azure has in every machine's network
    IPv6Network("2001::/23"),  # Teredo and other tunnels, which lead to addresses that nobody has checked
    IPv6Network("2002::/16"),  # 6to4, likewise
    IPv6Network("3fff::/20"),  # documentation; not every Python knows
)


# Threads of its own: a name server that does not answer keeps nobody waiting who looks at the database.
_LOOKING_UP = ThreadPoolExecutor(8, "look-up")


class AddressRefused(httpx.RequestError):
    """The address is one that may not be reached."""


def meant(address: Address) -> Address:
    """Give the IPv4 address that an IPv6 address stands for, or the address itself."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def is_public(address: Address) -> bool:
    """Tell whether an address belongs to one machine in the public network, whoever asks."""
    address = meant(address)
    if address.is_multicast or not address.is_global or any(address in network for network in _NOT_PUBLIC):
        return False
    return isinstance(address, IPv4Address) or address in _UNICAST


async def resolve(host: str, port: int) -> list[Address]:
    """Look a name up. Raises OSError when it has no address."""
    look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(_LOOKING_UP, look_up)
    return list(dict.fromkeys(ip_address(entry[4][0]) for entry in found))


class Pinned(httpx.AsyncBaseTransport):
    """A transport that connects only to addresses it has checked.

    The request keeps its `Host`, and TLS is verified against the name. Nothing is kept alive: a connection that was
    made for one name is never used for another.

    Parameters
    ----------
    networks : addresses and networks that may be reached though they are not public, and without TLS.
    """

    def __init__(
        self, networks: Sequence[str], *, resolve: Resolve = resolve, verify: ssl.SSLContext | bool = True
    ) -> None:
        self._networks = [ip_network(network) for network in networks]
        self._resolve = resolve
        self._inner = httpx.AsyncHTTPTransport(verify=verify, limits=httpx.Limits(max_keepalive_connections=0))

    def allows(self, address: Address, scheme: str) -> bool:
        """Tell whether a connection to an address may be made."""
        known = any(meant(address) in network for network in self._networks)
        return known or (scheme == "https" and is_public(address))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        host = url.raw_host.decode("ascii")
        addresses = await self._resolve(host, url.port or (443 if url.scheme == "https" else 80))
        if not addresses or not all(self.allows(address, url.scheme) for address in addresses):
            raise AddressRefused("This address may not be reached.", request=request)
        for address in addresses:
            pinned = httpx.Request(
                request.method,
                url.copy_with(host=str(address)),
                headers=request.headers,
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": host},
            )
            try:
                return await self._inner.handle_async_request(pinned)
            except httpx.ConnectError as error:
                failure = error
        raise failure

    async def aclose(self) -> None:
        await self._inner.aclose()
