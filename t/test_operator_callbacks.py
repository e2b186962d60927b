"""CallbackUrl: the operator's program hears of every change of an interaction, by jobs that outlive
failures of his program and of our processes."""

from __future__ import annotations

import os
import signal
import threading

from masking import Masking
from lab.testing import Customer, Reply
from polling import until
from twilio_account import HANAKO, PROXY_NUMBER, TARO


def statuses(operator: Customer) -> set[tuple[str, str]]:
    """What the program heard: inbound and outbound status."""
    return {(callback.params.get("inboundResourceStatus", ""),
             callback.params.get("outboundResourceStatus", ""))
            for callback in operator.received("/callback")}


def due_now(masking: Masking) -> None:
    """Retries need not be waited for."""
    masking.database.query("UPDATE twv_job SET due_at = 1 WHERE kind = 'operator-callback'"
                           " AND state = 'waiting' AND lease_owner IS NULL")


def test_each_change_of_status_is_told_signed_and_in_proxys_names(masking: Masking, lab,
                                                                  operator: Customer):
    masking.start()
    masking.make_service("masking", callback_url=operator.on("/callback", Reply(status=200)))
    session = masking.session()
    leg = masking.connect()
    lab.advance(7)
    lab.hangup(TARO)
    until(lambda: ("completed", "completed") in statuses(operator))
    last = next(callback for callback in operator.received("/callback")
                if callback.params.get("outboundResourceStatus") == "completed")
    assert last.signed and last.token
    sent = last.params
    assert sent["interactionType"] == "Voice"
    assert sent["interactionSessionSid"] == session.sid
    assert sent["interactionData"] == '{"duration":"7"}'
    assert sent["inboundResourceSid"] == leg["sid"]
    assert sent["inboundResourceType"] == "Call"
    assert sent["outboundResourceUrl"].endswith(f"/Calls/{sent['outboundResourceSid']}.json")
    outbound = {status for _, status in statuses(operator)}
    assert {"initiated", "ringing", "in-progress", "completed"} <= outbound


def test_a_program_that_fails_is_asked_again_with_the_same_token(masking: Masking, lab,
                                                                 operator: Customer):
    masking.start()
    masking.make_service("masking", callback_url=operator.on(
        "/callback", Reply(status=500), Reply(status=503), Reply(status=200)))
    masking.session()
    lab.hold_callbacks()
    lab.call(HANAKO, PROXY_NUMBER)
    lab.wait(TARO, "ringing")
    lab.release_callbacks()
    until(lambda: len(operator.received("/callback")) >= 2)

    def delivered() -> bool:
        due_now(masking)
        tokens = [callback.token for callback in operator.received("/callback")]
        return any(tokens.count(token) >= 2 for token in tokens) and not waiting()

    def waiting() -> list:
        return masking.database.query(
            "SELECT id FROM twv_job WHERE kind = 'operator-callback'")
    until(delivered, 20)


def test_a_refusal_is_final_and_kept_with_its_reason(masking: Masking, lab,
                                                     operator: Customer):
    masking.start()
    masking.httpd.expect_log("TWV0602")
    masking.make_service("masking", callback_url=operator.on("/callback", Reply(status=404)))
    masking.session()
    lab.call(HANAKO, PROXY_NUMBER)
    lab.wait(TARO, "ringing")

    def failed() -> list:
        return masking.database.query(
            "SELECT reason FROM twv_job WHERE kind = 'operator-callback' AND state = 'failed'")
    until(failed)
    assert all("HTTP 404" in reason for reason, in failed())


def test_a_slow_program_delays_no_other_callback(masking: Masking, lab,
                                                 operator: Customer):
    gate = threading.Event()
    masking.start()
    masking.make_service("masking", callback_url=operator.on(
        "/callback", Reply(until=gate), Reply(status=200)))
    masking.session()
    masking.connect()
    lab.hangup(TARO)
    until(lambda: ("completed", "completed") in statuses(operator))
    gate.set()
    until(lambda: not masking.database.query(
        "SELECT id FROM twv_job WHERE kind = 'operator-callback'"))


def test_a_callback_survives_the_death_of_the_process_that_was_about_to_send_it(
        masking: Masking, lab, operator: Customer):
    gate = threading.Event()
    masking.start()
    masking.httpd.expect_log("AH00052|AH00051|exit signal Killed")
    masking.make_service("masking", callback_url=operator.on(
        "/callback", Reply(until=gate), Reply(status=200)))
    masking.session()
    lab.call(HANAKO, PROXY_NUMBER)
    until(lambda: operator.received("/callback"))
    first = operator.received("/callback")[0].token
    for child in masking.httpd.children():
        os.kill(child, signal.SIGKILL)
    gate.set()
    masking.database.query("UPDATE twv_job SET due_at = 1 WHERE kind = 'operator-callback'")
    until(lambda: [callback.token
                   for callback in operator.received("/callback")].count(first) == 2, 40)


def test_stopping_the_server_leaves_a_running_callback_to_the_next_one(
        masking: Masking, lab, operator: Customer):
    gate = threading.Event()
    masking.start()
    masking.make_service("masking", callback_url=operator.on(
        "/callback", Reply(until=gate), Reply(status=200)))
    masking.session()
    lab.hold_callbacks()
    lab.call(HANAKO, PROXY_NUMBER)
    lab.release_callbacks()
    until(lambda: operator.received("/callback"))
    masking.httpd.stop()
    gate.set()
    leased = masking.database.query(
        "SELECT lease_owner FROM twv_job WHERE kind = 'operator-callback'")
    assert leased and all(owner is None or owner == "" for owner, in leased)
