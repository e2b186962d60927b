"""The log of legs: exact, whatever the order and repetition of what Twilio reports."""

from __future__ import annotations

import itertools

import pytest

from masking import Masking, twiml
from twilio_account import HANAKO, PROXY_NUMBER, TARO

INBOUND = "CA" + "1" * 32
OUTBOUND = "CA" + "2" * 32
SECOND = "Fri, 20 Nov 2026 09:00:{:02} +0000"
COLUMNS = ("sid, parent_call_sid, session_sid, from_number, to_number, direction, status,"
           " initiated_at, ringing_at, answered_at, ended_at, duration")


def reports(interaction: str) -> list[tuple[str, dict[str, str]]]:
    """Everything that Twilio tells after /voice of one call that was answered."""
    outbound = {"CallSid": OUTBOUND, "ParentCallSid": INBOUND, "From": PROXY_NUMBER, "To": TARO,
                "Direction": "outbound-dial", "CallbackSource": "call-progress-events"}
    path = f"/status?interaction={interaction}"
    return [
        (path, {**outbound, "CallStatus": "initiated", "SequenceNumber": "0",
                "Timestamp": SECOND.format(1)}),
        (path, {**outbound, "CallStatus": "ringing", "SequenceNumber": "1",
                "Timestamp": SECOND.format(2)}),
        (path, {**outbound, "CallStatus": "in-progress", "SequenceNumber": "2",
                "Timestamp": SECOND.format(5)}),
        (path, {**outbound, "CallStatus": "completed", "SequenceNumber": "3",
                "CallDuration": "20", "Duration": "1", "Timestamp": SECOND.format(25)}),
        (f"/dial?interaction={interaction}",
         {"CallSid": INBOUND, "CallStatus": "in-progress", "DialCallSid": OUTBOUND,
          "DialCallStatus": "completed", "DialCallDuration": "20", "DialBridged": "true"}),
        ("/status", {"CallSid": INBOUND, "CallStatus": "completed", "CallDuration": "21",
                     "SequenceNumber": "0", "Timestamp": SECOND.format(26)}),
    ]


def send(masking: Masking, report: tuple[str, dict[str, str]]) -> None:
    """One report, which must be taken."""
    path, parameters = report
    answer = masking.webhook(path, parameters)
    assert answer.status in (200, 204), answer.text


def begin(masking: Masking) -> str:
    """The document of a new call; the SID of its interaction."""
    root = twiml(masking.webhook("/voice", CallSid=INBOUND))
    return root.find("Dial").get("action").split("interaction=")[1]


def log(masking: Masking) -> tuple:
    """What the log has of the call, without the times at which we were asked."""
    legs = [list(row) for row in masking.database.query(
        f"SELECT {COLUMNS} FROM twv_call ORDER BY sid")]
    for leg in legs:
        if leg[0] == INBOUND:
            leg[7] = None  # /voice has no Timestamp: it is when the server was asked
        leg[7:] = [value or None for value in leg[7:]]
    interactions = masking.database.query(
        "SELECT data, inbound_resource_status, outbound_resource_sid, outbound_resource_status"
        " FROM twv_interaction")
    events = masking.database.query("SELECT call_sid, event_key FROM twv_event")
    return legs, interactions, sorted((call, key.split("KI")[0]) for call, key in events)


def forget(masking: Masking) -> None:
    """An empty log, the same session."""
    for table in ("twv_call", "twv_event", "twv_interaction"):
        masking.database.query(f"DELETE FROM {table}")


@pytest.fixture
def expected(masking: Masking) -> tuple:
    """The log of the call when everything comes once and in order."""
    masking.start()
    masking.session()
    for report in reports(begin(masking)):
        send(masking, report)
    result = log(masking)
    forget(masking)
    return result


def test_the_log_says_what_happened(masking: Masking):
    masking.start()
    session = masking.session()
    for report in reports(begin(masking)):
        send(masking, report)
    outbound = next(leg for leg in masking.legs(session.sid) if leg["sid"] == OUTBOUND)
    assert outbound["start_time"] == "2026-11-20T09:00:01Z"
    assert outbound["answer_time"] == "2026-11-20T09:00:05Z"
    assert outbound["end_time"] == "2026-11-20T09:00:25Z"
    assert (outbound["duration"], outbound["status"]) == ("20", "completed")
    inbound = next(leg for leg in masking.legs(session.sid) if leg["sid"] == INBOUND)
    assert inbound["answer_time"] == "2026-11-20T09:00:05Z"
    assert inbound["end_time"] == "2026-11-20T09:00:26Z"


def test_reverse_order_and_repetition_with_a_restart_in_between_give_the_same_log(
        masking: Masking, expected: tuple):
    order = list(reversed(reports(begin(masking))))
    for report in order[:3]:
        send(masking, report)
        send(masking, report)
    masking.httpd.stop()
    masking._service = None
    masking.start()
    for report in order[3:]:
        send(masking, report)
        send(masking, report)
    for report in order:
        send(masking, report)
    assert log(masking) == expected


def test_every_order_of_the_last_four_reports_gives_the_same_log(masking: Masking,
                                                                 expected: tuple):
    for order in itertools.permutations(range(2, 6)):
        everything = reports(begin(masking))
        for report in everything[:2] + [everything[index] for index in order]:
            send(masking, report)
        assert log(masking) == expected, order
        forget(masking)


def test_the_voice_webhook_delivered_twice_connects_in_the_same_interaction(masking: Masking):
    masking.start()
    masking.session()
    assert begin(masking) == begin(masking)
    assert len(masking.database.query("SELECT sid FROM twv_interaction")) == 1


def test_a_leg_that_nobody_announced_is_logged_from_its_last_report(masking: Masking):
    masking.start()
    masking.session()
    send(masking, ("/status", {"CallSid": INBOUND, "CallStatus": "completed",
                               "CallDuration": "21", "Timestamp": SECOND.format(26)}))
    call = masking.api("GET", f"/Calls/{INBOUND}").json()
    assert (call["from"], call["to"], call["duration"]) == (HANAKO, PROXY_NUMBER, "21")
    assert call["answer_time"] == "2026-11-20T09:00:05Z"


def test_the_timeline_tells_each_webhook_once(masking: Masking):
    masking.start()
    masking.session()
    for report in reports(begin(masking)) * 2:
        send(masking, report)
    events = masking.api("GET", f"/Calls/{OUTBOUND}/Events").json()["events"]
    assert [event["kind"] for event in events] == ["status"] * 4
    kinds = [event["kind"] for event in
             masking.api("GET", f"/Calls/{INBOUND}/Events").json()["events"]]
    assert sorted(kinds) == ["dial", "status", "voice"]


def test_a_deleted_interaction_stays_deleted_but_the_leg_is_logged(masking: Masking):
    masking.start()
    session = masking.session()
    interaction = begin(masking)
    masking.service.sessions(session.sid).interactions(interaction).delete()
    for report in reports(interaction):
        send(masking, report)
    assert masking.service.sessions(session.sid).interactions.list() == []
    assert masking.api("GET", f"/Calls/{OUTBOUND}").json()["duration"] == "20"


def test_reports_of_another_account_are_refused(masking: Masking):
    masking.start()
    masking.session()
    answer = masking.webhook("/status", AccountSid="AC" + "9" * 32, CallStatus="completed")
    assert answer.status == 403
    assert masking.database.query("SELECT sid FROM twv_call") == []


def test_what_the_lab_repeats_and_reverses_gives_what_it_saw(masking: Masking, lab):
    masking.start()
    session = masking.session()
    lab.hold_callbacks()
    leg = masking.connect()
    lab.advance(33)
    lab.hangup(TARO)
    exchanges = lab.release_callbacks(order="reverse", times=2)
    assert all(exchange["status"] in (200, 204) for exchange in exchanges)
    for row in masking.legs(session.sid):
        seen = lab.leg(row["sid"])
        assert row["duration"] == "33" == str(seen["duration"])
        assert row["end_time"][:19] == seen["end_time"][:19]
        assert row["answer_time"][:19] == seen["answer_time"][:19]
    assert {row["sid"] for row in masking.legs(session.sid)} >= {leg["sid"]}
