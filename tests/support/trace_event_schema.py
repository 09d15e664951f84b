"""The trace event format as JSON schema: complete events, counters and metadata, from its public description."""

from __future__ import annotations

NUMBERS = {"type": "object", "additionalProperties": {"type": "number", "minimum": 0}}
PLACE = {"pid": {"type": "integer"}, "tid": {"type": "integer"}, "name": {"type": "string", "minLength": 1}}
TIME = {"type": "number", "minimum": 0}
SCHEMA = {
    "type": "object",
    "required": ["traceEvents", "displayTimeUnit", "otherData"],
    "additionalProperties": False,
    "properties": {
        "displayTimeUnit": {"enum": ["ms", "ns"]},
        "otherData": {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean", "null"]}},
        "traceEvents": {
            "type": "array",
            "items": {
                "oneOf": [
                    {
                        "required": ["ph", "pid", "tid", "ts", "dur", "cat", "name", "args"],
                        "additionalProperties": False,
                        "properties": {
                            **PLACE,
                            **dict.fromkeys(("ts", "dur"), TIME),
                            "ph": {"const": "X"},
                            "cat": {"type": "string"},
                            "args": NUMBERS,
                        },
                    },
                    {
                        "required": ["ph", "pid", "tid", "ts", "name", "args"],
                        "additionalProperties": False,
                        "properties": {
                            **PLACE,
                            "ts": TIME,
                            "ph": {"const": "C"},
                            "cat": {"type": "string"},
                            "args": {**NUMBERS, "minProperties": 1},
                        },
                    },
                    {
                        "required": ["ph", "pid", "tid", "name", "args"],
                        "additionalProperties": False,
                        "properties": {
                            **PLACE,
                            "ph": {"const": "M"},
                            "name": {"enum": ["process_name", "thread_name", "thread_sort_index"]},
                            "args": {
                                "properties": {"name": {"type": "string"}, "sort_index": {"type": "integer"}},
                                "additionalProperties": False,
                                "minProperties": 1,
                            },
                        },
                    },
                ]
            },
        },
    },
}
