"""Participants of the Proxy API: who may be added, with which number, and what conflicts."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

from databases import Database
from httpd_server import Httpd
from proxy_api import (RESERVED_NUMBER, SECOND_NUMBER, SMS_NUMBER, US_NUMBER, let_time_pass,
                       start_proxy_api)
from twilio_account import HANAKO, PROXY_NUMBER, TARO

JIRO = "+819000000003"
REJECT = "TwVoiceParticipantConflict reject"
FIELDS = {"sid", "session_sid", "service_sid", "account_sid", "friendly_name", "identifier",
          "proxy_identifier", "proxy_identifier_sid", "date_deleted", "date_created",
          "date_updated", "url", "links"}


def test_a_participant_has_twilios_fields(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service = api.service(SMS_NUMBER)
    session = api.session(service, Mode="voice-and-message")
    made = api.create(f"{session}/Participants", {"Identifier": HANAKO, "FriendlyName": "花子"})
    assert set(made) == FIELDS
    assert (made["identifier"], made["friendly_name"]) == (HANAKO, "花子")
    assert (made["proxy_identifier"], made["date_deleted"]) == (SMS_NUMBER, None)
    assert made["proxy_identifier_sid"] == "PN" + "0" * 31 + "3"
    assert made["url"] == f"{api.base}{session}/Participants/{made['sid']}"
    assert made["links"] == {"message_interactions": made["url"] + "/MessageInteractions"}
    assert api.get(made["url"]) == made
    assert api.refused("POST", made["url"], {"FriendlyName": "x"}) == (405, 20004)


def test_two_participants_share_one_number_and_a_third_is_refused(httpd: Httpd, database: Database
                                                                   ) -> None:
    api = start_proxy_api(httpd)
    session = api.session(api.service(PROXY_NUMBER), HANAKO, TARO)
    people = api.get(f"{session}/Participants")["participants"]
    assert [person["identifier"] for person in people] == [TARO, HANAKO]
    assert {person["proxy_identifier"] for person in people} == {PROXY_NUMBER}
    assert api.refused("POST", f"{session}/Participants", {"Identifier": JIRO}) == (400, 80609)
    assert api.refused("POST", f"{session}/Participants", {"Identifier": TARO}) == (400, 80103)


def test_an_identifier_is_a_number_that_may_be_called(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    session = api.session(api.service(PROXY_NUMBER))
    for identifier in ("0312345678", "+0312345678", "client:hanako", "+81", "+8190000000010000",
                       "+81990000000", PROXY_NUMBER, "+819000000001x", "+99912345678"):
        assert api.refused("POST", f"{session}/Participants", {"Identifier": identifier}) == \
            (400, 80404), identifier
    for identifier in ("", None):
        form = {} if identifier is None else {"Identifier": identifier}
        assert api.refused("POST", f"{session}/Participants", form) == (400, 80701)
    form = {"Identifier": HANAKO, "FriendlyName": "x" * 256}
    assert api.refused("POST", f"{session}/Participants", form) == (400, 80701)


def test_the_number_may_be_named(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service = api.service(PROXY_NUMBER, SECOND_NUMBER, US_NUMBER)
    api.create(f"{service}/PhoneNumbers", {"PhoneNumber": RESERVED_NUMBER, "IsReserved": "true"})
    sids = {number["phone_number"]: number["sid"]
            for number in api.get(f"{service}/PhoneNumbers")["phone_numbers"]}
    for number in (SECOND_NUMBER, US_NUMBER, RESERVED_NUMBER):
        for form in ({"ProxyIdentifier": number}, {"ProxyIdentifierSid": sids[number]},
                     {"ProxyIdentifier": number, "ProxyIdentifierSid": sids[number]}):
            session = api.session(service)
            made = api.create(f"{session}/Participants", {"Identifier": HANAKO, **form})
            assert made["proxy_identifier"] == number
            assert made["proxy_identifier_sid"] == sids[number]


def test_a_named_number_must_be_of_the_service_and_fit(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service = api.service(PROXY_NUMBER, SECOND_NUMBER)
    sids = {number["phone_number"]: number["sid"]
            for number in api.get(f"{service}/PhoneNumbers")["phone_numbers"]}
    session = api.session(service, Mode="voice-and-message")
    for form, code in [({"ProxyIdentifier": US_NUMBER}, 80605),
                       ({"ProxyIdentifierSid": "PN" + "0" * 32}, 80605),
                       ({"ProxyIdentifier": "messenger:12"}, 80304),
                       ({"ProxyIdentifierSid": "12"}, 80701),
                       ({"ProxyIdentifier": PROXY_NUMBER,
                         "ProxyIdentifierSid": sids[SECOND_NUMBER]}, 80701),
                       ({"ProxyIdentifier": SECOND_NUMBER}, 80202)]:
        answer = api.refused("POST", f"{session}/Participants", {"Identifier": HANAKO, **form})
        assert answer == (400, code), form


def test_the_choice_fails_with_the_reason(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service = api.service()
    path = f"{api.session(service, Mode='voice-and-message')}/Participants"
    assert api.refused("POST", path, {"Identifier": HANAKO}) == (400, 80205)
    api.create(f"{service}/PhoneNumbers", {"PhoneNumber": RESERVED_NUMBER, "IsReserved": "true"})
    assert api.refused("POST", path, {"Identifier": HANAKO}) == (400, 80207)
    api.create(f"{service}/PhoneNumbers", {"PhoneNumber": SECOND_NUMBER})
    error = api.error("POST", path, {"Identifier": HANAKO})
    assert error["code"] == 80202 and "Mode=voice-only" in error["message"]
    api.create(f"{service}/PhoneNumbers", {"PhoneNumber": US_NUMBER})
    error = api.error("POST", path, {"Identifier": HANAKO})
    assert error["code"] == 80203
    assert "+81 (JP)" in error["message"] and "ProxyIdentifier" in error["message"]
    voice = api.session(service)
    assert api.create(f"{voice}/Participants", {"Identifier": HANAKO})["proxy_identifier"] == \
        SECOND_NUMBER


def test_deleting_is_soft_and_final(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service = api.service(PROXY_NUMBER)
    session = api.session(service, HANAKO)
    path = f"{session}/Participants/" + \
        api.get(f"{session}/Participants")["participants"][0]["sid"]
    api.delete(path)
    assert api.get(path)["date_deleted"]
    assert api.get(f"{session}/Participants")["participants"] == []
    assert api.refused("DELETE", path) == (404, 20404)
    assert api.refused("POST", f"{session}/Participants", {"Identifier": HANAKO}) == (400, 80612)
    assert api.get(f"{service}/PhoneNumbers")["phone_numbers"][0]["in_use"] == 0
    api.create(f"{session}/Participants", {"Identifier": TARO})


def test_with_the_menu_a_pair_may_be_in_many_sessions(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service = api.service(PROXY_NUMBER, SECOND_NUMBER)
    numbers = []
    for _ in range(4):
        session = api.session(service)
        numbers.append(api.create(f"{session}/Participants", {"Identifier": HANAKO})
                       ["proxy_identifier"])
    assert set(numbers[:2]) == {PROXY_NUMBER, SECOND_NUMBER}
    assert set(numbers[2:]) <= {PROXY_NUMBER, SECOND_NUMBER}
    form = {"Identifier": HANAKO, "FailOnParticipantConflict": "True"}
    assert api.refused("POST", f"{api.session(service)}/Participants", form) == (400, 80208)
    form["ProxyIdentifier"] = PROXY_NUMBER
    assert api.refused("POST", f"{api.session(service)}/Participants", form) == (409, 80623)


def test_where_conflicts_are_refused_a_pair_is_in_one_active_session(httpd: Httpd,
                                                                     database: Database) -> None:
    api = start_proxy_api(httpd, REJECT)
    service = api.service(PROXY_NUMBER)
    first = api.session(service, HANAKO, TARO)
    second = api.session(service)
    path = f"{second}/Participants"
    assert api.refused("POST", path, {"Identifier": HANAKO}) == (400, 80208)
    form = {"Identifier": HANAKO, "ProxyIdentifier": PROXY_NUMBER}
    assert api.refused("POST", path, form) == (409, 80623)
    api.update(first, {"Status": "closed"})
    api.create(path, form)
    assert api.refused("POST", first, {"Status": "in-progress"}) == (400, 80604)
    api.update(second, {"Status": "closed"})
    api.update(first, {"Status": "in-progress"})


def test_a_session_whose_time_is_over_is_no_conflict(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd, REJECT)
    service = api.service(PROXY_NUMBER)
    old = api.session(service, HANAKO, TARO, Ttl="60")
    let_time_pass(database, old)
    api.session(service, HANAKO, TARO)
    assert api.get(f"{service}/PhoneNumbers")["phone_numbers"][0]["in_use"] == 1


def test_of_many_at_the_same_time_one_gets_the_pair(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd, REJECT)
    service = api.service(PROXY_NUMBER)
    paths = [f"{api.session(service)}/Participants" for _ in range(8)]
    form = {"Identifier": HANAKO, "ProxyIdentifier": PROXY_NUMBER}
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda path: api.ask("POST", path, form).status, paths))
    assert sorted(answers) == [201] + [409] * 7
    assert api.get(f"{service}/PhoneNumbers")["phone_numbers"][0]["in_use"] == 1


def test_a_session_is_made_with_its_participants_or_not_at_all(httpd: Httpd, database: Database
                                                               ) -> None:
    api = start_proxy_api(httpd)
    service = api.service(PROXY_NUMBER)
    path = f"{service}/Sessions"

    def create(*people: object) -> list[tuple[str, str]]:
        return [("Mode", "voice-only"), *(("Participants", json.dumps(person))
                                          for person in people)]

    made = api.create(path, create({"Identifier": HANAKO, "FriendlyName": "花子"},
                                   {"Identifier": TARO, "ProxyIdentifier": PROXY_NUMBER}))
    people = api.get(f"{path}/{made['sid']}/Participants")["participants"]
    assert [(p["identifier"], p["friendly_name"]) for p in people] == \
        [(TARO, None), (HANAKO, "花子")]
    for people, code in [
            (({"Identifier": HANAKO}, {"Identifier": HANAKO}), 80103),
            (({"Identifier": HANAKO}, {"Identifier": TARO}, {"Identifier": JIRO}), 80609),
            (({"Identifier": HANAKO}, {"Identifier": "x"}), 80404),
            (({"Identifier": HANAKO}, {"Identifier": TARO, "ProxyIdentifier": US_NUMBER}), 80605),
            (({"Identifier": HANAKO}, {"Identifier": TARO, "identifier": "x"}), 20001),
            (({"Identifier": 81},), 80701), (("text",), 80701), (([HANAKO],), 80701),
            (({},), 80701), (({"Identifier": {"a": 1}},), 80701)]:
        assert api.refused("POST", path, create(*people)) == (400, code), people
    for text in ("", "{", '{"Identifier":"%s","Identifier":"%s"}' % (HANAKO, TARO), "[" * 5000,
                 '{"Identifier":"%s"}x' % HANAKO, '{"Identifier":"a\\u0000"}'):
        assert api.refused("POST", path, [("Participants", text)]) == (400, 80701), text
    assert len(api.get(path)["sessions"]) == 1


def test_a_participant_belongs_to_its_session(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service = api.service(PROXY_NUMBER)
    one, two = api.session(service, HANAKO), api.session(service)
    sid = api.get(f"{one}/Participants")["participants"][0]["sid"]
    for method in ("GET", "DELETE"):
        assert api.refused(method, f"{two}/Participants/{sid}") == (404, 20404)
    assert api.refused("GET", f"{service}/Sessions/KC{'0' * 32}/Participants") == (404, 20404)
    assert api.refused("POST", f"{service}/Sessions/KC{'0' * 32}/Participants",
                       {"Identifier": HANAKO}) == (404, 20404)
