"""What may be wrong with the words of one question, in English and in Spanish.

Decides by lists of words and a few patterns, made to be silent when in doubt: they find plain cases and no more. Other
languages are not judged.
"""

from __future__ import annotations

import re

_I = re.IGNORECASE


def language(locale: str) -> str:
    """Give the language of a locale: `es` for `es-MX`."""
    return locale.split("-")[0].lower()


# ------------------------------------------------------------------ two ideas in one question
_AND = {"en": re.compile(r"\band\b|\bor\b|&"), "es": re.compile(r"\b(?:y|e|o|u)\b|&")}
# What belongs together: both sides are one thing, or the sentence is about what they have in common.
_TOGETHER = {
    "en": re.compile(
        r"\b(?:together|same|each other|one another|between|both|share[sd]?|agree|whether or not|such as|"
        r"for example)\b",
        _I,
    ),
    "es": re.compile(
        r"\b(?:juntos|juntas|mism[oa]s?|entre|ambos|ambas|comparten|acuerdo|por ejemplo|se \w+n entre sí|"
        r"tales? como)\b",
        _I,
    ),
}
_PAIRS = {
    "en": (
        r"(?:parents?|famil(?:y|ies)|mothers?|fathers?|guardians?|caregivers?) (?:and|or) "
        r"(?:parents?|famil(?:y|ies)|mothers?|fathers?|guardians?|caregivers?)|he or she|him or her|his or her|"
        r"sons? (?:and|or) daughters?|(?:boys|girls) (?:and|or) (?:boys|girls)|brothers? (?:and|or) sisters?|"
        r"\w+ or (?:more|fewer|less)|more or less|back and forth|ups? and downs?|now and then|again and again|"
        r"over and over|trial and error|social and emotional|social, emotional and \w+|speech and language|"
        r"speech or language|reading (?:and|or) writing|health and safety|day and night|sooner or later|"
        r"so and so"
    ),
    "es": (
        r"hij[oa]s? [oeyu] hij[oa]s?|niñ[oa]s? [oeyu] niñ[oa]s?|padres? [oy] madres?|madres? [oy] padres?|"
        r"(?:padres?|madres?|familias?|tutor(?:es|as?)?) [oy] (?:padres?|madres?|familias?|tutor(?:es|as?)?)|"
        r"\w+ o (?:más|menos)|uno u otro|una u otra|una y otra vez|social y emocional|sociales y emocionales|"
        r"habla y (?:el )?lenguaje|habla o (?:del )?lenguaje|lectura [yo] (?:la )?escritura|día y noche|"
        r"ida y vuelta"
    ),
}
_KNOWN = {name: re.compile(rf"\b(?:{pairs})\b", _I) for name, pairs in _PAIRS.items()}
_GENDERS = re.compile(r"\b(\w{2,}?)(?:o|os|a|as|e|es)? [oy] \1(?:o|os|a|as|e|es)?\b", _I)  # maestro o maestra
_NAMES = re.compile(
    r"\b(?:[A-ZÁÉÍÓÚÑ]\w*|\d\w*) (?:and|or|y|e|o|u|&) (?:(?:a|an|the|un|una|el|la|los|"
    r"las) )?(?:[A-ZÁÉÍÓÚÑ]\w*|\d\w*)"
)
_ANY_WAY = {  # before an "or" that offers ways: "I can call or write", "by phone or email"
    "en": re.compile(r"\b(?:can|could|may|by|via|any)\b", _I),
    "es": re.compile(r"\b(?:pued\w+|podría\w*|por|algún|alguna?)\b", _I),
}
_INSIDE = re.compile(r"\([^()]*\)|\"[^\"]*\"|“[^”]*”|«[^»]*»")


def two_ideas(text: str, locale: str) -> str | None:
    """Give the word that joins two ideas in one question, so that an answer does not tell which is meant.

    Passed over: pairs that are one thing ("son or daughter", "two or more", names, genders of one word), what stands in
    brackets or quotes, ways to do something ("by phone or email"), and sentences about what the two have in common
    ("the same goals", "between").
    """
    name = language(locale)
    if name not in _AND:
        return None
    for sentence in re.split(r"(?<=[.!?])\s+", _INSIDE.sub(" ", text)):
        if _TOGETHER[name].search(sentence):
            continue
        plain = _KNOWN[name].sub("«»", sentence)
        plain = _NAMES.sub("«»", _GENDERS.sub("«»", plain) if name == "es" else plain)
        for joined in _AND[name].finditer(plain):
            if joined[0] in ("or", "o", "u") and _ANY_WAY[name].search(plain, 0, joined.start()):
                continue
            return joined[0]
    return None


# ------------------------------------------------------------------ negations
_NOT = {
    "en": re.compile(
        r"\b(?:not|never|no|none|nobody|nothing|neither|nor|cannot|without|hardly|rarely|"
        r"\w+n['’]t)\b(?! longer than)",
        _I,
    ),
    "es": re.compile(r"\b(?:no|nunca|jamás|tampoco|sin|ni|nadie|ningun[oa]s?|ningún)\b(?! obstante)", _I),
}
_UN = {
    "en": re.compile(
        r"\b(?:un(?:able|aware|certain|clear|common|comfortable|fair|familiar|friendly|happy|helpful|"
        r"important|likely|"
        r"necessary|pleasant|prepared|safe|satisfied|sure|usual|welcome|willing)|im(?:possible|practical)|"
        r"in(?:accurate|adequate|complete|consistent|correct|effective|sufficient)|dis(?:agree|like|"
        r"satisfied|respectful)|"
        r"lacks?|fails?)\b",
        _I,
    ),
    "es": re.compile(
        r"\b(?:im(?:posible|probable)|in(?:adecuad[oa]|capaz|cómod[oa]|complet[oa]|cierto|correct[oa]|just[oa]|"
        r"necesari[oa]|segur[oa]|suficiente|útil)|des(?:acuerdo|agradable|conozco)|carezco|falta de)\b",
        _I,
    ),
}
_ONE_NEGATION = re.compile(r"\bno (?:\w+ ){0,3}(?:nada|nadie|ningún|ningun[oa]s?|nunca|ni)\b", _I)


def negations(text: str, locale: str) -> tuple[str, ...]:
    """List the words of a text that deny something; two of them in one sentence make a double negative.

    Spanish denies once with two words ("no hay nada"): these count as one.
    """
    name = language(locale)
    if name not in _NOT:
        return ()
    plain = _ONE_NEGATION.sub("no", _INSIDE.sub(" ", text)) if name == "es" else _INSIDE.sub(" ", text)
    return tuple(m[0] for m in _NOT[name].finditer(plain)) + tuple(m[0] for m in _UN[name].finditer(plain))


def denies(text: str, locale: str) -> str | None:
    """Give the word by which a statement is a negated one (`not`, `never`, `no`), None when it is not."""
    name = language(locale)
    found = _NOT[name].search(_INSIDE.sub(" ", text)) if name in _NOT else None
    return None if found is None else found[0]


# ------------------------------------------------------------------ leading words
_LEADING = {
    "en": re.compile(
        r"\b(?:(?:do|does|did|is|are|was|were|would|should|could|have|has|can|wo|ca)n['’]t (?:you|it|they|we|"
        r"he|she)|"
        r"(?:do|would|don['’]t) you agree|of course|obviously|undoubtedly|needless to say|surely|as (?:you|"
        r"we all|everyone) knows?|"
        r"(?:most|many) (?:people|parents|families|teachers|experts) (?:think|believe|say|agree|feel)|"
        r"(?:experts|studies|research) (?:say|shows?|agree)|"
        r"how (?:good|great|excellent|wonderful|amazing|bad|terrible|awful|poor)\b|wonderful|amazing|"
        r"terrible|awful|excellent|outstanding)",
        _I,
    ),
    "es": re.compile(
        r"(?:¿no (?:cree|piensa|le parece|es|está|son|debería)\w*|¿?está (?:usted )?de acuerdo (?:en|"
        r"con) que|por supuesto|obviamente|"
        r"evidentemente|sin duda|como (?:todos|usted) sabe\w*|(?:la mayoría|muchos|muchas) .{0,30}(?:cree|"
        r"piensa|opina|dice)n?\b|"
        r"los expertos|los estudios (?:dicen|muestran)|¿verdad\?|¿cierto\?|¿no\?|qué (?:tan )?(?:buen[oa]?|"
        r"excelente|mal[oa]?|terrible)\b|"
        r"maravillos[oa]|excelente|terrible|pésim[oa])",
        _I,
    ),
}


def leading(text: str, locale: str) -> str | None:
    """Give the words that push towards one answer: tags, appeals to what others think, strong praise or blame."""
    found = _LEADING[name].search(text) if (name := language(locale)) in _LEADING else None
    return None if found is None else found[0].strip()


# ------------------------------------------------------------------ what people may not want to say
_SENSITIVE = {
    "en": re.compile(
        r"\b(?:races?|racial|ethnic\w*|hispanic|latin[oax]|immigra\w+|citizen\w*|undocumented|born in|"
        r"religio\w+|gender|sex|sexual|"
        r"transgender|income|salary|earn|poverty|free or reduced|food stamps|disabilit\w+|disabled|"
        r"diagnos\w+|medical|"
        r"medication|mental health|depress\w+|suicid\w+|pregnan\w+|alcohol|drugs?|arrest\w*|abuse\w*|"
        r"homeless\w*|divorced?|"
        r"language .{0,30}home|political|vote)\b",
        _I,
    ),
    "es": re.compile(
        r"\b(?:raza|racial|étnic[oa]|etnia|hispan[oa]|latin[oa]|inmigra\w+|ciudadan\w+|indocumentad\w+|nació|"
        r"religi\w+|género|"
        r"sexo|sexual|transgénero|ingresos?|salario|gana|pobreza|discapaci\w+|diagn\w+|médic[oa]s?|"
        r"medicamento\w*|salud mental|"
        r"depresi\w+|suicid\w+|embaraz\w+|alcohol|drogas?|arrest\w+|abuso|maltrato|sin hogar|divorcia\w+|"
        r"idioma .{0,30}(?:casa|hogar)|polític[oa]|votó)\b",
        _I,
    ),
}


def sensitive(text: str, locale: str) -> str | None:
    """Give the word by which a question asks about what people may rightly keep to themselves."""
    found = _SENSITIVE[name].search(text) if (name := language(locale)) in _SENSITIVE else None
    return None if found is None else found[0]


# ------------------------------------------------------------------ labels of a scale
_NEUTRAL = re.compile(r"^(?:neither|neutral|no opinion|undecided|ni\b|neutro|indiferente|average|ok\b)", _I)
_BAD = re.compile(
    r"\b(?:disagree|dissatisfied|unsatisfied|unlikely|unimportant|unhelpful|not|never|rarely|seldom|poor|bad|"
    r"worse|worst|"
    r"terrible|awful|false|no|desacuerdo|insatisfech[oa]|improbable|nada|nunca|rara vez|casi nunca|mal[oa]|"
    r"peor|pésim[oa])\b",
    _I,
)
_GOOD = re.compile(
    r"\b(?:agree|satisfied|likely|important|helpful|always|often|usually|good|better|best|excellent|great|"
    r"outstanding|"
    r"true|yes|acuerdo|satisfech[oa]|probable|importante|útil|siempre|a menudo|frecuentemente|buen[oa]|mejor|"
    r"excelente|sí)\b",
    _I,
)


def side(label: str) -> int | None:
    """Tell on which side a label of a scale stands: 1 good, -1 bad, 0 the middle, None when its words do not say."""
    if _NEUTRAL.search(label):
        return 0
    if _BAD.search(label):
        return -1
    return 1 if _GOOD.search(label) else None


def from_nothing(label: str) -> bool:
    """Tell whether a label is the zero of a scale that has one side only: `Not at all`, `Never`, `Nada`."""
    return re.match(r"(?:not|no|never|none|nada|nunca|ningun[oa]?)\b", label, _I) is not None
