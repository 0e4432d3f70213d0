"""An XLSForm, as pyxform reads it, turned into a definition, with a report of what could not be carried over.

Decides what each type of question becomes and names everything that it leaves behind; nothing is dropped in silence. It
makes a definition; whether that is sound is for `instrument.parse` to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.survey.foreign import LOST, NOTE_AFTER_A_QUESTION, Draft, Imported, short, together
from app.survey.relevance import Asked, Unsayable, condition_of
from app.survey.xlsform_words import Languages, bounds_of, number, slug, truth

Node = Mapping[str, Any]

# Columns that are read; whatever else a row holds is named in the report.
_READ = {
    "type", "name", "label", "hint", "bind", "children", "choices", "itemset", "list_name", "parameters", "control",
    "construct", "reverse", "outcome", "attribute", "key",
}  # fmt: skip
_READ_OF_CHOICES = {"name", "label", "score", "favorable", "not_applicable", "code", "setting"}
_READ_OF_SETTINGS = {
    "type", "name", "title", "id_string", "sms_keyword", "default_language", "children", "version", "group", "choices",
    "other_title",
}  # fmt: skip
_ABOUT_THE_DEVICE = {
    "start", "end", "today", "deviceid", "phonenumber", "username", "email", "audit", "subscriberid", "simserial",
    "start-geopoint", "background-audio", "background-geopoint",
}  # fmt: skip


def instrument_of(form: Node, group: str | None = None, locale: str = "en") -> Imported:
    """Make a definition of a form.

    Parameters
    ----------
    form : what `pyxform.xls2json.workbook_to_json` gives.
    group : the stakeholder group; the form's own `group` setting when None.
    locale : the language of labels that name none.
    """
    return _Importer(form, locale).run(group)


class _Importer(Draft):
    def __init__(self, form: Node, locale: str) -> None:
        super().__init__(Languages(str(form.get("default_language") or "default"), locale))
        self.form = form

    # -------------------------------------------------------------- the whole
    def run(self, group: str | None) -> Imported:
        form = self.form
        self.others(form, _READ_OF_SETTINGS, "settings")
        for node in form.get("children", ()):
            if node.get("type") == "group" and node.get("name") != "meta":
                self.section(node)
            elif node.get("type") == "note" and not self.sections:
                self.intro = self.noted(self.intro, node)
            elif node.get("name") != "meta":
                self.loose(node)
        title = self.languages.text(form.get("title") or form.get("id_string"))
        title |= self.languages.text(form.get("other_title"))
        key = str(form.get("id_string") or "form")
        return self.finish(key, group or form.get("group"), title, self.constructs())

    def constructs(self) -> list[dict[str, Any]]:
        rows = [] if "constructs" in self.lists_used() else self.form.get("choices", {}).get("constructs", [])
        found: dict[str, dict[str, Any]] = {}
        for row in rows:
            setting = {"setting": row["setting"]} if "setting" in row else {}
            found[row["name"]] = {"key": row["name"], "title": self.languages.text(row.get("label")), **setting}
        for section in self.sections:
            for item in section["items"]:
                key = item.get("construct")
                if key is not None and key not in found:
                    found[key] = {"key": key, "title": {self.languages.default: key}}
        return list(found.values())

    def lists_used(self) -> set[str]:
        def walk(node: Node) -> Iterator[str]:
            yield from [str(node["list_name"])] if "list_name" in node else []
            for child in node.get("children", ()):
                yield from walk(child)

        return set(walk(self.form))

    # -------------------------------------------------------------- groups and notes
    def section(self, node: Node) -> None:
        where = str(node["name"])
        label = self.languages.text(node.get("label"))
        if not label:
            self.name(where, "the group has no label; its name is its title")
        key = str(node.get("key") or slug(where, {section["key"] for section in self.sections}))
        self.sections.append({"key": key, "title": label or {self.languages.default: where}, "items": []})
        self.others(node, _READ, where)
        self.group(node, self.relevant(node, where))

    def group(self, node: Node, conditions: list[dict[str, Any]]) -> None:
        section = self.sections[-1]
        for child in node.get("children", ()):
            where, kind = str(child.get("name")), child.get("type")
            if kind == "group":
                self.name(where, f"a group within a group: its questions stand in `{section['key']}` itself")
                self.others(child, _READ, where)
                self.group(child, conditions + self.relevant(child, where))
            elif kind == "note" and not section["items"]:
                section["intro"] = self.noted(section.get("intro", {}), child)
            else:
                self.item(child, conditions)

    def loose(self, node: Node) -> None:
        """Take a question outside all groups: such questions are a section of their own."""
        if not self.sections or "loose" not in self.sections[-1]:
            keys = {section["key"] for section in self.sections}
            title = self.languages.text(self.form.get("title") or self.form.get("id_string"))
            self.sections.append({"key": slug("questions", keys), "title": title, "items": [], "loose": True})
        self.item(node, [])

    def noted(self, before: Mapping[str, str], node: Node) -> dict[str, str]:
        """Add a note to an intro, which is where a text without a question stands."""
        self.others(node, _READ, str(node.get("name")))
        if "relevant" in node.get("bind", {}):
            self.name(str(node.get("name")), "the note's condition: it is part of an intro now and always shown")
        added = self.languages.text(node.get("label"))
        return together(before, added)

    # -------------------------------------------------------------- questions
    def item(self, node: Node, conditions: Sequence[dict[str, Any]]) -> None:
        where, kind = str(node.get("name")), str(node.get("type"))
        read = {
            "select one": self.select_one, "select all that apply": self.select_multiple, "integer": self.integer,
            "decimal": self.decimal, "range": self.range, "text": self.text, "date": self.date,
        }.get(kind)  # fmt: skip
        if read is None:
            self.name(where, _why_not(kind))
            return
        key = str(node.get("key") or slug(where, self.keys))
        if key != where and "key" not in node:
            self.name(where, f"is called `{key}` here")
        given = read(node, where, key)
        if given is None:
            return
        self.keys.add(key)
        text = self.languages.text(node.get("label"))
        if not text:
            self.name(where, "the question has no label; its name is its text")
        item: dict[str, Any] = {"key": key, **given, "text": text or {self.languages.default: where}}
        if hint := self.languages.text(node.get("hint")):
            item["help"] = hint
        item |= {"construct": str(node["construct"])} if node.get("construct") else {}
        item |= {mark: True for mark in ("reverse", "outcome", "attribute") if truth(node.get(mark))}
        self.require(node, item, [*conditions, *self.relevant(node, where)], where)
        self.others(node, _READ, where)
        self.sections[-1]["items"].append(item)

    def require(self, node: Node, item: dict[str, Any], conditions: list[dict[str, Any]], where: str) -> None:
        said = str(node.get("bind", {}).get("required", "")).strip().lower()
        if truth(said):
            item["required"] = True
        elif said not in ("", "no", "false", "false()", "0"):
            self.name(where, f"required only if `{said}`: an answer is never required here")
        self.condition(item, conditions, where)

    def relevant(self, node: Node, where: str) -> list[dict[str, Any]]:
        """Read a node's condition; `LOST` stands for one that was not carried over."""
        expression = str(node.get("bind", {}).get("relevant", "")).strip()
        if not expression:
            return []
        try:
            return [condition_of(expression, self.asked)]
        except Unsayable as why:
            self.name(where, f"the condition `{expression}`: {why}; it is always shown here")
            return [LOST]

    # -------------------------------------------------------------- kinds
    def options(self, node: Node, where: str) -> list[tuple[dict[str, Any], Node]] | None:
        choices = node.get("choices")
        if not choices:
            self.name(where, f"a choice from `{node.get('itemset')}`, which is not in the form, is no item here")
            return None
        found = []
        for row in choices:
            place = f"{where}/{row['name']}"
            self.others(row, _READ_OF_CHOICES, place)
            label = self.languages.text(row.get("label"))
            if not label:
                self.name(place, "the choice has no label; its name is its label")
            option: dict[str, Any] = {"value": str(row.get("code") or row["name"])}
            option["label"] = label or {self.languages.default: str(row["name"])}
            found.append((option | ({"not_applicable": True} if truth(row.get("not_applicable")) else {}), row))
        return found

    def select_one(self, node: Node, where: str, key: str) -> dict[str, Any] | None:
        found = self.options(node, where)
        if found is None:
            return None
        listed = str(node.get("list_name") or node.get("itemset"))
        if listed == "boolean" and [option["value"] for option, _ in found] == ["true", "false"]:
            self.asked[where] = Asked(key, {"true": True, "false": False})
            return {"kind": "boolean"}
        self.asked[where] = Asked(key, {str(row["name"]): option["value"] for option, row in found})
        if not any("score" in row for _, row in found):
            return {"kind": "single", "options": [option for option, _ in found]}
        scored = [option | _score(row) for option, row in found]
        name = slug(listed.removeprefix("scale_"), set())
        if self.scales.setdefault(name, {"options": scored})["options"] != scored:
            name = slug(name, set(self.scales))
            self.scales[name] = {"options": scored}
        return {"kind": "rating", "scale": name}

    def select_multiple(self, node: Node, where: str, key: str) -> dict[str, Any] | None:
        found = self.options(node, where)
        if found is None:
            return None
        for option, _ in found:
            if option.pop("not_applicable", False):
                self.name(where, f"`{option['value']}` is not applicable: that cannot be said of one tick of several")
        self.asked[where] = Asked(key, {str(row["name"]): option["value"] for option, row in found}, several=True)
        return {"kind": "multiple", "options": [option for option, _ in found]}

    def integer(self, node: Node, where: str, key: str) -> dict[str, Any]:
        low, high, _ = self.constraint(node, where)
        return self.whole(where, key, low, high)

    def decimal(self, node: Node, where: str, key: str) -> dict[str, Any]:
        low, high, _ = self.constraint(node, where)
        return self.number(where, key, low, high)

    def range(self, node: Node, where: str, key: str) -> dict[str, Any]:
        given = node.get("parameters", {})
        start, end, step = (number(given.get(k, d)) for k, d in (("start", "1"), ("end", "10"), ("step", "1")))
        if start > end:
            self.name(where, "the range runs from high to low; here it is a number between the two")
        whole = all(float(value).is_integer() for value in (start, end, step))
        if step != 1:
            self.name(
                where, f"steps of {step:g}: any {'whole ' if whole else ''}number between the bounds is taken here"
            )
        self.constraint(node, where)
        describe = self.whole if whole else self.number
        return describe(where, key, min(start, end), max(start, end))

    def text(self, node: Node, where: str, key: str) -> dict[str, Any]:
        _, _, length = self.constraint(node, where, words=True)
        self.asked[where] = Asked(key, text=True)
        return {"kind": "text"} | ({"max_length": length} if length is not None else {})

    def date(self, node: Node, where: str, key: str) -> dict[str, Any]:
        self.constraint(node, where)
        self.asked[where] = Asked(key, text=True)
        return {"kind": "date"}

    def constraint(self, node: Node, where: str, words: bool = False) -> tuple[float | None, float | None, int | None]:
        expression = str(node.get("bind", {}).get("constraint", "")).strip()
        whole = node.get("type") == "integer"
        numbers = node.get("type") in ("integer", "decimal")
        found = bounds_of(expression, whole=whole) if expression else (None, None, None)
        if found is None or (found[2] is not None and not words) or (found[:2] != (None, None) and not numbers):
            self.name(where, f"the constraint `{expression}`")
            return None, None, None
        return found

    # -------------------------------------------------------------- what is left
    def others(self, node: Node, read: set[str], where: str) -> None:
        """Name whatever a row holds that nothing here reads."""
        for column, value in node.items():
            if column not in read and value not in (None, "", {}):
                self.name(where, f"`{column}`: {short(value)}")
        for column, value in node.get("bind", {}).items() if isinstance(node.get("bind"), Mapping) else ():
            if column not in ("relevant", "required", "constraint"):
                self.name(where, f"`{column}`: {short(value)}")
        known = ("start", "end", "step") if node.get("type") == "range" else ()
        for place in ("control", "parameters"):
            for column, value in (node.get(place) or {}).items():
                if column not in known:
                    self.name(where, f"`{column}`: {short(value)}")


def _score(row: Node) -> dict[str, Any]:
    score = str(row.get("score", "")).strip()
    found: dict[str, Any] = {"score": int(float(score))} if re.fullmatch(r"-?\d+(\.0+)?", score) else {}
    return found | ({"favorable": True} if truth(row.get("favorable")) else {})


def _why_not(kind: str) -> str:
    if kind in _ABOUT_THE_DEVICE:
        return f"`{kind}` is not collected: a response keeps the day alone and nothing of the device"
    if kind == "note":
        return NOTE_AFTER_A_QUESTION
    if kind == "repeat":
        return "a repeated group is not asked: every item has one answer"
    return f"a question of the type `{kind}` is no kind of item here"
