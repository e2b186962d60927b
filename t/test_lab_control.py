"""The lab: its control interface, its clock, its start and end, many calls at once, the show."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest

from lab.client import Lab, LabError
from lab.testing import ACCOUNT_SID, AUTH_TOKEN, LabProcess, Reply
from lab.testing import customer, customer_server, lab, lab_process  # noqa: F401

NUMBER, HANAKO, TARO = "+815000000000", "+819000000001", "+819000000002"
TESTS = Path(__file__).parent
BRIDGE = ("<Response><Dial answerOnBridge='true' callerId='+815000000000'>"
          "<Number>+819000000002</Number></Dial></Response>")


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def refusal(status: int, *words: str):
    """The error names these words in this order."""
    return pytest.raises(LabError, match=f"^{status}: .*" + ".*".join(map(re.escape, words)))


def test_a_manual_clock_stands_until_it_is_advanced(lab):
    before = lab.clock()
    assert before["mode"] == "manual" and lab.clock() == before
    after = lab.advance(90.5)
    assert (instant(after["now"]) - instant(before["now"])).total_seconds() == 90.5


def test_timers_fire_in_order_and_their_webhooks_settle_in_between(lab, customer):
    for number, seconds in ((NUMBER, 5), ("+815000000009", 3)):
        lab.number(number, voice_url=customer.on(
            f"/{seconds}", f"<Response><Pause length='{seconds}'/><Redirect>/after{seconds}"
                           "</Redirect></Response>"))
        customer.on(f"/after{seconds}", "<Response><Pause length='3'/></Response>")
    lab.call(HANAKO, NUMBER)
    lab.call(TARO, "+815000000009")
    lab.clear_exchanges()
    start = instant(lab.clock()["now"])
    lab.advance(100)
    told = [(exchange["url"].rpartition("/")[2],
             (instant(exchange["time"]) - start).total_seconds()) for exchange in lab.exchanges()]
    assert told == [("after3", 3), ("after5", 5)]
    assert [leg["duration"] for leg in lab.calls()] == [3, 3]


def test_a_real_clock_runs_by_itself_and_cannot_be_advanced(lab, customer):
    lab.number(NUMBER, voice_url=customer.on("/voice", BRIDGE))
    lab.phone(TARO, answer="auto", answer_after=0.3)
    lab.clock(mode="real")
    with refusal(409, "advance"):
        lab.advance(1)
    lab.call(HANAKO, NUMBER)
    assert lab.wait(HANAKO, "talking")["talking_to"] == TARO
    ringing = lab.calls()[1]
    waited = instant(ringing["answer_time"]) - instant(ringing["start_time"])
    assert 0.25 < waited.total_seconds() < 3


def test_waiting_for_a_state_returns_as_soon_as_it_holds_or_times_out(lab, customer):
    lab.number(NUMBER, voice_url=customer.on("/voice", BRIDGE))
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(lab.wait, TARO, "ringing", 20)
        lab.call(HANAKO, NUMBER)
        assert waiting.result()["shows"] == NUMBER
    with refusal(408, "ringing, not talking"):
        lab.wait(TARO, "talking", timeout=0.05)


@pytest.mark.parametrize("act, status, words", [
    (lambda lab: lab.number("0900"), 404, "number"),
    (lambda lab: lab.number("0900", voice_url="http://x/"), 400, "number.*0900.*E.164"),
    (lambda lab: lab.number(NUMBER, voice_url="ftp://x/"), 400, "voice_url.*ftp"),
    (lambda lab: lab.number(NUMBER, voice_url="http://[::1/"), 400, "voice_url.*IPv6"),
    (lambda lab: lab.number(NUMBER, voice_url="http://x:99999/"), 400, "voice_url.*range"),
    (lambda lab: lab.number(NUMBER, voice_url="http://x/a b"), 400, "voice_url.*encoded"),
    (lambda lab: lab.number(NUMBER, voice_method="PUT"), 400, "voice_method.*PUT.*GET"),
    (lambda lab: lab.number(NUMBER, voiceurl="http://x/"), 400, "voiceurl.*voice_url"),
    (lambda lab: lab.phone(TARO, answer="maybe"), 400, "answer.*maybe.*manual"),
    (lambda lab: lab.phone(TARO, answer_after=-1), 400, "answer_after.*-1"),
    (lambda lab: lab.phone("+0"), 400, "phone"),
    (lambda lab: lab.call(HANAKO, TARO), 400, "to.*not a number of the account"),
    (lambda lab: lab.call(HANAKO, NUMBER, from_="!"), 400, "from"),
    (lambda lab: lab.call(HANAKO, NUMBER, colour="red"), 400, "colour"),
    (lambda lab: lab.call(HANAKO, NUMBER, wait="yes"), 400, "wait.*yes"),
    (lambda lab: lab.call(HANAKO, NUMBER, params={"A": 1}), 400, "params"),
    (lambda lab: lab.call(HANAKO, NUMBER), 409, "voice_url"),
    (lambda lab: lab.message(HANAKO, NUMBER, "x"), 409, "sms_url"),
    (lambda lab: lab.message(HANAKO, NUMBER, "x" * 1601), 400, "body.*1601"),
    (lambda lab: lab.answer(TARO), 409, "idle"),
    (lambda lab: lab.reject(TARO), 409, "idle"),
    (lambda lab: lab.hangup(TARO), 409, "idle"),
    (lambda lab: lab.press(TARO, "x"), 400, "digits"),
    (lambda lab: lab.clock(mode="fast"), 400, "mode.*fast.*manual"),
    (lambda lab: lab.clock(advance="1"), 400, "advance"),
    (lambda lab: lab.clock(advance=float("nan")), 400, "advance.*nan"),
    (lambda lab: lab.clock(advance=1e12), 400, "advance.*0 to"),
    (lambda lab: lab.wait(TARO, "idle", timeout="soon"), 400, "timeout.*soon"),
    (lambda lab: lab.wait(TARO, "asleep"), 400, "state.*asleep"),
    (lambda lab: lab.leg("CA0"), 404, "CA0"),
    (lambda lab: lab.exchange(99999), 404, "99999"),
    (lambda lab: lab.replay(99999), 404, "99999"),
    (lambda lab: lab.release_callbacks(order="random"), 400, "order.*random"),
    (lambda lab: lab.release_callbacks(times=3), 400, "times.*3"),
    (lambda lab: lab.settings(speech_rate="x"), 400, "speech_rate"),
    (lambda lab: lab.request("GET", "/nowhere"), 404, "/lab/nowhere"),
    (lambda lab: lab.request("PATCH", "/clock"), 405, "PATCH"),
])
def test_a_wrong_request_is_refused_with_the_name_of_the_field(lab, act, status, words):
    lab.number(NUMBER, voice_method="POST")
    with refusal(status, *words.split(".*")):
        act(lab)


def test_a_phone_in_a_call_cannot_make_another(lab, customer):
    lab.number(NUMBER, voice_url=customer.on("/voice", BRIDGE))
    lab.call(HANAKO, NUMBER)
    with refusal(409, HANAKO):
        lab.call(HANAKO, NUMBER)


def test_reset_drops_calls_phones_and_exchanges_and_keeps_numbers(lab, customer):
    lab.number(NUMBER, voice_url=customer.on("/voice", BRIDGE))
    lab.call(HANAKO, NUMBER)
    lab.reset()
    overview = lab.overview()
    assert overview["numbers"] == [NUMBER] and overview["phones"] == []
    assert (overview["calls"], overview["exchanges"], overview["tasks"]) == (0, 0, 0)


def test_numbers_are_set_read_changed_and_deleted(lab):
    assert lab.number(NUMBER, voice_url="http://x/v", sms_method="get")["sms_method"] == "GET"
    changed = lab.number(NUMBER, sms_url="http://x/s")
    assert changed["voice_url"] == "http://x/v" and lab.number(NUMBER) == changed
    assert changed["sid"].startswith("PN")
    lab.delete_number(NUMBER)
    with refusal(404, "number"):
        lab.number(NUMBER)


def test_thirty_two_callers_at_once_are_all_connected(lab, customer):
    def document(request) -> str:
        callee = request.params["From"].replace("+8190000", "+8190001")
        return (f"<Response><Dial answerOnBridge='true' action='/end'><Number url='/whisper' "
                f"statusCallback='/status'>{callee}</Number></Dial></Response>")

    customer.on("/whisper", lambda request: "<Response/>" if "Digits" in request.params else
                "<Response><Gather numDigits='1'/><Hangup/></Response>")
    customer.on("/end", "<Response/>")
    customer.on("/status", "")
    lab.number(NUMBER, voice_url=customer.on("/voice", document))

    def converse(index: int) -> None:
        caller, callee = f"+8190000{index:05}", f"+8190001{index:05}"
        for _ in range(3):
            lab.call(caller, NUMBER)
            lab.answer(callee)
            assert lab.press(callee, "1")["talking_to"] == caller
            lab.hangup(caller if index % 2 else callee)
            assert lab.phone(caller)["state"] == lab.phone(callee)["state"] == "idle"

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(converse, range(32)))
    legs = lab.calls()
    assert len(legs) == 192 and {leg["status"] for leg in legs} == {"completed"}
    assert len(customer.received("/status")) == len(customer.received("/end")) == 96
    assert lab.errors() == [] and lab.overview()["tasks"] == 0


def test_the_lab_starts_from_a_configuration_at_a_given_time_and_ends_cleanly(tmp_path):
    config, port_file = tmp_path / "lab.json", tmp_path / "port"
    config.write_text(json.dumps({
        "numbers": {NUMBER: {"voice_url": "http://127.0.0.1:9/voice"}},
        "phones": {TARO: {"answer": "busy"}}, "settings": {"speech_rate": 1.5}}))
    process = LabProcess("--config", str(config), "--port-file", str(port_file),
                         "--epoch", "2026-01-02T03:04:05Z")
    with process:
        client = process.client
        assert client.clock()["now"] == "2026-01-02T03:04:05.000Z"
        assert client.number(NUMBER)["voice_url"] == "http://127.0.0.1:9/voice"
        assert client.phone(TARO)["answer"] == "busy"
        assert client.settings()["speech_rate"] == 1.5
        assert process.url.endswith(":" + port_file.read_text().strip())
        assert process.stop() == (0, "")


def test_the_lab_ends_cleanly_while_a_webhook_hangs_and_somebody_waits(customer):
    release = threading.Event()
    process = LabProcess()
    with process, ThreadPoolExecutor() as pool:
        client = process.client
        client.number(NUMBER, voice_url=customer.on("/voice", Reply("", until=release)))
        client.call(HANAKO, NUMBER, wait=False)
        waiting = pool.submit(lambda: Lab(process.url).wait(TARO, "ringing", 100))
        deadline = time.monotonic() + 10
        while not customer.received("/voice") and time.monotonic() < deadline:
            time.sleep(0.01)
        status, errors = process.stop()
        release.set()
        assert (status, errors) == (0, "")
        assert waiting.exception() is not None


@pytest.mark.parametrize("arguments, word", [
    (["--account-sid", "AC1"], "AC1"), (["--listen", "8081"], "8081"),
    (["--clock", "slow"], "slow"), (["--epoch", "soon"], "soon"),
    (["--config", "/does/not/exist.json"], "exist.json")])
def test_wrong_arguments_are_refused_by_name(arguments, word):
    result = subprocess.run(
        [sys.executable, "-m", "lab", "--listen", "127.0.0.1:0", "--account-sid", ACCOUNT_SID,
         "--auth-token", AUTH_TOKEN, *arguments], cwd=TESTS, capture_output=True, text=True,
        timeout=30)
    assert result.returncode != 0 and word in result.stderr and "Traceback" not in result.stderr


@pytest.mark.parametrize("config, word", [
    ("[]", "configuration"), ("{", "line 1"), ('{"number": {}}', "number: not in"),
    ('{"numbers": []}', "numbers"), ('{"numbers": {"+815000000000": 1}}', "numbers.+815000000000"),
    ('{"numbers": {"0900": {}}}', "0900"), ('{"phones": {"+819000000001": {"a": 1}}}', "a: not"),
    ('{"settings": {"speech_rate": -1}}', "speech_rate")])
def test_a_wrong_configuration_is_refused_by_name(tmp_path, config, word):
    path = tmp_path / "lab.json"
    path.write_text(config)
    with pytest.raises(RuntimeError, match="did not start") as caught:
        LabProcess("--config", str(path)).__enter__()
    assert word in str(caught.value) and "Traceback" not in str(caught.value)


def show(url: str, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "lab.show", "--lab", url, "call", HANAKO, NUMBER,
                           *arguments], cwd=TESTS, capture_output=True, text=True, timeout=60,
                          env={**os.environ, "PYTHONIOENCODING": "utf-8"})


def test_the_show_prints_a_connected_call_and_succeeds(lab, lab_process, customer):
    lab.number(NUMBER, voice_url=customer.on(
        "/voice", "<Response><Gather numDigits='1' action='/bridge'><Say>menu</Say></Gather>"
                  "</Response>"))
    customer.on("/bridge", BRIDGE.replace("<Number>", "<Number url='/screen'>"))
    customer.on("/screen", "<Response><Gather numDigits='1' action='/accepted'/><Hangup/>"
                           "</Response>")
    customer.on("/accepted", "<Response/>")
    result = show(lab_process.url, "--press", "1", "--accept", "2")
    assert customer.last("/bridge").params["Digits"] == "1"
    assert customer.last("/accepted").params["Digits"] == "2"
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"{TARO}    rings, shows {NUMBER}" in result.stdout
    assert f"<-> {TARO}: connected" in result.stdout
    for leg in lab.calls():
        assert leg["sid"] in result.stdout and leg["status"] == "completed"


def test_the_show_fails_when_nobody_was_connected(lab, lab_process, customer):
    lab.number(NUMBER, voice_url=customer.on("/voice", BRIDGE))
    lab.phone(TARO, answer="busy")
    result = show(lab_process.url)
    assert result.returncode == 1 and "not connected" in result.stdout
