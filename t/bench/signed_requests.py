"""Files of requests as Twilio sends them, signed beforehand: signing costs more than sending.

All of a file have one length, so that the client finds the next one without looking for it.
"""

from __future__ import annotations

import hashlib
import hmac
import random
from base64 import b64encode
from pathlib import Path
from typing import Callable, Iterable, Mapping
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

from bench_data import Dataset, caller, live_call_sids, live_interaction, partner
from load import RequestFile
from twilio_account import ACCOUNT_SID, AUTH_TOKEN, PROXY_NUMBER, PUBLIC_URL

_HEADERS = ("Host: voice.example.jp\r\n"
            "User-Agent: TwilioProxy/1.1\r\n"
            "Accept: */*\r\n"
            "I-Twilio-Idempotency-Token: 00000000-0000-0000-0000-000000000000\r\n")
_PLACE = {"City": "", "State": "", "Zip": "", "Country": "JP"}
_REPORTS = ({"CallStatus": "ringing"}, {"CallStatus": "in-progress"},
            {"CallStatus": "completed", "CallDuration": "20", "Duration": "1"})


def _places() -> dict[str, str]:
    return {f"{who}{what}": value for who in ("From", "To", "Caller", "Called")
            for what, value in _PLACE.items()}


def voice_parameters(call_sid: str, number: str) -> dict[str, str]:
    """What Twilio tells of an incoming call."""
    return {"AccountSid": ACCOUNT_SID, "ApiVersion": "2010-04-01", "CallSid": call_sid,
            "CallStatus": "ringing", "Called": PROXY_NUMBER, "Caller": number,
            "Direction": "inbound", "From": number, "To": PROXY_NUMBER, **_places()}


def _sign(url: str, parameters: Mapping[str, str]) -> str:
    text = url + "".join(name + parameters[name] for name in sorted(parameters))
    return b64encode(hmac.digest(AUTH_TOKEN.encode(), text.encode(), hashlib.sha1)).decode()


def _check_signature(url: str, parameters: Mapping[str, str], signature: str) -> None:
    assert RequestValidator(AUTH_TOKEN).validate(url, dict(parameters), signature), url


def _post(path: str, parameters: Mapping[str, str]) -> bytes:
    """A signed webhook by POST."""
    body = urlencode(parameters)
    return (f"POST {path} HTTP/1.1\r\n{_HEADERS}"
            "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n"
            f"X-Twilio-Signature: {_sign(PUBLIC_URL + path, parameters)}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}").encode()


def _get(target: str) -> bytes:
    """A signed webhook by GET: its parameters are in its target."""
    return (f"GET {target} HTTP/1.1\r\n{_HEADERS}"
            f"X-Twilio-Signature: {_sign(PUBLIC_URL + target, {})}\r\n\r\n").encode()


def _write(path: Path, requests: Iterable[bytes], repeatable: bool = False) -> RequestFile:
    length = count = 0
    with open(path, "wb") as output:
        for request in requests:
            assert not count or len(request) == length, request
            length = len(request)
            count += 1
            output.write(request)
    return RequestFile(path, length, count, repeatable)


def _call_sids(seed: str) -> Callable[[], str]:
    """CallSids of new calls: Twilio's are random."""
    source = random.Random(seed)
    return lambda: f"CA{source.getrandbits(128):032x}"


def static_requests(directory: Path, target: str) -> RequestFile:
    """For a file of the server: the same headers, no body."""
    return _write(directory / "static", (_get(target) for _ in range(1000)), True)


def signed_file_requests(directory: Path, path: str) -> RequestFile:
    """For a file that requires a signature: the parameters of a call in the query."""
    new_sid = _call_sids("signed")
    _check_signature(f"{PUBLIC_URL}{path}?A=1", {}, _sign(f"{PUBLIC_URL}{path}?A=1", {}))
    return _write(directory / "signed",
                  (_get(f"{path}?{urlencode(voice_parameters(new_sid(), caller(k)))}")
                   for k in range(5000)), True)


def masked_call_requests(path: Path, dataset: Dataset, count: int) -> RequestFile:
    """/voice for another call each time, from people in random order; each has one session."""
    url = f"{PUBLIC_URL}/twilio/voice"
    new_sid, people = _call_sids(path.name), random.Random(path.name)
    example = voice_parameters(new_sid(), caller(0))
    _check_signature(url, example, _sign(url, example))
    return _write(path,
                  (_post("/twilio/voice",
                         voice_parameters(new_sid(), caller(people.randrange(dataset.sessions))))
                   for _ in range(count)))


def _report(index: int, sequence: int) -> dict[str, str]:
    """What Twilio tells of a leg that it dialled."""
    inbound, outbound = live_call_sids(index)
    return {"AccountSid": ACCOUNT_SID, "ApiVersion": "2010-04-01", "CallSid": outbound,
            "ParentCallSid": inbound, "Called": partner(index), "Caller": PROXY_NUMBER,
            "Direction": "outbound-dial", "From": PROXY_NUMBER, "To": partner(index),
            "SequenceNumber": str(sequence), "CallbackSource": "call-progress-events",
            "Timestamp": f"Fri, 20 Nov 2026 09:00:0{sequence} +0000", **_places(),
            **_REPORTS[sequence]}


def status_requests(directory: Path, dataset: Dataset) -> RequestFile:
    """Three reports for each leg that was dialled: it rings, is answered, is over. The name of a
    city makes them equally long."""
    longest = max(len(urlencode(_report(0, sequence))) for sequence in range(len(_REPORTS)))

    def reports() -> Iterable[bytes]:
        for index in range(dataset.live_calls):
            path = f"/twilio/status?interaction={live_interaction(index)}"
            for sequence in range(len(_REPORTS)):
                report = _report(index, sequence)
                report["ToCity"] = "X" * (longest - len(urlencode(report)))
                yield _post(path, report)
    return _write(directory / f"status-{dataset.name}", reports())
