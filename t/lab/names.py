"""Identifiers: SIDs, E.164, the words of withheld callers, countries, URLs to request."""

import re
import uuid
from typing import Dict, Optional
from urllib.parse import urlsplit

E164 = re.compile(r"\+[1-9][0-9]{6,14}\Z")
# What Twilio puts into From for callers who hide their number, and addresses that are no numbers.
WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.:@-]{0,127}\Z")
API_VERSION = "2010-04-01"
# Calling codes the lab knows; others get no country, as Twilio sends none when it does not know.
COUNTRIES = {"1": "US", "7": "RU", "33": "FR", "34": "ES", "39": "IT", "41": "CH", "43": "AT",
             "44": "GB", "46": "SE", "47": "NO", "49": "DE", "55": "BR", "61": "AU", "65": "SG",
             "81": "JP", "82": "KR", "84": "VN", "86": "CN", "91": "IN", "353": "IE", "852": "HK",
             "886": "TW"}


def web_url_problem(url: str) -> Optional[str]:
    """What is wrong with a URL that the lab is to request; None if nothing is."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        return str(error)
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        return "http:// or https:// and a host expected"
    if not url.isascii() or any(character <= " " for character in url):
        return "spaces and non-ASCII characters must be encoded"
    return None


def new_sid(prefix: str) -> str:
    return prefix + uuid.uuid4().hex


def is_address(text: str) -> bool:
    """A virtual phone may be a number, or a word such as `anonymous`."""
    return bool(E164.match(text) or WORD.match(text))


def country(address: str) -> str:
    """The two-letter country of a number, or an empty string."""
    if E164.match(address):
        for length in (3, 2, 1):
            if address[1:1 + length] in COUNTRIES:
                return COUNTRIES[address[1:1 + length]]
    return ""


def geography(role: str, address: str) -> Dict[str, str]:
    """FromCountry and so on, or nothing when the country is unknown."""
    code = country(address)
    if not code:
        return {}
    return {role + "City": "", role + "State": "", role + "Zip": "", role + "Country": code}
