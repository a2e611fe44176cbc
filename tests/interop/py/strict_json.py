"""Strict JSON, as docs/formats/events.md asks for it: what Python's own parser lets pass is refused here."""

import json

from tlog import Malformed

MAX_DEPTH = 16


def parse(raw):
    """Parses bytes to the last one: no duplicate members, integers of 64 bits only, 16 containers deep at most."""
    try:
        text = raw.decode("utf-8")
        value = json.loads(
            text,
            object_pairs_hook=to_object,
            parse_int=to_integer,
            parse_float=refuse_number,
            parse_constant=refuse_number,
        )
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise Malformed(f"not JSON: {error}") from error
    check(value, 0)
    return value


def to_object(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Malformed("two members share a name")
    return members


def to_integer(text):
    number = int(text) if len(text) <= 20 else 2**64
    if text == "-0" or not -(2**63) <= number < 2**63:
        raise Malformed(f"{text} is not an integer of 64 bits")
    return number


def refuse_number(text):
    raise Malformed(f"{text} is not an integer")


def check(value, depth):
    """Looks for halves of surrogate pairs and for depth."""
    if isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            raise Malformed("half a surrogate pair") from error
        return
    inner = []
    if isinstance(value, dict):
        inner = [*value, *value.values()]
    elif isinstance(value, list):
        inner = value
    else:
        return
    if depth == MAX_DEPTH:
        raise Malformed("nested too deeply")
    for item in inner:
        check(item, depth + 1)
