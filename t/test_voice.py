"""A masked call in call mode "dial": who is connected to whom, what both hear, what is logged."""

from __future__ import annotations

import json

from masking import CALL_SID, Masking, said, twiml
from polling import until
from twilio_account import HANAKO, PROXY_NUMBER, TARO

JIRO = "+819000000003"


def test_the_caller_reaches_the_partner_who_sees_only_our_number(masking: Masking, lab):
    masking.start()
    masking.session()
    lab.call(HANAKO, PROXY_NUMBER)
    ringing = lab.wait(TARO, "ringing")
    assert ringing["shows"] == PROXY_NUMBER
    lab.answer(TARO)
    assert lab.phone(TARO)["state"] == "talking"
    assert lab.phone(HANAKO)["state"] == "talking"
    assert lab.errors() == []


def test_the_partner_calls_back_and_reaches_the_first_caller(masking: Masking, lab):
    masking.start()
    masking.session()
    lab.call(TARO, PROXY_NUMBER)
    assert lab.wait(HANAKO, "ringing")["shows"] == PROXY_NUMBER


def test_a_call_is_logged_with_start_answer_end_and_duration(masking: Masking, lab):
    masking.start()
    session = masking.session()
    leg = lab.call(HANAKO, PROXY_NUMBER)
    lab.advance(4)
    lab.answer(TARO)
    lab.advance(65)
    lab.hangup(TARO)
    inbound_at_lab = lab.leg(leg["sid"])
    logged = {row["direction"]: row for row in masking.legs(session.sid)}
    outbound, inbound = logged["outbound-dial"], logged["inbound"]
    assert (outbound["from"], outbound["to"]) == (PROXY_NUMBER, TARO)
    assert (inbound["from"], inbound["to"]) == (HANAKO, PROXY_NUMBER)
    assert outbound["parent_call_sid"] == inbound["sid"] == leg["sid"]
    assert (outbound["status"], inbound["status"]) == ("completed", "completed")
    assert (outbound["duration"], inbound["duration"]) == ("65", "65")
    dialled = next(call for call in lab.calls() if call["parent_call_sid"] == leg["sid"])
    for name in ("start_time", "answer_time", "end_time"):
        assert outbound[name][:19] == dialled[name][:19], name
    for name in ("answer_time", "end_time"):
        assert inbound[name][:19] == inbound_at_lab[name][:19], name
    assert outbound["session_sid"] == session.sid


def test_the_interaction_tells_the_duration_as_proxy_does(masking: Masking, lab):
    masking.start()
    session = masking.session()
    masking.connect()
    lab.advance(12)
    lab.hangup(HANAKO)
    interaction, = masking.service.sessions(session.sid).interactions.list(limit=20)
    assert interaction.type == "voice"
    assert json.loads(interaction.data) == {"duration": "12"}
    assert interaction.inbound_resource_type == interaction.outbound_resource_type == "Call"
    assert interaction.inbound_resource_status == "completed"
    assert interaction.outbound_resource_status == "completed"


def test_the_first_call_brings_the_session_into_progress(masking: Masking, lab):
    masking.start()
    session = masking.session()
    assert session.status == "open" and session.date_started is None
    lab.call(HANAKO, PROXY_NUMBER)
    now = masking.service.sessions(session.sid).fetch()
    assert now.status == "in-progress"
    assert now.date_started is not None
    assert now.date_last_interaction is not None


def test_busy_no_answer_and_rejection_are_told_in_the_sessions_language(masking: Masking, lab):
    masking.start()
    sid = masking.session_with({"Language": "en-US", "RingTimeout": "20"})
    lab.phone(TARO, answer="busy")
    lab.call(HANAKO, PROXY_NUMBER)
    assert "The line is busy" in said(lab.wait(HANAKO, "idle"))
    lab.phone(TARO, answer="no-answer")
    lab.call(HANAKO, PROXY_NUMBER)
    lab.advance(30)
    assert "There was no answer" in said(lab.wait(HANAKO, "idle"))
    lab.phone(TARO, answer="unreachable")
    lab.call(HANAKO, PROXY_NUMBER)
    assert "could not be completed" in said(lab.wait(HANAKO, "idle"))
    statuses = [row["status"] for row in masking.legs(sid) if row["direction"] == "outbound-dial"]
    assert statuses == ["failed", "no-answer", "busy"]


def test_the_server_speaks_japanese_by_default(masking: Masking, lab):
    masking.start()
    masking.session()
    lab.phone(TARO, answer="busy")
    lab.call(HANAKO, PROXY_NUMBER)
    heard = [item for item in lab.wait(HANAKO, "idle")["heard"] if "say" in item]
    assert "話し中" in heard[0]["say"] and heard[0]["language"] == "ja-JP"


def test_the_operator_may_replace_a_prompt_by_text_or_by_a_recording(masking: Masking, lab):
    masking.start(webhook='TwVoicePrompt busy "Taro & Co are <busy>"\n'
                          'TwVoicePrompt unknown-caller https://www.example.jp/nobody.mp3\n'
                          'TwVoiceVoice Polly.Takumi')
    masking.session()
    lab.phone(TARO, answer="busy")
    lab.call(HANAKO, PROXY_NUMBER)
    heard = [item for item in lab.wait(HANAKO, "idle")["heard"] if "say" in item]
    assert heard[0]["say"] == "Taro & Co are <busy>" and heard[0]["voice"] == "Polly.Takumi"
    lab.call(JIRO, PROXY_NUMBER)
    assert {"play": "https://www.example.jp/nobody.mp3"} in lab.wait(JIRO, "idle")["heard"]


def test_what_remains_of_the_session_is_the_limit_of_the_call(masking: Masking):
    masking.start()
    masking.session(ttl=600)
    dial = twiml(masking.webhook("/voice")).find("Dial")
    assert 595 <= int(dial.get("timeLimit")) <= 600


def test_the_call_time_limit_holds_when_it_is_shorter(masking: Masking):
    masking.start()
    masking.session_with({"Ttl": "600", "CallTimeLimit": "90", "RingTimeout": "25"})
    dial = twiml(masking.webhook("/voice")).find("Dial")
    assert dial.get("timeLimit") == "90"
    assert dial.get("timeout") == "25"


def test_an_unlimited_session_leaves_the_limit_to_twilio(masking: Masking):
    masking.start()
    masking.session()
    dial = twiml(masking.webhook("/voice")).find("Dial")
    assert dial.get("timeLimit") is None
    assert dial.get("answerOnBridge") == "true"


def test_a_call_is_ended_when_the_session_is_over(masking: Masking, lab):
    masking.start()
    session = masking.session_with({"CallTimeLimit": "60"})
    masking.connect()
    lab.advance(61)
    assert lab.wait(TARO, "idle")["state"] == "idle"
    outbound = next(row for row in masking.legs(session) if row["direction"] == "outbound-dial")
    assert outbound["duration"] == "60"


def test_a_closed_session_connects_nobody_and_a_reopened_one_does(masking: Masking, lab):
    masking.start()
    session = masking.session()
    masking.service.sessions(session.sid).update(status="closed")
    lab.call(HANAKO, PROXY_NUMBER)
    assert "見つかりません" in said(lab.wait(HANAKO, "idle"))
    masking.service.sessions(session.sid).update(status="in-progress")
    lab.call(HANAKO, PROXY_NUMBER)
    lab.wait(TARO, "ringing")


def test_an_expired_session_says_that_the_time_is_over(masking: Masking, lab):
    masking.start()
    session = masking.session(ttl=3600)
    masking.database.query("UPDATE twv_session SET expires_at = date_created WHERE sid = ?",
                           session.sid)
    lab.call(HANAKO, PROXY_NUMBER)
    assert "期間は終了しました" in said(lab.wait(HANAKO, "idle"))


def test_a_message_only_session_takes_no_calls(masking: Masking, lab):
    masking.start()
    masking.session(mode="message-only")
    lab.call(HANAKO, PROXY_NUMBER)
    assert "メッセージでご連絡ください" in said(lab.wait(HANAKO, "idle"))


def test_a_session_with_one_participant_asks_for_patience(masking: Masking, lab):
    masking.start()
    masking.session((HANAKO, "花子"))
    lab.call(HANAKO, PROXY_NUMBER)
    assert "準備がまだできていません" in said(lab.wait(HANAKO, "idle"))


def test_a_participant_that_was_removed_is_not_reached(masking: Masking, lab):
    masking.start()
    session = masking.session()
    taro = next(person for person in masking.service.sessions(session.sid).participants.list()
                if person.identifier == TARO)
    masking.service.sessions(session.sid).participants(taro.sid).delete()
    lab.call(TARO, PROXY_NUMBER)
    assert "見つかりません" in said(lab.wait(TARO, "idle"))


def test_numbers_that_may_not_be_called_are_refused(masking: Masking, lab):
    masking.start(more="TwVoiceDenyPrefix +819000000002")
    masking.session()
    lab.call(HANAKO, PROXY_NUMBER)
    assert "おつなぎできません" in said(lab.wait(HANAKO, "idle"))
    assert lab.phone(TARO)["state"] == "idle"


def test_the_access_log_can_tell_session_interaction_and_call(masking: Masking):
    masking.start(more='LogFormat "%{twv-session}n %{twv-interaction}n %{twv-call}n" ids\n'
                       'CustomLog logs/ids.log ids')
    session = masking.session()
    twiml(masking.webhook("/voice"))
    log = masking.httpd.root / "logs" / "ids.log"
    line = until(lambda: next((line for line in log.read_text().splitlines()
                               if line.endswith(CALL_SID)), None))
    session_sid, interaction_sid, _ = line.split()
    assert session_sid == session.sid
    assert interaction_sid.startswith("KI")


def test_no_whole_number_is_in_the_error_log(masking: Masking, lab):
    masking.start()
    masking.session()
    masking.connect()
    lab.hangup(HANAKO)
    lab.call(JIRO, PROXY_NUMBER)
    log = masking.httpd.error_log()
    for number in (HANAKO, TARO, JIRO):
        assert number not in log and number[1:] not in log
