"""The survey pages' own words, in English and Spanish; a page in any other language gets the English ones, marked so.

Decides what a page says beside the instrument's questions and the promise. Plain words, short sentences, no blame.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from markupsafe import Markup, escape

LANGUAGES = ("en", "es")
_RIGHT_TO_LEFT = frozenset(
    {"ar", "arc", "ckb", "dv", "fa", "he", "nqo", "pa-arab", "prs", "ps", "sd", "ug", "ur", "yi"}
)
_NAMES = {
    "am": "አማርኛ", "ar": "العربية", "bn": "বাংলা", "de": "Deutsch", "en": "English", "es": "Español", "fa": "فارسی",
    "fr": "Français", "he": "עברית", "hi": "हिन्दी", "hmn": "Hmoob", "ht": "Kreyòl ayisyen", "it": "Italiano", "ja": "日本語",
    "km": "ខ្មែរ", "ko": "한국어", "ne": "नेपाली", "pl": "Polski", "ps": "پښتو", "pt": "Português", "ru": "Русский",
    "so": "Soomaali", "sw": "Kiswahili", "tl": "Tagalog", "tr": "Türkçe", "uk": "Українська", "ur": "اردو",
    "vi": "Tiếng Việt", "yi": "ייִדיש", "zh": "中文",
}  # fmt: skip
_MONTHS = {
    "en": "January February March April May June July August September October November December".split(),
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split(),
}

WORDS: dict[str, tuple[str, str]] = {
    # the start
    "start": ("Start", "Comenzar"),
    "skip_link": ("Skip to the questions", "Ir a las preguntas"),
    "language": ("Language", "Idioma"),
    "about": ("{questions} questions at most, about {minutes} minutes", "{questions} preguntas como máximo, unos {minutes} minutos"),
    "until": ("Open until {when}", "Abierta hasta el {when}"),
    "optional": ("You may leave out any question.", "Puede dejar sin contestar cualquier pregunta."),
    "some_required": (
        "Questions marked “needed” need an answer. You may leave out all others.",
        "Las preguntas marcadas como “necesaria” deben contestarse. Puede dejar sin contestar las demás.",
    ),
    "promise": ("What we promise you", "Lo que le prometemos"),
    "simulated": (
        "This is a rehearsal. Answers given here do not count.",
        "Esto es un ensayo. Las respuestas dadas aquí no cuentan.",
    ),
    "school": ("Your school", "Su escuela"),
    "school_help": ("If you answer about a child, choose the child’s school.", "Si responde por un niño o una niña, elija su escuela."),
    "choose_school": ("Choose a school", "Elija una escuela"),
    "no_school": ("I do not belong to one school", "No pertenezco a una sola escuela"),
    "code": ("Your code", "Su código"),
    "code_help": (
        "It is on the letter or note that invited you. It works once. Capital or small letters, spaces and dashes do not matter.",
        "Está en la carta o nota de invitación. Sirve una sola vez. No importan las mayúsculas, los espacios ni los guiones.",
    ),
    # steps
    "step": ("Part {number} of {total}", "Parte {number} de {total}"),
    "next": ("Continue", "Continuar"),
    "back": ("Back", "Atrás"),
    "clear_step": ("Clear the answers on this page", "Borrar las respuestas de esta página"),
    "clear_item": ("Clear this answer", "Borrar esta respuesta"),
    "needed": ("needed", "necesaria"),
    "any": ("You may choose more than one.", "Puede elegir más de una."),
    "none": ("None of these", "Ninguna de estas"),
    "words_help": (
        "People will read what you write. Please name nobody, and leave out what only you can know.",
        "Otras personas leerán lo que escriba. Por favor, no nombre a nadie y omita lo que solo usted pueda saber.",
    ),
    "left": ("{0} characters left", "Quedan {0} caracteres"),
    "more": (
        "Because of your answer, there are a few more questions on this page.",
        "Por su respuesta, hay algunas preguntas más en esta página.",
    ),
    # faults
    "faults": ("Please look at this again", "Por favor, revise esto"),
    "required": ("This question needs an answer.", "Esta pregunta necesita una respuesta."),
    "wrong_type": ("Choose one of the answers.", "Elija una de las respuestas."),
    "wrong_type_integer": ("Write a whole number, such as 3.", "Escriba un número entero, por ejemplo 3."),
    "wrong_type_number": ("Write a number, such as 2.5.", "Escriba un número, por ejemplo 2.5."),
    "invalid_date": ("Write a date that exists, such as 2022-10-03.", "Escriba una fecha que exista, por ejemplo 2022-10-03."),
    "too_small": ("The smallest number here is {0}.", "El número más pequeño aquí es {0}."),
    "too_large": ("The largest number here is {0}.", "El número más grande aquí es {0}."),
    "too_long": (
        "This is too long: there is room for {0} characters.",
        "Es demasiado largo: caben {0} caracteres.",
    ),
    "unknown_option": ("Choose one of the answers.", "Elija una de las respuestas."),
    "unknown_option_multiple": (
        "You chose “None of these” and something else. Choose one or the other.",
        "Eligió “Ninguna de estas” y algo más. Elija lo uno o lo otro.",
    ),
    "control_character": (
        "There is a character in this text that we cannot keep. Please type it again.",
        "Hay un carácter en este texto que no podemos guardar. Por favor, escríbalo de nuevo.",
    ),
    "other_fault": ("Something is wrong with this answer.", "Hay algo mal en esta respuesta."),
    "need_school": ("Choose the school that your answers are about.", "Elija la escuela de la que tratan sus respuestas."),
    "need_code": ("Write the code from your invitation.", "Escriba el código de su invitación."),
    "bad_code": (
        "This code does not work. Perhaps a letter is wrong, or it was used before. Compare it with your invitation. "
        "Your answers are still here.",
        "Este código no sirve. Quizá haya una letra equivocada o ya se usó. Compárelo con su invitación. "
        "Sus respuestas siguen aquí.",
    ),
    # review
    "review": ("Check your answers", "Revise sus respuestas"),
    "review_intro": (
        "Nothing has been sent yet. You can still change everything.",
        "Todavía no se ha enviado nada. Aún puede cambiarlo todo.",
    ),
    "no_answer": ("No answer", "Sin respuesta"),
    "change": ("Change", "Cambiar"),
    "send": ("Send my answers", "Enviar mis respuestas"),
    "yes_step": ("Review", "Revisión"),
    # after sending
    "thanks": ("Thank you", "Gracias"),
    "thanks_intro": (
        "Your answers have arrived and are stored safely.",
        "Sus respuestas llegaron y están guardadas de forma segura.",
    ),
    "receipt": ("If you change your mind", "Si cambia de opinión"),
    "receipt_intro": (
        "While the survey is open, this code takes your answers back. It is the only thing that leads to them, and we "
        "cannot look it up for you. Write it down or take a picture.",
        "Mientras la encuesta esté abierta, este código retira sus respuestas. Es lo único que lleva a ellas y no "
        "podemos buscarlo por usted. Anótelo o tómele una foto.",
    ),
    "withdrawal_code": ("Withdrawal code", "Código de retiro"),
    "response_id": ("Number of your response", "Número de su respuesta"),
    "may_close": ("You can close this page now.", "Ya puede cerrar esta página."),
    "another": ("Answer for another person", "Responder por otra persona"),
    "withdraw": ("Take back answers that were sent", "Retirar respuestas ya enviadas"),
    "withdraw_intro": (
        "Write the two numbers from your thank-you page. Your answers are then removed for good.",
        "Escriba los dos números de su página de agradecimiento. Sus respuestas se eliminan para siempre.",
    ),
    "withdraw_send": ("Take my answers back", "Retirar mis respuestas"),
    "withdraw_unknown": (
        "We found no answers with these two numbers. Please compare them with your thank-you page.",
        "No encontramos respuestas con estos dos números. Por favor, compárelos con su página de agradecimiento.",
    ),
    "withdrawn": ("Your answers are gone", "Sus respuestas se eliminaron"),
    "withdrawn_intro": (
        "They have been removed for good and will be in no result.",
        "Se eliminaron para siempre y no estarán en ningún resultado.",
    ),
    # on this device
    "saved": (
        "Your answers are kept on this device as you go, and nowhere else until you send them.",
        "Sus respuestas se guardan en este dispositivo mientras avanza, y en ningún otro lugar hasta que las envíe.",
    ),
    "draft": ("You have begun", "Usted ya comenzó"),
    "draft_intro": (
        "Unsent answers of {0} are on this device.",
        "En este dispositivo hay respuestas sin enviar del {0}.",
    ),
    "resume": ("Go on with them", "Continuar con ellas"),
    "discard": ("Clear my answers from this device", "Borrar mis respuestas de este dispositivo"),
    "discard_ask": (
        "Clear the answers on this device? This cannot be undone.",
        "¿Borrar las respuestas de este dispositivo? Esto no se puede deshacer.",
    ),
    "discard_yes": ("Yes, clear them", "Sí, borrarlas"),
    "discard_no": ("Keep them", "Conservarlas"),
    "discarded": ("Your answers are gone from this device.", "Sus respuestas se borraron de este dispositivo."),
    "sending": ("Sending …", "Enviando …"),
    "waiting": ("Saved on this device, not sent yet", "Guardado en este dispositivo, aún no enviado"),
    "waiting_intro": (
        "There is no connection right now. Your answers are sent as soon as there is one: keep this page open, or open "
        "it again later on this device, before {0}.",
        "Ahora no hay conexión. Sus respuestas se enviarán en cuanto la haya: deje esta página abierta o ábrala más "
        "tarde en este dispositivo, antes del {0}.",
    ),
    "try_again": ("Try again now", "Intentar de nuevo"),
    "done_here": ("I have noted it, clear it from this device", "Ya lo anoté, borrarlo de este dispositivo"),
    "refused": ("Your answers could not be taken", "No se pudieron recibir sus respuestas"),
    "refused_wave-not-open": (
        "The survey closed before they could be sent. They have been cleared from this device.",
        "La encuesta cerró antes de que pudieran enviarse. Se borraron de este dispositivo.",
    ),
    "refused_response-conflict": (
        "Answers from this form have been sent before. Only the first ones count.",
        "Ya se enviaron respuestas de este formulario. Solo cuentan las primeras.",
    ),
    "refused_response-withdrawn": (
        "These answers were taken back before. To answer again, start anew.",
        "Estas respuestas se retiraron antes. Para responder otra vez, comience de nuevo.",
    ),
    "refused_other": (
        "The survey has changed since you opened it. Please look through your answers and send them again.",
        "La encuesta cambió desde que la abrió. Por favor, revise sus respuestas y envíelas de nuevo.",
    ),
    # pages that are no form
    "unknown": ("This link does not work", "Este enlace no funciona"),
    "unknown_intro": (
        "Perhaps a part of the address is missing. Open the link from your invitation once more, or ask your school for it.",
        "Quizá falte una parte de la dirección. Abra otra vez el enlace de su invitación o pídalo en su escuela.",
    ),
    "scheduled": ("This survey has not opened yet", "Esta encuesta todavía no está abierta"),
    "scheduled_intro": (
        "You can answer from {when}. Please come back then; this link will work.",
        "Podrá responder a partir del {when}. Vuelva entonces, por favor; este enlace servirá.",
    ),
    "closed": ("This survey is closed", "Esta encuesta está cerrada"),
    "closed_intro": (
        "It closed on {when}. Thank you for wanting to take part. Your school can tell you what comes of it.",
        "Cerró el {when}. Gracias por querer participar. Su escuela puede contarle qué resulta de ella.",
    ),
    "conflict": ("You have answered already", "Usted ya respondió"),
    "conflict_intro": (
        "Answers from this form were sent before, and they are stored. Only the first ones count. To answer for another "
        "person, open the link from the invitation again.",
        "Ya se enviaron respuestas de este formulario y están guardadas. Solo cuentan las primeras. Para responder por "
        "otra persona, abra otra vez el enlace de la invitación.",
    ),
    "too_big": ("That is too much text", "Es demasiado texto"),
    "too_big_intro": (
        "Please go back and make your written answers shorter.",
        "Por favor, vuelva atrás y acorte sus respuestas escritas.",
    ),
    "not_stored": (
        "Your answers could not be stored just now. They are still on this page: please send them again in a minute.",
        "En este momento no se pudieron guardar sus respuestas. Siguen en esta página: envíelas de nuevo en un minuto.",
    ),
    "slow_down": (
        "Too many tries from here just now. Your answers are still on this page: please wait a minute and send them again.",
        "Demasiados intentos desde aquí. Sus respuestas siguen en esta página: espere un minuto y envíelas de nuevo.",
    ),
    "broken": ("Something went wrong on our side", "Algo falló de nuestro lado"),
    "broken_intro": ("Please try again in a minute.", "Por favor, inténtelo de nuevo en un minuto."),
    "title": ("Survey", "Encuesta"),
}  # fmt: skip

# What the script shows; the rest is in the page's HTML already.
SCRIPTED = (
    "required", "wrong_type_integer", "wrong_type_number", "invalid_date", "too_small", "too_large", "too_long", "left",
    "faults", "step", "review", "no_answer", "change", "clear_item", "draft_intro", "discarded", "sending", "waiting",
    "waiting_intro", "thanks", "thanks_intro", "refused", "refused_wave-not-open", "refused_response-conflict",
    "refused_response-withdrawn", "refused_other", "need_school", "need_code", "bad_code",
)  # fmt: skip


class Tongue:
    """How a page in one locale speaks.

    Attributes
    ----------
    locale : the page's language tag.
    direction : `ltr` or `rtl`.
    own : the language of the page's own words, `en` or `es`.
    """

    def __init__(self, locale: str) -> None:
        self.locale = locale
        self.direction = direction(locale)
        primary = locale.split("-")[0].lower()
        self.own = primary if primary in LANGUAGES else "en"
        self._foreign = primary != self.own

    def plain(self, key: str, **values: Any) -> str:
        """Give words of the page as plain text."""
        return WORDS[key][LANGUAGES.index(self.own)].format(**values) if values else self._raw(key)

    def say(self, key: str, **values: Any) -> Markup:
        """Give words of the page for HTML, marked as English on a page in a language that we have no words in."""
        return self.mark(self.plain(key, **values))

    def mark(self, text: str) -> Markup:
        return Markup('<span lang="{}" dir="ltr">{}</span>').format(self.own, text) if self._foreign else escape(text)

    def scripted(self) -> dict[str, str]:
        return {key: self._raw(key) for key in SCRIPTED}

    def when(self, moment: datetime) -> str:
        """Say a moment in its own time zone: `October 28, 2022, 11:59 PM`, `28 de octubre de 2022, 23:59`."""
        month = _MONTHS[self.own][moment.month - 1]
        if self.own == "es":
            return f"{moment.day} de {month} de {moment.year}, {moment:%H:%M}"
        return f"{month} {moment.day}, {moment.year}, {moment.hour % 12 or 12}:{moment:%M} {'AM' if moment.hour < 12 else 'PM'}"

    def _raw(self, key: str) -> str:
        return WORDS[key][LANGUAGES.index(self.own)]


def direction(locale: str) -> str:
    """Give the direction in which a language is written."""
    parts = locale.lower().split("-")
    written = parts[0] in _RIGHT_TO_LEFT or "-".join(parts[:2]) in _RIGHT_TO_LEFT
    return "rtl" if (written and "latn" not in parts) or {"arab", "hebr"} & set(parts[1:]) else "ltr"


def name_of(locale: str) -> str:
    """Give a language's name in that language; the tag where we do not know it."""
    primary, _, rest = locale.partition("-")
    name = _NAMES.get(primary.lower())
    return locale if name is None else f"{name} ({rest})" if rest else name


def preferred(header: str, offered: Mapping[str, Any] | tuple[str, ...], default: str) -> str:
    """Choose the offered language that an `Accept-Language` header likes best (RFC 9110), or the default."""
    best, chosen = 0.0, default
    for part in header[:500].split(","):
        tag, _, parameter = part.strip().partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        fits = [o for o in offered if o.lower() == tag.lower()] or [
            o for o in offered if o.split("-")[0].lower() == tag.split("-")[0].lower()
        ]
        if fits and weight > best:
            best, chosen = weight, fits[0]
    return chosen
