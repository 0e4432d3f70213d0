"""An example of a JSON schema, put together from the examples of its parts.

Decides what stands where a schema gives none: the first choice, the smallest number, a plain word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Schema = Mapping[str, Any]
Schemas = Mapping[str, Schema]
INSTRUMENT = {
    "key": "bus",
    "group": "family",
    "title": {"en": "About the bus"},
    "default_locale": "en",
    "scales": {
        "agree3": {
            "options": [
                {"value": "disagree", "score": 1, "label": {"en": "Disagree"}},
                {"value": "neutral", "score": 2, "label": {"en": "Neither"}},
                {"value": "agree", "score": 3, "favorable": True, "label": {"en": "Agree"}},
            ]
        }
    },
    "constructs": [{"key": "rides", "title": {"en": "Rides"}, "setting": "community"}],
    "sections": [
        {
            "key": "bus",
            "title": {"en": "The bus"},
            "items": [
                {"key": "rides_bus", "kind": "boolean", "text": {"en": "Does your child take the bus?"}},
                {
                    "key": "on_time",
                    "kind": "rating",
                    "scale": "agree3",
                    "construct": "rides",
                    "text": {"en": "The bus is on time."},
                    "show_if": {"item": "rides_bus", "in": [True]},
                },
            ],
        }
    ],
}
_BY_FORMAT = {
    "date": "2022-10-03",
    "date-time": "2022-10-03T08:00:00-04:00",
    "uuid": "7b0c3f5e-2c0d-4d0e-9a43-0d1b2f6c9a10",
}
_PREFIX = "#/components/schemas/"


def of_schema(schema: Schema, schemas: Schemas) -> Any:
    """Make an example.

    Parameters
    ----------
    schema : a JSON schema; a member of an object that it does not require is left out unless it has an example.
    schemas : name -> schema, for what is referred to.
    """
    if "$ref" in schema:
        return of_schema(schemas[schema["$ref"].removeprefix(_PREFIX)], schemas)
    for name in ("examples", "enum"):
        if name in schema:
            return schema[name][0]
    if "const" in schema:
        return schema["const"]
    if "anyOf" in schema or "oneOf" in schema:
        return of_schema((schema.get("anyOf") or schema["oneOf"])[0], schemas)
    if "default" in schema:
        return schema["default"]
    return _OF_TYPE[schema["type"]](schema, schemas) if "type" in schema else None


def _object(schema: Schema, schemas: Schemas) -> Any:
    if "properties" not in schema and isinstance(of := schema.get("additionalProperties"), dict):
        return {of_schema(schema.get("propertyNames", {"const": "key"}), schemas): of_schema(of, schemas)}
    required = schema.get("required", ())
    return {
        name: of_schema(part, schemas)
        for name, part in schema.get("properties", {}).items()
        if name in required or "examples" in part
    }


_OF_TYPE: dict[str, Callable[[Schema, Schemas], Any]] = {
    "object": _object,
    "array": lambda schema, schemas: [of_schema(schema["items"], schemas)] if "items" in schema else [],
    "string": lambda schema, _: _BY_FORMAT.get(schema.get("format", ""), "text"),
    "integer": lambda schema, _: max(schema.get("minimum", 0), 1),
    "number": lambda schema, _: max(schema.get("minimum", 0), 0.5),
    "boolean": lambda schema, _: False,
    "null": lambda schema, _: None,
}
