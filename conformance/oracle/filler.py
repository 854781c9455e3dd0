"""Fills the shapes of a service model with values that are hard to carry.

Deterministic, so that two runs give the same file. Two fills: every optional member set, and the
required ones alone. A recursive shape is entered once.
"""

import base64
import datetime

TIME = datetime.datetime(2026, 11, 25, 17, 0, 0, tzinfo=datetime.timezone.utc)
TIME_MS = 1795626000000
# Blanks, separators of every protocol, markup, and letters beyond ASCII.
TEXT = 'a b&c=d+e%2F/f<g>"h",i.ü'
TEXT_ASCII = 'a b&c=d+e%2F/f;g"h".i'
DOCUMENT = {"a": [1, 2.5, "x", None, True], "b": {"c": "é"}}


class Filler:
    """Fills one operation's input; `full` sets the optional members too.

    A form cannot say that a structure is there and empty: with `hollow` off, no structure inside
    the input is left without members.
    """

    def __init__(self, full, hollow=True):
        self.full = full
        self.hollow = hollow
        self.open = []

    def members(self, shape):
        """The input structure as botocore wants it, and as the oracle expects it back."""
        given, expected = {}, {}
        names = self.wanted(shape)
        if not names and self.open and not self.hollow:
            names = list(shape.members)
        for name in names:
            member = shape.members[name]
            pair = self.value(member, name)
            if pair is not None:
                given[name], expected[name] = pair
        for name, member in shape.members.items():
            if member.serialization.get("eventstream"):
                # botocore cannot send one; who decodes marks the place, given or not.
                given.pop(name, None)
                expected[name] = None
        return given, expected

    def wanted(self, shape):
        if getattr(shape, "is_tagged_union", False):
            # One member, another one for each union, so that all kinds have their turn.
            names = list(shape.members)
            start = len(shape.name) % len(names) if names else 0
            for name in names[start:] + names[:start]:
                if shape.members[name].name not in self.open:
                    return [name]
            return []
        if self.full:
            return list(shape.members)
        required = set(shape.required_members)
        labels = {
            name for name, member in shape.members.items() if member.serialization.get("location") == "uri"
        }
        return [name for name in shape.members if name in required | labels]

    def value(self, shape, name):
        """A pair of what botocore is given and what must come back, or nothing."""
        if getattr(shape, "is_document_type", False):
            return DOCUMENT, DOCUMENT
        if shape.type_name in ("structure", "list", "map"):
            if self.open.count(shape.name):
                return None
            self.open.append(shape.name)
            try:
                return getattr(self, shape.type_name)(shape, name)
            finally:
                self.open.pop()
        return getattr(self, shape.type_name)(shape, name)

    def structure(self, shape, name):
        return self.members(shape)

    def list(self, shape, name):
        pairs = [self.value(shape.member, name) for _ in range(2)]
        if None in pairs:
            return [], []
        return [pair[0] for pair in pairs], [pair[1] for pair in pairs]

    def map(self, shape, name):
        key = shape.key.enum[0] if getattr(shape.key, "enum", None) else "k-1.x"
        if shape.serialization.get("location") == "headers":
            key = "one"
        pair = self.value(shape.value, name)
        if pair is None:
            return {}, {}
        return {key: pair[0]}, {key: pair[1]}

    def string(self, shape, name):
        location = shape.serialization.get("location")
        if location == "header" and shape.serialization.get("jsonvalue"):
            return DOCUMENT, DOCUMENT
        if getattr(shape, "enum", None):
            text = shape.enum[0]
        elif shape.serialization.get("hostLabel") or name in ("Bucket", "AccountId"):
            text = "123456789012"
        elif location in ("header", "headers"):
            text = "a b;c=d"
        elif location == "uri":
            text = TEXT_ASCII
        else:
            text = TEXT
        return text, text

    character = string

    def number(self, shape, usual):
        least, most = shape.metadata.get("min"), shape.metadata.get("max")
        if least is not None and usual < least:
            usual = least
        if most is not None and usual > most:
            usual = most
        return usual, usual

    def integer(self, shape, name):
        return self.number(shape, 7)

    def long(self, shape, name):
        # One more than a double can hold.
        return self.number(shape, 9007199254740993)

    def double(self, shape, name):
        return self.number(shape, 1.5)

    def float(self, shape, name):
        return self.number(shape, 0.25)

    bigdecimal = double
    biginteger = long

    def boolean(self, shape, name):
        return True, True

    def timestamp(self, shape, name):
        return TIME, TIME_MS

    def blob(self, shape, name):
        content = b"\x00\xff\xfeblob" * 3
        if shape.serialization.get("streaming"):
            return content, None
        return content, base64.b64encode(content).decode()
