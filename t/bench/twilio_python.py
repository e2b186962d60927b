"""The masked call as one writes it with twilio-python: for the comparison only.

It does what the module does, with the same tables: verify, find, log, answer. A connection for each
thread, SQLite with the same settings.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import threading
import time

from flask import Flask, Response, request
from twilio.request_validator import RequestValidator
from twilio.twiml.voice_response import Dial, VoiceResponse

app = Flask(__name__)
_PUBLIC = "https://voice.example.jp"
_validator = RequestValidator(os.environ["BENCH_TOKEN"])
_account = os.environ["BENCH_ACCOUNT"]
_local = threading.local()

_FIND = """
SELECT s.sid, s.service_sid, s.ttl, s.date_expiry, s.expires_at, s.mode, c.sid, q.sid, q.identifier,
       q.proxy_identifier
FROM twv_participant c JOIN twv_session s ON s.sid = c.session_sid
JOIN twv_service v ON v.sid = s.service_sid
LEFT JOIN twv_participant q ON q.sid = (SELECT min(o.sid) FROM twv_participant o
    WHERE o.session_sid = c.session_sid AND o.date_deleted IS NULL AND o.sid <> c.sid)
WHERE c.identifier = ? AND c.active = 1 AND c.proxy_identifier = ? AND c.account_sid = ?
ORDER BY coalesce(s.date_last_interaction, 0) DESC, s.sid DESC LIMIT 50
"""
_CALL = """
INSERT INTO twv_call (sid, account_sid, service_sid, session_sid, interaction_sid, participant_sid,
                      from_number, to_number, direction, status, initiated_at, pin_failures,
                      date_created, status_rank)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, 3) ON CONFLICT DO NOTHING
"""
_TOUCH = """
UPDATE twv_session SET status = 'in-progress', date_started = coalesce(date_started, ?),
    date_last_interaction = ?, expires_at = ? + ttl * 1000 WHERE sid = ?
"""
_INTERACTION = """
INSERT INTO twv_interaction (sid, account_sid, service_sid, session_sid, type,
    inbound_participant_sid, inbound_resource_sid, inbound_resource_status,
    outbound_participant_sid, date_created, date_updated)
VALUES (?, ?, ?, ?, 'voice', ?, ?, ?, ?, ?, ?)
"""
_EVENT = """
INSERT INTO twv_event (call_sid, event_key, account_sid, session_sid, kind, at, detail)
VALUES (?, 'voice:0', ?, ?, 'voice', ?, ?) ON CONFLICT DO NOTHING
"""


def _database() -> sqlite3.Connection:
    connection = getattr(_local, "connection", None)
    if connection is None:
        connection = sqlite3.connect(os.environ["BENCH_DATABASE"], isolation_level=None, timeout=10)
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "cache_size=-8192"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        _local.connection = connection
    return connection


def _record(form: dict[str, str], route: tuple, interaction: str, now: int) -> None:
    database = _database()
    session, service, caller_sid, partner_sid = route[0], route[1], route[6], route[7]
    database.execute(_CALL, (form["CallSid"], _account, service, session, interaction, caller_sid,
                             form["From"], form["To"], form["Direction"], form["CallStatus"], now,
                             now))
    database.execute(_TOUCH, (now, now, now, session))
    database.execute(_INTERACTION, (interaction, _account, service, session, caller_sid,
                                    form["CallSid"], form["CallStatus"], partner_sid, now, now))
    detail = json.dumps({"CallStatus": form["CallStatus"], "decision": "connect"})
    database.execute(_EVENT, (form["CallSid"], _account, session, now, detail))


def _document(route: tuple, interaction: str) -> str:
    base = f"{_PUBLIC}/twilio"
    response = VoiceResponse()
    dial = Dial(answer_on_bridge=True, caller_id=route[9],
                action=f"{base}/dial?interaction={interaction}")
    dial.number(route[8], status_callback=f"{base}/status?interaction={interaction}"
                                          "#ct=2000&rt=10000&rc=5&rp=all",
                status_callback_event="initiated ringing answered completed")
    response.append(dial)
    return str(response)


@app.route("/twilio/voice", methods=["POST"])
def voice() -> Response:
    """An incoming call."""
    form = request.form.to_dict()
    if not _validator.validate(_PUBLIC + request.path, form,
                               request.headers.get("X-Twilio-Signature", "")):
        return Response(status=403)
    now = time.time_ns() // 1_000_000
    database = _database()
    database.execute("BEGIN IMMEDIATE")
    try:
        route = database.execute(_FIND, (form["From"], form["To"], _account)).fetchone()
        if route is None:
            return Response("<Response><Hangup/></Response>", content_type="text/xml")
        interaction = f"KI{now:012x}{secrets.token_hex(10)}"
        _record(form, route, interaction, now)
        return Response(_document(route, interaction), content_type="text/xml; charset=utf-8")
    finally:
        database.execute("COMMIT")
