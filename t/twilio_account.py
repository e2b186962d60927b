"""The account that tests use: its credentials, its directives, its signatures."""

from __future__ import annotations

from typing import Iterable, Mapping
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

from http_exchange import FORM
from httpd_server import Httpd

ACCOUNT_SID = "AC00000000000000000000000000000001"
AUTH_TOKEN = "0123456789abcdef0123456789abcdef"
OLD_TOKEN = "fedcba9876543210fedcba9876543210"
API_KEY = "SK00000000000000000000000000000001"
API_SECRET = "0a1b2c3d4e5f0a1b2c3d4e5f0a1b2c3d"
PROXY_NUMBER = "+815000000000"
HANAKO = "+819000000001"
TARO = "+819000000002"
PUBLIC_URL = "https://voice.example.jp"

Parameters = Mapping[str, str] | Iterable[tuple[str, str]]


class _Pairs:
    """Repeated parameters, of which the official validator takes items() only; Twilio signs each
    distinct value once."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._pairs = set(pairs)

    def items(self) -> set[tuple[str, str]]:
        """Name and value of each."""
        return self._pairs


def secret_file(httpd: Httpd, name: str, secret: str) -> str:
    """A file that holds a secret, as the directives take it."""
    path = httpd.root / "conf" / name
    path.write_text(secret + "\n")
    path.chmod(0o600)
    return f"file:{path}"


def account(httpd: Httpd, public_url: str | None = PUBLIC_URL, old_token: str | None = None) -> str:
    """The directives that make a virtual host the account's."""
    tokens = secret_file(httpd, "auth_token", AUTH_TOKEN)
    if old_token:
        tokens += " " + secret_file(httpd, "old_token", old_token)
    lines = [
        f"TwVoiceAccountSid {ACCOUNT_SID}",
        f"TwVoiceAuthToken {tokens}",
        f"TwVoiceApiKey {API_KEY} {secret_file(httpd, 'api_secret', API_SECRET)}",
        f"TwVoiceNumber {PROXY_NUMBER}",
    ]
    if public_url:
        lines.append(f"TwVoicePublicURL {public_url}")
    return "\n".join(lines)


def sign(path: str, parameters: Parameters | None = None, base: str = PUBLIC_URL,
         token: str = AUTH_TOKEN) -> dict[str, str]:
    """The header with which Twilio would ask for this, made by its official library."""
    pairs = parameters.items() if isinstance(parameters, Mapping) else parameters or ()
    signature = RequestValidator(token).compute_signature(base + path, _Pairs(pairs))
    return {"X-Twilio-Signature": signature}


def signed_form(path: str, parameters: Parameters, base: str = PUBLIC_URL,
                token: str = AUTH_TOKEN) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a webhook by POST."""
    pairs = list(parameters.items() if isinstance(parameters, Mapping) else parameters)
    headers = {**sign(path, pairs, base, token), "Content-Type": FORM}
    return urlencode(pairs).encode(), headers


def signed_json(path: str, body: bytes, base: str = PUBLIC_URL,
                token: str = AUTH_TOKEN) -> tuple[str, dict[str, str]]:
    """Path with the body's hash, and headers, of a webhook whose body is JSON."""
    body_hash = RequestValidator(token).compute_hash(body.decode())
    target = f"{path}{'&' if '?' in path else '?'}bodySHA256={body_hash}"
    return target, {**sign(target, None, base, token), "Content-Type": "application/json"}
