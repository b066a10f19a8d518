"""Whether a chart of the live pages is whole: its spec valid, its tables those that it reads."""

import json
import re

import altair as alt


def dicts(spec):
    """Every dict in a spec, at any depth."""
    if isinstance(spec, dict):
        yield spec
    if isinstance(spec, dict | list):
        for value in spec.values() if isinstance(spec, dict) else spec:
            yield from dicts(value)


def assert_fits(spec, tables):
    """The spec is valid Vega-Lite and JSON, holds no data but words and places, reads the tables, knows rows by k."""
    alt.LayerChart.from_dict(spec)
    assert json.loads(json.dumps(spec, allow_nan=False)) == spec, "the spec changes on its way through JSON"
    assert "datasets" not in spec, "the spec brings data of its own"
    rows = [row for d in dicts(spec) if "mark" not in d for row in (d.get("values") or [])]
    assert all(isinstance(row, str | int | float) or "name" in row for row in rows), rows
    used = list(layers(spec))
    names = {name for name, _, _ in used}
    assert names == set(tables), f"the spec reads {names}, not {set(tables)}"
    for name, fields, mark in used:
        missing = fields - {"value"} - set(tables[name].column_names)
        assert not missing, f"{name} has no column {missing}"
        # A mark without a key makes the page's memory grow; a line or an area with one is not drawn.
        is_whole = mark in ("line", "area")
        assert ("k" in fields) == (not is_whole), (name, mark)
        if not is_whole:
            assert len(set(tables[name]["k"].to_pylist())) == tables[name].num_rows, f"{name} has a k twice"


def layers(spec):
    """(dataset name, fields that a layer reads from it, its mark) of each layer that draws a dataset."""
    shared = spec.get("encoding", {})
    for layer in [leaf for part in spec["layer"] for leaf in flat(part, spec.get("data"))]:
        if "name" in layer["data"]:
            own = {"mark": layer["mark"], "encoding": {**shared, **layer.get("encoding", {})}}
            named = {d["field"] for d in dicts(own) if "field" in d}
            expressions = json.dumps([layer["mark"], layer.get("encoding", {})])
            expressions = expressions.replace("(datum.datum || datum)", "datum")
            read = named | set(re.findall(r"\bdatum\.(\w+)", without_strings(expressions)))
            yield layer["data"]["name"], read, layer["mark"]["type"]


def flat(layer, data):
    """The layers that draw, each with the data it draws."""
    data = layer.get("data", data)
    if "layer" in layer:
        return [leaf for part in layer["layer"] for leaf in flat(part, data)]
    return [{**layer, "data": data}]


def without_strings(text):
    """JSON without the strings inside its expressions."""
    return re.sub(r"\\\".*?\\\"", "", text)
