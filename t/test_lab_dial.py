"""The lab: <Dial>, its legs, whispers, status callbacks and actions."""

import threading
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime

import pytest

from lab.testing import Customer, Reply
from lab.testing import customer, customer_server, lab, lab_process  # noqa: F401
from lab.client import Lab

NUMBER, SECOND = "+815000000000", "+815000000009"
HANAKO, TARO, JIRO = "+819000000001", "+819000000002", "+819000000003"
EVERYTHING = "initiated ringing answered completed"


def dial(lab: Lab, customer: Customer, inside: str = TARO, after: str = "", wait: bool = True,
         **attributes) -> dict:
    """Hanako calls a number whose document is one Dial; returns her leg."""
    text = "".join(f' {name}="{value}"' for name, value in attributes.items())
    customer.on("/action", "<Response><Say>afterwards</Say></Response>")
    customer.on("/status", "not looked at")
    lab.number(NUMBER, voice_url=customer.on(
        "/voice", f"<Response><Dial{text}>{inside}</Dial>{after}</Response>"))
    return lab.call(HANAKO, NUMBER, wait=wait)


def number(to: str = TARO, **attributes) -> str:
    text = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<Number{text}>{to}</Number>"


def child(lab: Lab, to: str = TARO) -> dict:
    return [leg for leg in lab.calls() if leg["to"] == to][-1]


def outcome(customer: Customer) -> dict:
    params = customer.last("/action").params
    return {name: value for name, value in params.items() if name.startswith("Dial")}


def test_a_dialled_phone_rings_shows_the_caller_and_talks_after_it_answered(lab, customer):
    parent = dial(lab, customer)
    taro = lab.phone(TARO)
    assert (taro["state"], taro["shows"], taro["talking_to"]) == ("ringing", HANAKO, None)
    assert parent["heard"] == [{"tone": "ringing"}]
    assert lab.answer(TARO)["talking_to"] == HANAKO
    assert lab.phone(HANAKO)["talking_to"] == TARO
    leg = child(lab)
    assert leg["parent_call_sid"] == parent["sid"] and leg["direction"] == "outbound-dial"
    assert (leg["from"], leg["to"], leg["status"]) == (HANAKO, TARO, "in-progress")


def test_people_who_were_connected_hear_each_other_and_each_others_keys(lab, customer):
    dial(lab, customer)
    lab.answer(TARO)
    lab.say(HANAKO, "hello")
    lab.press(TARO, "5")
    assert lab.phone(TARO)["heard"] == [{"voice_of": HANAKO, "says": "hello"}]
    assert lab.phone(HANAKO)["heard"][-1] == {"digits": "5"}


def test_without_answer_on_bridge_the_caller_is_answered_before_the_callee(lab, customer):
    assert dial(lab, customer)["status"] == "in-progress"


def test_with_answer_on_bridge_the_caller_is_answered_when_the_callee_answers(lab, customer):
    parent = dial(lab, customer, answerOnBridge="true")
    assert parent["status"] == "ringing" and lab.phone(HANAKO)["state"] == "calling"
    lab.advance(7)
    lab.answer(TARO)
    parent = lab.leg(parent["sid"])
    assert parent["status"] == "in-progress" and parent["answer_time"] == child(lab)["answer_time"]
    lab.advance(10)
    lab.hangup(TARO)
    assert lab.leg(parent["sid"])["duration"] == 10


@pytest.mark.parametrize("caller_id", [HANAKO, NUMBER, SECOND])
def test_the_caller_id_may_be_from_to_or_a_number_of_the_account(lab, customer, caller_id):
    lab.number(SECOND, voice_url=customer.url("/other"))
    dial(lab, customer, callerId=caller_id)
    assert lab.phone(TARO)["shows"] == caller_id


def test_any_other_caller_id_fails_the_dial(lab, customer):
    dial(lab, customer, callerId=JIRO, action="/action")
    assert outcome(customer) == {"DialCallStatus": "failed"}
    assert [error["code"] for error in lab.errors()] == [13214] and len(lab.calls()) == 1


def test_an_invalid_number_fails_the_dial(lab, customer):
    dial(lab, customer, inside="09000000002", action="/action")
    assert outcome(customer) == {"DialCallStatus": "failed"}
    assert [error["code"] for error in lab.errors()] == [13224]


@pytest.mark.parametrize("behaviour, status", [
    ("busy", "busy"), ("reject", "busy"), ("unreachable", "failed"), ("no-answer", "no-answer")])
def test_the_action_learns_why_nobody_was_reached(lab, customer, behaviour, status):
    lab.phone(TARO, answer=behaviour)
    dial(lab, customer, action="/action", after="<Say>never</Say>")
    lab.advance(30)
    assert outcome(customer) == {"DialCallStatus": status, "DialBridged": "false",
                                 "DialCallSid": child(lab)["sid"]}
    assert child(lab)["status"] == status
    assert lab.phone(HANAKO)["heard"] == [{"tone": "ringing"}, {"say": "afterwards"}]


def test_a_phone_that_talks_already_is_busy(lab, customer):
    dial(lab, customer)
    lab.answer(TARO)
    lab.number(SECOND, voice_url=customer.url("/voice"))
    lab.call(JIRO, SECOND)
    assert child(lab)["status"] == "busy"


def test_ringing_ends_after_thirty_seconds_or_the_timeout(lab, customer):
    dial(lab, customer)
    lab.advance(29.9)
    assert lab.phone(TARO)["state"] == "ringing"
    lab.advance(0.1)
    assert child(lab)["status"] == "no-answer"
    dial(lab, customer, timeout="10")
    lab.advance(9.9)
    assert lab.phone(TARO)["state"] == "ringing"
    lab.advance(0.1)
    assert lab.phone(TARO)["state"] == "idle"


def test_a_phone_set_to_auto_answers_after_its_time(lab, customer):
    lab.phone(TARO, answer="auto", answer_after=4)
    dial(lab, customer)
    lab.advance(3.9)
    assert lab.phone(TARO)["state"] == "ringing"
    lab.advance(0.1)
    assert lab.phone(TARO)["talking_to"] == HANAKO


def test_a_callee_who_declines_is_busy(lab, customer):
    dial(lab, customer, action="/action")
    lab.reject(TARO)
    assert outcome(customer)["DialCallStatus"] == "busy"


def test_when_the_callee_hangs_up_the_caller_goes_on_with_the_action(lab, customer):
    dial(lab, customer, action="/action", after="<Say>never</Say>")
    lab.answer(TARO)
    lab.advance(75)
    lab.hangup(TARO)
    assert outcome(customer) == {"DialCallStatus": "completed", "DialCallDuration": "75",
                                 "DialCallSid": child(lab)["sid"], "DialBridged": "true"}
    request = customer.last("/action")
    assert request.params["CallStatus"] == "in-progress" and request.params["From"] == HANAKO
    assert request.signed and request.method == "POST"
    assert lab.phone(HANAKO)["heard"][-1] == {"say": "afterwards"}


def test_without_an_action_the_next_verb_runs(lab, customer):
    dial(lab, customer, after="<Say>next</Say>")
    lab.answer(TARO)
    lab.hangup(TARO)
    assert lab.phone(HANAKO)["heard"][-1] == {"say": "next"}


def test_when_the_caller_hangs_up_the_callee_is_ended_and_the_action_only_told(lab, customer):
    parent = dial(lab, customer, action="/action", method="GET")
    lab.answer(TARO)
    lab.advance(5)
    lab.hangup(HANAKO)
    assert lab.phone(TARO)["state"] == "idle" and child(lab)["duration"] == 5
    query = customer.last("/action").query
    assert (query["CallStatus"], query["DialCallStatus"]) == ("completed", "completed")
    assert {"say": "afterwards"} not in lab.leg(parent["sid"])["heard"]


def test_when_the_caller_hangs_up_while_it_rings_the_dialled_leg_is_canceled(lab, customer):
    parent = dial(lab, customer, action="/action", answerOnBridge="true")
    lab.hangup(HANAKO)
    assert child(lab)["status"] == "canceled" and lab.phone(TARO)["state"] == "idle"
    assert lab.leg(parent["sid"])["answer_time"] is None
    assert outcome(customer)["DialCallStatus"] == "canceled"


@pytest.mark.parametrize("behaviour, status", [("busy", "busy"), ("no-answer", "no-answer"),
                                               ("unreachable", "failed")])
def test_a_caller_whose_bridge_failed_was_never_answered(lab, customer, behaviour, status):
    lab.phone(TARO, answer=behaviour)
    parent = dial(lab, customer, answerOnBridge="true")
    lab.advance(30)
    parent = lab.leg(parent["sid"])
    assert parent["status"] == status and parent["answer_time"] is None


def test_the_time_limit_ends_the_dialled_leg_and_the_action_follows(lab, customer):
    dial(lab, customer, timeLimit="60", action="/action")
    lab.advance(10)
    lab.answer(TARO)
    lab.advance(59.9)
    assert lab.phone(TARO)["state"] == "talking"
    lab.advance(0.1)
    assert lab.phone(TARO)["state"] == "idle"
    assert outcome(customer)["DialCallDuration"] == "60"


def test_the_time_limit_is_four_hours_by_default(lab, customer):
    dial(lab, customer)
    lab.answer(TARO)
    lab.advance(14399)
    assert lab.phone(TARO)["state"] == "talking"
    lab.advance(1)
    assert child(lab)["duration"] == 14400


def test_a_star_of_the_caller_ends_the_dialled_leg_only_when_allowed(lab, customer):
    dial(lab, customer, hangupOnStar="true", action="/action")
    lab.answer(TARO)
    lab.press(TARO, "*")
    assert lab.phone(TARO)["state"] == "talking"
    lab.press(HANAKO, "*")
    assert lab.phone(TARO)["state"] == "idle" and outcome(customer)["DialCallStatus"] == "completed"
    dial(lab, customer)
    lab.answer(TARO)
    lab.press(HANAKO, "*")
    assert lab.phone(TARO)["state"] == "talking"


def test_a_star_while_it_rings_cancels_the_dialled_leg(lab, customer):
    dial(lab, customer, hangupOnStar="true", action="/action")
    lab.press(HANAKO, "*")
    assert outcome(customer)["DialCallStatus"] == "canceled"


def test_a_star_ends_a_sequential_dial_without_trying_the_next_number(lab, customer):
    dial(lab, customer, inside=number(TARO) + number(JIRO), sequential="true",
         hangupOnStar="true", action="/action")
    lab.press(HANAKO, "*")
    assert lab.phone(JIRO)["state"] == "idle" and len(lab.calls()) == 2
    assert outcome(customer)["DialCallStatus"] == "canceled"


def test_several_numbers_ring_together_and_the_first_answer_wins(lab, customer):
    dial(lab, customer, inside=number(TARO) + number(JIRO), action="/action")
    assert lab.phone(TARO)["state"] == lab.phone(JIRO)["state"] == "ringing"
    lab.answer(JIRO)
    assert lab.phone(HANAKO)["talking_to"] == JIRO
    assert child(lab, TARO)["status"] == "canceled"
    lab.hangup(JIRO)
    assert outcome(customer)["DialCallSid"] == child(lab, JIRO)["sid"]


def test_sequential_numbers_ring_one_after_the_other(lab, customer):
    dial(lab, customer, inside=number(TARO) + number(JIRO), sequential="true", timeout="10")
    assert lab.phone(JIRO)["state"] == "idle"
    lab.advance(10)
    assert child(lab, TARO)["status"] == "no-answer" and lab.phone(JIRO)["state"] == "ringing"
    lab.answer(JIRO)
    assert lab.phone(HANAKO)["talking_to"] == JIRO


def test_more_than_ten_numbers_are_an_error(lab, customer):
    ten = [number(f"+8190000001{index:02}") for index in range(10)]
    dial(lab, customer, inside="".join(ten))
    assert lab.errors() == [] and len(lab.calls()) == 11
    lab.hangup(HANAKO)
    dial(lab, customer, inside="".join(ten) + number(TARO))
    assert [error["code"] for error in lab.errors()] == [12200]


def test_a_whisper_runs_on_the_callee_before_the_two_are_joined(lab, customer):
    customer.on("/whisper", "<Response><Gather numDigits='1' action='/pressed'>"
                            "<Say>press 1</Say></Gather><Hangup/></Response>")
    customer.on("/pressed", "<Response/>")
    parent = dial(lab, customer, inside=number(url="/whisper"), answerOnBridge="true")
    taro = lab.answer(TARO)
    assert taro["heard"] == [{"say": "press 1"}] and taro["talking_to"] is None
    assert lab.leg(parent["sid"])["status"] == "ringing"
    params = customer.last("/whisper").params
    assert params["Direction"] == "outbound-dial" and params["ParentCallSid"] == parent["sid"]
    assert params["CallSid"] == child(lab)["sid"] and params["CallStatus"] == "in-progress"
    lab.press(TARO, "1")
    assert customer.last("/pressed").params["Digits"] == "1"
    assert lab.phone(TARO)["talking_to"] == HANAKO
    assert lab.exchanges(kind="whisper")[0]["call"] == child(lab)["sid"]


def test_a_hangup_in_the_whisper_refuses_the_call(lab, customer):
    customer.on("/whisper", "<Response><Hangup/></Response>")
    dial(lab, customer, inside=number(url="/whisper", method="GET"), action="/action")
    lab.answer(TARO)
    assert outcome(customer)["DialBridged"] == "false"
    assert lab.phone(TARO)["state"] == "idle"
    assert customer.last("/whisper").method == "GET"


def test_a_dial_in_a_whisper_is_an_error(lab, customer):
    customer.on("/whisper", f"<Response><Dial>{JIRO}</Dial></Response>")
    dial(lab, customer, inside=number(url="/whisper"))
    lab.answer(TARO)
    assert [error["code"] for error in lab.errors()] == [12200]
    assert lab.phone(TARO)["state"] == "idle" and lab.phone(JIRO)["state"] == "idle"


def test_the_timeout_of_dial_does_not_cut_a_whisper(lab, customer):
    customer.on("/whisper", "<Response><Gather timeout='60'/></Response>")
    dial(lab, customer, inside=number(url="/whisper") + number(JIRO), timeout="10")
    lab.answer(TARO)
    lab.advance(30)
    assert child(lab, JIRO)["status"] == "no-answer" and lab.phone(TARO)["state"] == "talking"
    lab.advance(30)
    assert lab.phone(TARO)["talking_to"] == HANAKO


def test_digits_are_sent_to_the_callee_before_the_two_are_joined(lab, customer):
    dial(lab, customer, inside=number(sendDigits="wwww12#"))
    taro = lab.answer(TARO)
    assert taro["heard"] == [{"digits": "wwww12#"}] and taro["talking_to"] is None
    lab.advance(2)
    assert lab.phone(TARO)["talking_to"] == HANAKO


def test_status_callbacks_tell_every_event_that_was_asked_for(lab, customer):
    parent = dial(lab, customer, inside=number(statusCallback="/status",
                                               statusCallbackEvent=EVERYTHING))
    lab.advance(5)
    lab.answer(TARO)
    lab.advance(61)
    lab.hangup(TARO)
    received = customer.received("/status")
    assert [r.params["CallStatus"] for r in received] == ["initiated", "ringing", "in-progress",
                                                          "completed"]
    assert [r.params["SequenceNumber"] for r in received] == ["0", "1", "2", "3"]
    for request in received:
        assert request.signed and request.method == "POST"
        assert request.params["ParentCallSid"] == parent["sid"]
        assert request.params["CallSid"] == child(lab)["sid"]
        assert request.params["CallbackSource"] == "call-progress-events"
        assert ("CallDuration" in request.params) == (request is received[-1])
    assert received[-1].params["CallDuration"] == "61" and received[-1].params["Duration"] == "2"
    times = [parsedate_to_datetime(r.params["Timestamp"]) for r in received]
    assert (times[2] - times[0]).seconds == 5 and (times[3] - times[2]).seconds == 61
    assert times[0].utcoffset().total_seconds() == 0


def test_a_hung_status_callback_holds_up_neither_the_documents_nor_other_legs(lab, customer):
    release = threading.Event()
    customer.on("/hung", Reply(until=release))
    parent = dial(lab, customer, inside=number(TARO, statusCallback="/hung",
                                               statusCallbackEvent=EVERYTHING)
                  + number(JIRO, statusCallback="/status", statusCallbackEvent=EVERYTHING),
                  wait=False)
    lab.wait(JIRO, "ringing")
    with ThreadPoolExecutor() as pool:
        answering = pool.submit(lab.answer, JIRO)
        lab.wait(JIRO, "talking")
        assert lab.phone(HANAKO)["talking_to"] == JIRO
        assert len(customer.received("/hung")) == 1, "one leg's callbacks go one after the other"
        release.set()
        answering.result()
    assert [r.params["CallStatus"] for r in customer.received("/hung")] == [
        "initiated", "ringing", "canceled"]
    assert lab.leg(parent["sid"])["status"] == "in-progress"


def test_only_the_end_is_told_by_default(lab, customer):
    dial(lab, customer, inside=number(statusCallback="/status?a=1", statusCallbackMethod="GET"))
    lab.advance(30)
    [request] = customer.received("/status")
    assert request.method == "GET" and request.signed and request.query["a"] == "1"
    assert request.query["CallStatus"] == "no-answer" and request.query["CallDuration"] == "0"


@pytest.mark.parametrize("behaviour, statuses", [
    ("busy", ["initiated", "busy"]), ("unreachable", ["initiated", "failed"]),
    ("reject", ["initiated", "ringing", "busy"])])
def test_the_events_of_a_failed_attempt_are_told_too(lab, customer, behaviour, statuses):
    lab.phone(TARO, answer=behaviour)
    dial(lab, customer, inside=number(statusCallback="/status", statusCallbackEvent=EVERYTHING))
    lab.advance(1)
    assert [r.params["CallStatus"] for r in customer.received("/status")] == statuses


def test_the_record_and_ring_tone_attributes_are_accepted(lab, customer):
    dial(lab, customer, record="record-from-answer-dual", ringTone="jp", trim="do-not-trim")
    assert lab.errors() == [] and lab.phone(TARO)["state"] == "ringing"


def test_a_number_of_the_account_cannot_be_dialled_yet(lab, customer):
    assert dial(lab, customer, inside=NUMBER)["status"] == "failed"
    assert "not supported by the lab yet" in lab.errors()[0]["message"]
