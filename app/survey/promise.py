"""The promise made to respondents: what it may say, when one is stricter than another, and its plain words.

Decides nothing about figures; `analysis/disclosure.py` keeps the promise.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Annotated, Any, Literal

import orjson
from pydantic import Field, model_validator

from app.survey.base import Model

FLOOR = 5  # no minimum under this is ever promised
BANDED_FROM = 10  # banded audiences need at least this minimum
Access = Literal["open", "code"]
"""How a group of a wave answers: `open` to whoever has the link, or with a one-use `code` of one's own."""

_FINENESS = {"none": 0, "banded": 1, "exact": 2}


class Promise(Model):
    """The promise to one group.

    `confidential`: no figure about fewer than `minimum` people. `attributed`: the director sees answers by role and
    school, and nobody else sees anything. The audiences say how fine the figures are that each of them gets.
    """

    mode: Literal["confidential", "attributed"]
    minimum: Annotated[int, Field(ge=FLOOR, le=1000)] | None = None
    director: Literal["exact", "banded"] | None = None
    principal: Literal["exact", "banded", "none"] | None = None
    public: Literal["banded", "none"] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Promise:
        if self.mode == "attributed":
            if (self.minimum, self.director, self.principal, self.public) != (None, None, None, None):
                raise ValueError("an attributed group has no minimum and no audiences: only the director sees it")
            return self
        full = self.filled()
        levels = (full["director"], full["principal"], full["public"])
        if "banded" in levels and full["minimum"] < BANDED_FROM:
            raise ValueError(f"banded figures need a minimum of at least {BANDED_FROM}")
        if max(_FINENESS[full["principal"]], _FINENESS[full["public"]]) > _FINENESS[full["director"]]:
            raise ValueError("no audience gets finer figures than the director")
        return self

    def filled(self) -> dict[str, Any]:
        """Give the promise with its defaults spelled out, as JSON data."""
        if self.mode == "attributed":
            return {"mode": "attributed"}
        minimum = self.minimum if self.minimum is not None else 10
        return {
            "mode": "confidential",
            "minimum": minimum,
            "director": self.director or "exact",
            "principal": self.principal or ("banded" if minimum >= BANDED_FROM else "none"),
            "public": self.public or "none",
        }


def default_promise(group: str) -> Promise:
    """Families and staff are confidential, 10 at least; one principal a school cannot be anonymous."""
    return Promise(mode="confidential", minimum=10) if group in ("family", "staff") else Promise(mode="attributed")


def looser(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Tell whether `after` promises less than `before` in any respect. Both are filled promises."""
    if before["mode"] == "attributed":
        return False
    if after["mode"] == "attributed" or after["minimum"] < before["minimum"]:
        return True
    return any(_FINENESS[after[who]] > _FINENESS[before[who]] for who in ("director", "principal", "public"))


def fineness(filled: dict[str, Any], audience: str) -> str:
    """Tell how fine the figures are that an audience gets of a group with this filled promise."""
    if filled["mode"] == "attributed":
        return "exact" if audience == "director" else "none"
    return str(filled[audience])


def shows_any(promises: Iterable[dict[str, Any]], audience: str) -> bool:
    """Tell whether an audience gets anything of groups with these filled promises."""
    return any(fineness(filled, audience) != "none" for filled in promises)


def is_exact(filled: dict[str, Any], audience: str) -> bool:
    """Tell whether an audience gets exact figures of a group."""
    return fineness(filled, audience) == "exact"


def digest(filled: dict[str, Any]) -> str:
    """Name a promise by 128 bits of the SHA-256 of its canonical JSON, short enough to be kept with every response."""
    return hashlib.sha256(orjson.dumps(filled, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


_ONCE = {
    "open": (
        "Because this survey can be answered without a personal code, it cannot be ruled out that somebody answers "
        "many times to single out another person.",
        "Como esta encuesta se puede contestar sin un código personal, no se puede descartar que alguien conteste "
        "muchas veces para distinguir a otra persona.",
    ),
    "code": (
        "Each code can be used once, and nobody keeps which code gave which answers.",
        "Cada código se puede usar una sola vez, y nadie guarda qué código dio qué respuestas.",
    ),
}


def plain_words(filled: dict[str, Any], access: Access = "open") -> dict[str, str]:
    """Say a filled promise in plain English and Spanish, to a group that answers with codes or without."""
    if filled["mode"] == "attributed":
        english = [
            "The Director of Student Support Services sees your answers together with your role and your school. "
            "Nobody else does."
        ]
        spanish = [
            "La Directora o el Director de Servicios de Apoyo Estudiantil ve sus respuestas junto con su función "
            "y su escuela. Nadie más las ve."
        ]
        if access == "code":
            english.append(_ONCE["code"][0])
            spanish.append(_ONCE["code"][1])
        return {"en": " ".join(english), "es": " ".join(spanish)}
    k = filled["minimum"]
    english = [
        "Your answers are confidential. We do not ask for your name, and we do not keep your address on the internet "
        "or the time of day.",
        f"A result is shown only when at least {k} people stand behind it. Smaller schools are shown together.",
        "Results are made once, after the survey has closed.",
    ]
    spanish = [
        "Sus respuestas son confidenciales. No pedimos su nombre y no guardamos su dirección de internet ni la hora.",
        f"Un resultado se muestra solo cuando hay al menos {k} personas detrás de él. Las escuelas más pequeñas se "
        "muestran juntas.",
        "Los resultados se calculan una sola vez, después del cierre de la encuesta.",
    ]
    if filled["director"] == "exact":
        english.append(
            "The director sees exact counts, so when all people of a published result answer the same, that shows."
        )
        spanish.append(
            "La dirección ve números exactos; si todas las personas de un resultado responden lo mismo, eso se nota."
        )
        english.append("What you write yourself is read by the director first, who decides whether it is passed on.")
        spanish.append("Lo que usted escriba con sus palabras lo lee primero la dirección, que decide si se comparte.")
    else:
        english.append("The director sees only ranges, which never show that everybody answered the same.")
        spanish.append("La dirección ve solo rangos, que nunca muestran que todas las personas respondieron lo mismo.")
    audience = {
        "exact": ("the same exact results of their own school", "los mismos resultados exactos de su escuela"),
        "banded": ("only ranges for their own school", "solo rangos de su escuela"),
        "none": ("nothing", "nada"),
    }[filled["principal"]]
    english.append(f"Principals see {audience[0]}.")
    spanish.append(f"Las directoras y los directores de escuela ven {audience[1]}.")
    public = filled["public"] == "banded"
    english.append("The public sees only wide ranges." if public else "The public sees nothing.")
    spanish.append("El público ve solo rangos amplios." if public else "El público no ve nada.")
    english.append(_ONCE[access][0])
    spanish.append(_ONCE[access][1])
    return {"en": " ".join(english), "es": " ".join(spanish)}
