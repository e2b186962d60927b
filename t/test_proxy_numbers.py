"""Proxy numbers of services: adding, reserving and removing declared numbers."""

from __future__ import annotations

from databases import Database
from httpd_server import Httpd
from proxy_api import (NUMBERS, PLACE, SECOND_NUMBER, SMS_NUMBER, US_NUMBER, let_time_pass,
                       start_proxy_api)
from twilio_account import ACCOUNT_SID, HANAKO, PROXY_NUMBER, TARO, account

SMS_SID = "PN" + "0" * 31 + "3"
CAPABILITIES = {"fax_inbound", "fax_outbound", "mms_inbound", "mms_outbound", "sms_inbound",
                "sms_outbound", "voice_inbound", "voice_outbound", "restriction_fax_domestic",
                "restriction_mms_domestic", "restriction_sms_domestic",
                "restriction_voice_domestic", "sip_trunking"}


def test_a_number_has_twilios_fields(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service = api.service()
    made = api.create(f"{service}/PhoneNumbers", {"PhoneNumber": SECOND_NUMBER})
    assert set(made) == {"sid", "account_sid", "service_sid", "date_created", "date_updated",
                         "phone_number", "friendly_name", "iso_country", "capabilities", "url",
                         "is_reserved", "in_use"}
    assert (made["phone_number"], made["iso_country"]) == (SECOND_NUMBER, "JP")
    assert (made["account_sid"], made["is_reserved"], made["in_use"]) == (ACCOUNT_SID, False, 0)
    assert set(made["capabilities"]) == CAPABILITIES
    assert {name for name, has in made["capabilities"].items() if has} == \
        {"voice_inbound", "voice_outbound"}
    assert made["url"] == f"{api.base}{service}/PhoneNumbers/{made['sid']}"
    assert api.get(made["url"]) == made


def test_a_number_is_added_by_sid_or_by_number_once(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service, other = api.service(), api.service(UniqueName="other")
    path = f"{service}/PhoneNumbers"
    made = api.create(path, {"Sid": SMS_SID, "IsReserved": "True"})
    assert (made["sid"], made["phone_number"], made["is_reserved"]) == (SMS_SID, SMS_NUMBER, True)
    assert api.refused("POST", path, {"Sid": SMS_SID}) == (400, 80104)
    assert api.refused("POST", path, {"PhoneNumber": SMS_NUMBER}) == (400, 80104)
    error = api.error("POST", f"{other}/PhoneNumbers", {"PhoneNumber": SMS_NUMBER})
    assert error["code"] == 80101 and service.rsplit("/", 1)[1] in error["message"]
    api.delete(f"{path}/{SMS_SID}")
    api.create(f"{other}/PhoneNumbers", {"PhoneNumber": SMS_NUMBER})


def test_only_declared_numbers_are_added(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    path = f"{api.service()}/PhoneNumbers"
    for form, code in [({"PhoneNumber": "+815000000999"}, 80606),
                       ({"Sid": "PN" + "0" * 32}, 80301), ({"Sid": "PN1"}, 80701),
                       ({"PhoneNumber": "5000"}, 80701), ({}, 80701),
                       ({"Sid": SMS_SID, "PhoneNumber": PROXY_NUMBER}, 80701),
                       ({"Sid": SMS_SID, "IsReserved": "1"}, 80701),
                       ({"Sid": SMS_SID, "Sms": "1"}, 20001)]:
        assert api.refused("POST", path, form) == (400, code), form
    error = api.error("POST", path, {"PhoneNumber": "+815000000999"})
    assert "TwVoiceNumber" in error["message"]
    missing = f"/Services/KS{'0' * 32}/PhoneNumbers"
    assert api.refused("POST", missing, {"Sid": SMS_SID}) == (404, 20404)
    assert api.refused("GET", missing) == (404, 20404)


def test_reserving_takes_a_number_from_the_choice(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service = api.service(PROXY_NUMBER)
    number = api.get(f"{service}/PhoneNumbers")["phone_numbers"][0]
    path = f"{service}/PhoneNumbers/{number['sid']}"
    assert api.update(path, {"IsReserved": "true"})["is_reserved"] is True
    session = api.session(service)
    assert api.refused("POST", f"{session}/Participants", {"Identifier": HANAKO}) == (400, 80207)
    assert api.update(path)["is_reserved"] is True
    assert api.update(path, {"IsReserved": "false"})["is_reserved"] is False
    assert api.get(path)["is_reserved"] is False
    api.create(f"{session}/Participants", {"Identifier": HANAKO})


def test_a_number_in_use_stays(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service = api.service(PROXY_NUMBER)
    one, two = api.session(service, HANAKO, TARO), api.session(service, "+819000000003")
    number = api.get(f"{service}/PhoneNumbers")["phone_numbers"][0]
    path = f"{service}/PhoneNumbers/{number['sid']}"
    assert number["in_use"] == 2
    assert api.refused("DELETE", path) == (400, 80611)
    assert api.get(path)["is_reserved"] is False
    api.update(one, {"Status": "closed"})
    assert api.refused("DELETE", path) == (400, 80611)
    api.delete(two)
    api.delete(path)
    assert api.refused("GET", path) == api.refused("DELETE", path) == (404, 20404)
    assert api.refused("POST", path, {"IsReserved": "true"}) == (404, 20404)


def test_a_session_whose_time_is_over_holds_no_number(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service = api.service(PROXY_NUMBER)
    session = api.session(service, HANAKO, TARO, Ttl="60")
    let_time_pass(database, session)
    number = api.get(f"{service}/PhoneNumbers")["phone_numbers"][0]
    api.delete(f"{service}/PhoneNumbers/{number['sid']}")


def test_a_number_that_is_declared_no_more_can_do_nothing(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service = api.service(SECOND_NUMBER)
    session = api.session(service)
    httpd.rewrite(account(httpd, public_url=None)
                  + NUMBERS.replace(f"TwVoiceNumber {SECOND_NUMBER} capabilities=voice", "")
                  + PLACE)
    httpd.graceful()
    number = api.get(f"{service}/PhoneNumbers")["phone_numbers"][0]
    assert not any(number["capabilities"].values())
    path = f"{session}/Participants"
    assert api.refused("POST", path, {"Identifier": HANAKO}) == (400, 80201)
    form = {"Identifier": HANAKO, "ProxyIdentifier": SECOND_NUMBER}
    assert api.refused("POST", path, form) == (400, 80201)


def test_a_service_has_at_most_500_unreserved_numbers(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service = api.service(PROXY_NUMBER)
    sid = service.rsplit("/", 1)[1]
    for start in range(1, 500, 100):
        rows = ", ".join(f"('PN{i:032x}', '{ACCOUNT_SID}', '{sid}', '+1202{i:07d}', 0, 0, 1, 1)"
                         for i in range(start + 10000, min(start + 100, 500) + 10000))
        database.query("INSERT INTO twv_number (sid, account_sid, service_sid, phone_number,"
                       f" is_reserved, in_use, date_created, date_updated) VALUES {rows}"
                       " RETURNING sid")
    assert api.refused("POST", f"{service}/PhoneNumbers", {"PhoneNumber": US_NUMBER}) == \
        (400, 80622)
    made = api.create(f"{service}/PhoneNumbers", {"PhoneNumber": US_NUMBER, "IsReserved": "true"})
    path = f"{service}/PhoneNumbers/{made['sid']}"
    assert api.refused("POST", path, {"IsReserved": "false"}) == (400, 80622)
