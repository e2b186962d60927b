"""What time brings: sessions end, old data goes."""

from __future__ import annotations

from masking import CALL_SID, Masking, twiml
from polling import until

NINETY_ONE_DAYS = 91 * 86400 * 1000


def run_housekeeping(masking: Masking) -> None:
    """It is due now; returns after it has run."""
    def attempts() -> int:
        return masking.database.query("SELECT attempts FROM twv_job WHERE kind = 'housekeeping'"
                                      " AND lease_owner IS NULL")[0][0]
    until(lambda: masking.database.query("SELECT id FROM twv_job WHERE kind = 'housekeeping'"
                                         " AND lease_owner IS NULL AND attempts > 0"))
    before = attempts()
    masking.database.query("UPDATE twv_job SET due_at = 1 WHERE kind = 'housekeeping'")
    until(lambda: masking.database.query("SELECT id FROM twv_job WHERE kind = 'housekeeping'"
                                         " AND lease_owner IS NULL AND attempts > ?", before), 15)


def test_sessions_whose_time_is_over_are_closed_and_free_their_number(masking: Masking):
    masking.start()
    by_ttl = masking.session(ttl=3600)
    by_date = masking.session(("+819000000011", None), ("+819000000012", None),
                              date_expiry="2099-01-01T00:00:00Z")
    lasting = masking.session(("+819000000021", None), ("+819000000022", None))
    masking.database.query("UPDATE twv_session SET expires_at = date_created"
                           " WHERE expires_at IS NOT NULL AND expires_at > 0")
    run_housekeeping(masking)
    rows = dict((sid, (status, reason)) for sid, status, reason in masking.database.query(
        "SELECT sid, status, closed_reason FROM twv_session"))
    assert rows[by_ttl.sid] == ("closed", "ttl-expired")
    assert rows[by_date.sid] == ("closed", "date-expiry")
    assert rows[lasting.sid][0] == "open"
    number, = masking.service.phone_numbers.list()
    assert number.in_use == 1


def test_what_is_older_than_the_retention_is_erased(masking: Masking):
    masking.start()
    session = masking.session()
    twiml(masking.webhook("/voice"))
    masking.service.sessions(session.sid).update(status="closed")
    masking.database.query("UPDATE twv_session SET date_ended = date_ended - ?", NINETY_ONE_DAYS)
    masking.database.query("UPDATE twv_call SET date_created = date_created - ?", NINETY_ONE_DAYS)
    run_housekeeping(masking)
    for table in ("twv_session", "twv_participant", "twv_interaction", "twv_call", "twv_event"):
        assert masking.database.query(f"SELECT COUNT(*) FROM {table}")[0][0] == 0, table


def test_retention_0_keeps_everything(masking: Masking):
    masking.start(more="TwVoiceRetention 0")
    session = masking.session()
    twiml(masking.webhook("/voice"))
    masking.service.sessions(session.sid).update(status="closed")
    masking.database.query("UPDATE twv_session SET date_ended = 1")
    masking.database.query("UPDATE twv_call SET date_created = 1")
    run_housekeeping(masking)
    assert masking.database.query("SELECT sid FROM twv_session") == [(session.sid,)]
    assert masking.database.query("SELECT sid FROM twv_call") == [(CALL_SID,)]
