"""Reading charts back: the data of a Vega-Lite spec, and the words of an SVG's marks."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import orjson

from app.analysis import audiences
from tests.analysis.waves import World

SVG = "{http://www.w3.org/2000/svg}"
RELEASE = {
    "number": 1,
    "status": "final",
    "released_at": "2022-11-01T09:00:00-04:00",
    "digest": "sha256:" + "0123456789abcdef" * 4,
    "definitions": "1",
}


def served(document: dict[str, Any]) -> dict[str, Any]:
    """The document as a reader gets it."""
    read: dict[str, Any] = orjson.loads(orjson.dumps(document | {"release": RELEASE}))
    for wave in read.get("waves", ()):
        wave["release"] = RELEASE
    return read


def documents(world: World) -> dict[str, dict[str, Any]]:
    """The summaries of all audiences; groups that may be are shown in ranges to principals and the public."""
    both = {"principal": "banded", "public": "banded"}
    none = {"principal": "none", "public": "none"}
    promise = {
        group.group: {"director": "exact"} | (both if group.confidential and group.k >= 10 else none)
        for group in world.groups
    }
    return {name: served(one) for name, one in audiences.everyone(world.summary | {"promise": promise}).items()}


def layers(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return [layer for panel in spec["vconcat"] for layer in panel["layer"]]


def marks(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """The data of the marks that are read out: those that stand for a figure, or for what is withheld."""
    return [row for layer in layers(spec) if "description" in layer["encoding"] for row in layer["data"]["values"]]


def said(svg: str) -> list[str]:
    """The words of all marks of an SVG."""
    root = ET.fromstring(svg)
    labeled = [mark.attrib for mark in root.iter() if "aria-label" in mark.attrib]
    return [mark["aria-label"] for mark in labeled if "title" not in mark["aria-roledescription"]]


def written(svg: str) -> list[str]:
    """Every text of an SVG, the lines of one joined by a space."""
    return [" ".join(text.itertext()) for text in ET.fromstring(svg).iter(f"{SVG}text")]


def place(row: dict[str, Any]) -> tuple[Any, ...]:
    """What names a cell, or the row of a chart's data that is made from it."""
    return row["group"], row["school"], tuple(row.get("schools", ()))
