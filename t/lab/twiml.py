"""Reading TwiML: from the bytes of an answer to checked elements.

The table of elements, attributes and nesting is data/twiml_schema.json (from the sources of the
twilio-node library). What is not in the table is an error, never skipped.
"""

import json
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List, Optional

SCHEMA = json.loads((Path(__file__).parent / "data" / "twiml_schema.json").read_text("utf-8"))
PARSE_ERROR, SCHEMA_ERROR = 12100, 12200
_XML_NAMESPACE = "{http://www.w3.org/XML/1998/namespace}"
_NUMBER = re.compile(r"[0-9]{1,9}\Z")
_KEYS = re.compile(r"[0-9*#]*\Z")
_SEND_DIGITS = re.compile(r"[0-9*#wW]+\Z")
# Limits and alphabets that the table does not have: twilio.com/docs/voice/twiml.
_RANGES = {("Dial", "timeout"): (5, 600), ("Dial", "timeLimit"): (1, 14400),
           ("Gather", "numDigits"): (1, 1000)}
_PATTERNS = {("Gather", "finishOnKey"): (_KEYS, "keys 0-9 * #"),
             ("Number", "sendDigits"): (_SEND_DIGITS, "keys 0-9 * # and w"),
             ("Play", "digits"): (_SEND_DIGITS, "keys 0-9 * # and w")}


class TwimlError(Exception):
    """The document is no TwiML that Twilio would execute."""

    def __init__(self, code: int, message: str):
        super().__init__(message)
        self.code, self.message = code, message


@dataclass
class Element:
    """One element; `text` is its character data with that of SSML children."""

    name: str
    attributes: Dict[str, str] = field(default_factory=dict)
    text: str = ""
    children: List["Element"] = field(default_factory=list)

    def get(self, name: str, default: str = "") -> str:
        return self.attributes.get(name, default)

    def number(self, name: str, default: int) -> int:
        return int(self.attributes.get(name, default))

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.attributes.get(name)
        return default if value is None else value.lower() == "true"


def parse(body: bytes, section: str, charset: Optional[str] = None) -> Element:
    """Parses and checks a document of `section` (voice or messaging); raises TwimlError."""
    if not body.strip():
        raise TwimlError(PARSE_ERROR, "document parse failure: the body is empty")
    try:
        parser = ElementTree.XMLParser(encoding=charset)
        root = ElementTree.fromstring(body, parser)
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise TwimlError(PARSE_ERROR, f"document parse failure: {error}") from error
    if root.tag != "Response":
        raise TwimlError(SCHEMA_ERROR, f"schema: the root element is <{root.tag}>, not <Response>")
    return _element(root, "Response", SCHEMA[section])


def _element(node: ElementTree.Element, key: str, table: dict) -> Element:
    rule = table[key]
    attributes = {}
    for name, value in node.attrib.items():
        name = name.replace(_XML_NAMESPACE, "xml:")
        if name not in rule["attributes"]:
            allowed = ", ".join(rule["attributes"]) or "none"
            raise TwimlError(SCHEMA_ERROR, f"schema: <{node.tag}> has no attribute {name!r}; "
                                           f"allowed: {allowed}")
        _check_value(node.tag, name, value, rule["attributes"][name])
        attributes[name] = value
    text, children = node.text or "", []
    for child in node:
        if not isinstance(child.tag, str):
            continue
        child_key = _child_key(node.tag, child.tag, rule["children"])
        element = _element(child, child_key, table)
        children.append(element)
        if child.tag[0].islower():
            text += element.text
        text += child.tail or ""
    if text.strip() and not rule["text"]:
        raise TwimlError(SCHEMA_ERROR, f"schema: <{node.tag}> takes no text, found "
                                       f"{text.strip()[:40]!r}")
    return Element(node.tag, attributes, " ".join(text.split()), children)


def _child_key(parent: str, tag: str, allowed: List[str]) -> str:
    for key in allowed:
        if tag in (key, key.rpartition(".")[2]):
            return key
    raise TwimlError(SCHEMA_ERROR, f"schema: <{tag}> is not allowed in <{parent}>; "
                                   f"allowed: {', '.join(allowed) or 'none'}")


def _check_value(tag: str, name: str, value: str, rule: dict) -> None:
    kind, allowed = rule["type"], rule.get("values", [])
    expected = None
    if kind == "number" and not _NUMBER.match(value):
        expected = "a whole number"
    elif kind == "boolean" and value.lower() not in ("true", "false"):
        expected = "true or false"
    elif kind == "enum" and value not in allowed:
        expected = "one of " + ", ".join(allowed[:20])
    elif kind == "enum[]" and not (value.split() and set(value.split()) <= set(allowed)):
        expected = "a list of " + ", ".join(allowed[:20])
    elif name.lower().endswith("method") and value.upper() not in ("GET", "POST"):
        expected = "GET or POST"
    elif (tag, name) in _PATTERNS and not _PATTERNS[tag, name][0].match(value):
        expected = _PATTERNS[tag, name][1]
    elif (tag, name) in _RANGES:
        low, high = _RANGES[tag, name]
        if not low <= int(value) <= high:
            expected = f"{low} to {high}"
    if expected:
        raise TwimlError(SCHEMA_ERROR, f"schema: <{tag} {name}={value!r}>: {expected} expected")
