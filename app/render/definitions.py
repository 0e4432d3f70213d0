"""A definition as YAML that a person goes on editing, one option a line."""

from __future__ import annotations

from typing import Any

import yaml


class _Dumper(yaml.SafeDumper):
    """Writes options and short texts on one line each, as the shipped instruments do."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> yaml.MappingNode:
        one_line = (
            "label" in mapping or "in" in mapping or all(isinstance(v, str) and len(v) < 40 for v in mapping.values())
        )
        return super().represent_mapping(tag, mapping, flow_style=one_line and "items" not in mapping)


def definition_yaml(definition: dict[str, Any], head: str = "") -> str:
    """Write a definition as YAML; `head` becomes a comment above it."""
    comment = "".join(f"# {line}\n" for line in head.splitlines())
    return comment + yaml.dump(definition, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
