"""Lists of the Proxy API: paging by key, Twilio's meta object, order, calls as JSON and CSV."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from databases import Database
from httpd_server import Httpd
from proxy_api import ProxyApi, start_proxy_api
from twilio_account import ACCOUNT_SID, HANAKO, PROXY_NUMBER, TARO

FINAL = 6  # twv_call.status_rank of what is over; only its order matters here
NOON = 1790000000000


def add_call(database: Database, number: int, **fields: Any) -> str:
    """A leg as the webhooks leave it."""
    row = {"sid": f"CA{number:032x}", "account_sid": ACCOUNT_SID, "from_number": HANAKO,
           "to_number": PROXY_NUMBER, "direction": "inbound", "status": "completed",
           "initiated_at": NOON + number * 1000, "answered_at": NOON + number * 1000 + 5000,
           "ended_at": NOON + number * 1000 + 65000, "duration": 60, "pin_failures": 0,
           "date_created": NOON + number * 1000, "status_rank": FINAL, **fields}
    marks = ", ".join("?" * len(row))
    database.query(f"INSERT INTO twv_call ({', '.join(row)}) VALUES ({marks}) RETURNING sid",
                   *row.values())
    return row["sid"]


def add_interaction(database: Database, session: str, number: int, **fields: Any) -> str:
    """An interaction as the webhooks leave it."""
    _, _, service_sid, _, session_sid = session.split("/")
    row = {"sid": f"KI{number:032x}", "account_sid": ACCOUNT_SID, "service_sid": service_sid,
           "session_sid": session_sid, "type": "voice", "data": '{"duration":"5"}',
           "date_created": NOON, "date_updated": NOON, **fields}
    marks = ", ".join("?" * len(row))
    database.query(f"INSERT INTO twv_interaction ({', '.join(row)}) VALUES ({marks}) RETURNING sid",
                   *row.values())
    return row["sid"]


def walk(api: ProxyApi, path: str) -> list[list[dict[str, Any]]]:
    """The rows of each page, following next_page_url."""
    pages = []
    url = path
    while url:
        page = api.get(url)
        pages.append(page[page["meta"]["key"]])
        assert page["meta"]["page"] == len(pages) - 1
        url = page["meta"]["next_page_url"]
    return pages


def test_meta_is_twilios(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service = api.service()
    for path, key in ((f"{service}/Sessions", "sessions"), ("/Services", "services"),
                      (f"{service}/PhoneNumbers", "phone_numbers"), ("/Calls", "calls")):
        page = api.get(path)
        url = f"{api.base}{path}?PageSize=50&Page=0"
        assert page["meta"] == {"page": 0, "page_size": 50, "first_page_url": url,
                                "previous_page_url": None, "url": url, "next_page_url": None,
                                "key": key}
        assert list(page) == [key, "meta"]


def test_pages_follow_each_other_newest_first(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service = api.service()
    made = [api.session(service).rsplit("/", 1)[1] for _ in range(7)]
    pages = walk(api, f"{service}/Sessions?PageSize=3")
    assert [len(page) for page in pages] == [3, 3, 1]
    assert {row["sid"] for page in pages for row in page} == set(made)
    dates = [row["date_created"] for page in pages for row in page]
    assert dates == sorted(dates, reverse=True)
    assert [len(page) for page in walk(api, f"{service}/Sessions?PageSize=7")] == [7]


def test_pages_lead_back(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service = api.service()
    for _ in range(5):
        api.session(service)
    pages = [api.get(f"{service}/Sessions?PageSize=1")]
    while pages[-1]["meta"]["next_page_url"]:
        pages.append(api.get(pages[-1]["meta"]["next_page_url"]))
    page = pages[-1]
    for before in reversed(pages[1:-1]):
        page = api.get(page["meta"]["previous_page_url"])
        assert page["sessions"] == before["sessions"]
    assert api.get(page["meta"]["previous_page_url"])["sessions"] == pages[0]["sessions"]
    assert page["meta"]["first_page_url"] == pages[0]["meta"]["url"]


def test_a_row_that_comes_or_goes_moves_no_page(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service = api.service()
    for _ in range(4):
        api.session(service)
    first = api.get(f"{service}/Sessions?PageSize=2")
    expected = api.get(first["meta"]["next_page_url"])["sessions"]
    api.session(service)
    api.delete(f"{service}/Sessions/{first['sessions'][1]['sid']}")
    assert api.get(first["meta"]["next_page_url"])["sessions"] == expected


def test_a_token_is_good_for_its_own_list_only(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service, other = api.service(), api.service(UniqueName="other")
    for _ in range(2):
        api.session(service)
    url = api.get(f"{service}/Sessions?PageSize=1")["meta"]["next_page_url"]
    token = parse_qs(urlsplit(url).query)["PageToken"][0]
    for path in (f"{other}/Sessions", "/Services", "/Calls"):
        assert api.refused("GET", f"{path}?PageToken={token}") == (400, 80701)
    for bad in (token[:-1], "x" + token[1:], token + "A", "x", "a" * 3000, "%00", "%0A"):
        assert api.refused("GET", f"{service}/Sessions?PageToken={bad}") == (400, 80701)
    api.get(f"{service}/Sessions?PageToken={token}")


def test_a_made_up_token_does_no_harm(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    api.service()
    for path, keys in (("/Services", b"KS\xff"), ("/Services", b"'; --\nx"), ("/Services", b"\0"),
                       ("/Calls", b"x y"), ("/Calls", b"99999999999999999999 CA"),
                       ("/Calls", b" ")):
        checksum = hashlib.sha1(path.encode() + b"\0" + keys).hexdigest()[:12]
        token = checksum + base64.urlsafe_b64encode(keys).decode().rstrip("=")
        assert api.ask("GET", f"{path}?PageToken={token}").status in (200, 400), keys


def test_page_sizes_are_from_1_to_1000(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    for size in ("0", "1001", "-1", "x", "", "99999999999999999999"):
        error = api.error("GET", f"/Services?PageSize={size}")
        assert (error["status"], error["code"]) == (400, 80701)
        assert "from 1 to 1000" in error["message"]
    assert api.get("/Services?PageSize=1000")["meta"]["page_size"] == 1000
    assert api.refused("GET", "/Services?Page=1") == (400, 80701)
    assert api.refused("GET", "/Services?Page=x") == (400, 80701)


def test_unknown_filters_are_ignored(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    session = api.session(api.service())
    path = f"{session}/Interactions?InboundParticipantStatus=completed&PageSize=20"
    assert api.get(path)["interactions"] == []


def test_numbers_come_in_the_order_of_their_sids(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    service = api.service("+815000000000", "+815000000002", "+815000000003", "+12025550100")
    pages = walk(api, f"{service}/PhoneNumbers?PageSize=3")
    sids = [row["sid"] for page in pages for row in page]
    assert len(sids) == 4 and sids == sorted(sids)


def test_interactions_are_shown_as_twilio_does(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    session = api.session(api.service(PROXY_NUMBER), HANAKO, TARO)
    taro, hanako = [p["sid"] for p in api.get(f"{session}/Participants")["participants"]]
    sid = add_interaction(
        database, session, 1, inbound_participant_sid=hanako, inbound_resource_sid="CA" + "1" * 32,
        inbound_resource_status="completed", outbound_participant_sid=taro,
        outbound_resource_sid="CA" + "2" * 32, outbound_resource_status="busy")
    sent = add_interaction(database, session, 2, type="message", data='{"body":"a"}',
                           outbound_participant_sid=taro, outbound_resource_sid="SM" + "3" * 32,
                           outbound_resource_status="sent")
    shown = api.get(f"{session}/Interactions/{sid}")
    resources = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT_SID}"
    assert shown["data"] == '{"duration":"5"}' and shown["type"] == "voice"
    assert (shown["inbound_participant_sid"], shown["outbound_participant_sid"]) == (hanako, taro)
    assert shown["inbound_resource_type"] == shown["outbound_resource_type"] == "Call"
    assert shown["inbound_resource_url"] == f"{resources}/Calls/CA{'1' * 32}.json"
    assert (shown["inbound_resource_status"], shown["outbound_resource_status"]) == \
        ("completed", "busy")
    assert shown["url"] == f"{api.base}{session}/Interactions/{sid}" and "links" not in shown
    assert [row["sid"] for row in api.get(f"{session}/Interactions")["interactions"]] == [sent, sid]

    messages = f"{session}/Participants/{taro}/MessageInteractions"
    message = api.get(f"{messages}/{sent}")
    assert message["participant_sid"] == taro and message["inbound_resource_url"] is None
    assert message["outbound_resource_type"] == "Message"
    assert message["outbound_resource_url"] == f"{resources}/Messages/SM{'3' * 32}.json"
    assert message["url"] == f"{api.base}{messages}/{sent}"
    assert api.get(messages)["interactions"] == [message]
    assert api.get(messages)["meta"]["key"] == "interactions"
    assert api.refused("GET", f"{messages}/{sid}") == (404, 20404)
    assert api.get(f"{session}/Participants/{hanako}/MessageInteractions")["interactions"] == []

    api.delete(f"{session}/Interactions/{sid}")
    for method in ("GET", "DELETE"):
        assert api.refused(method, f"{session}/Interactions/{sid}") == (404, 20404)


def test_messages_cannot_be_sent_here(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    session = api.session(api.service(PROXY_NUMBER), HANAKO)
    sid = api.get(f"{session}/Participants")["participants"][0]["sid"]
    path = f"{session}/Participants/{sid}/MessageInteractions"
    error = api.error("POST", path, {"Body": "hello"})
    assert (error["status"], error["code"]) == (400, 80613)
    assert error["message"] == "Sending messages is not configured on this server."
    assert api.refused("POST", path) == (400, 80701)
    assert api.refused("POST", path, {"MediaUrl": "x"}) == (400, 80701)
    missing = f"{session}/Participants/KP{'0' * 32}/MessageInteractions"
    assert api.refused("POST", missing, {"Body": "x"}) == (404, 20404)
    assert api.refused("GET", missing) == (404, 20404)


def test_a_leg_has_its_fields(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    api.service()
    sid = add_call(database, 1)
    open_leg = add_call(database, 2, status="ringing", answered_at=None, ended_at=None,
                        duration=None, parent_call_sid=sid, direction="outbound-dial")
    call = api.get(f"/Calls/{sid}")
    assert (call["from"], call["to"], call["duration"]) == (HANAKO, PROXY_NUMBER, "60")
    assert call["start_time"] == "2026-09-21T14:13:21Z"
    assert call["answer_time"] == "2026-09-21T14:13:26Z"
    assert call["end_time"] == "2026-09-21T14:14:26Z"
    assert call["price"] is call["price_unit"] is call["estimated_price"] is None
    call = api.get(f"/Calls/{open_leg}")
    assert (call["parent_call_sid"], call["duration"], call["end_time"]) == (sid, None, None)
    assert api.refused("GET", f"/Calls/CA{'f' * 32}") == (404, 20404)


def test_legs_are_filtered_and_paged(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    session = api.session(api.service())
    session_sid = session.rsplit("/", 1)[1]
    sids = [add_call(database, i, status="busy" if i % 2 else "completed",
                     from_number=HANAKO if i < 6 else TARO,
                     session_sid=session_sid if i == 3 else None) for i in range(10)]

    def found(query: str) -> list[str]:
        return [row["sid"] for page in walk(api, f"/Calls?PageSize=2{query}") for row in page]

    assert found("") == sids[::-1]
    assert found("&Status=busy") == sids[9::-2]
    assert found("&From=%2B819000000002") == sids[:5:-1]
    assert found(f"&To=%2B{PROXY_NUMBER[1:]}&Status=busy&From=%2B{HANAKO[1:]}") == sids[5::-2]
    assert found("&To=%2B810000000000") == []
    assert found("&StartTime%3E=2026-09-21T14:13:25Z") == sids[:4:-1]
    assert found("&StartTime<=2026-09-21T14:13:21Z") == sids[1::-1]
    assert found("&StartTime=2026-09-21") == sids[::-1]
    assert found("&StartTime=2026-09-22") == []
    assert [row["sid"] for row in api.get(f"{session}/Calls")["calls"]] == [sids[3]]
    missing = session.replace(session_sid, "KC" + "0" * 32)
    assert api.refused("GET", f"{missing}/Calls") == (404, 20404)
    error = api.error("GET", "/Calls?Status=done")
    assert error["code"] == 80701 and "no-answer" in error["message"]
    assert api.refused("GET", "/Calls?StartTime%3E=yesterday") == (400, 80701)


def test_legs_come_as_csv(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    session = api.session(api.service())
    sid = add_call(database, 1, from_number='=cmd|"a",b', session_sid=session.rsplit("/", 1)[1])
    add_call(database, 2)
    answer = api.ask("GET", "/Calls.csv?PageSize=1")
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert "rel=\"next\"" in answer.headers["Link"]
    assert answer.text.count("\r\n") == 2
    answer = api.ask("GET", answer.headers["Link"].split(">")[0][1:])
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert answer.headers["Link"] is None and len(rows) == 1
    assert (rows[0]["sid"], rows[0]["from"], rows[0]["to"]) == (sid, "'=cmd|\"a\",b", PROXY_NUMBER)
    assert (rows[0]["duration"], rows[0]["price"]) == ("60", "")
    assert rows[0]["end_time"] == "2026-09-21T14:14:26Z"
    assert api.ask("GET", f"{session}/Calls.csv").text == answer.text
    assert len(api.ask("GET", "/Calls.csv").text.splitlines()) == 3


def test_the_timeline_of_a_leg(httpd: Httpd, database: Database) -> None:
    api = start_proxy_api(httpd)
    api.service()
    sid = add_call(database, 1)
    for i in range(5):
        database.query("INSERT INTO twv_event (call_sid, event_key, account_sid, kind, at, detail)"
                       " VALUES (?, ?, ?, 'status', ?, ?) RETURNING call_sid", sid, f"status:{i}",
                       ACCOUNT_SID, NOON + i // 2, json.dumps({"CallStatus": str(i)}))
    pages = walk(api, f"/Calls/{sid}/Events?PageSize=2")
    assert [event["detail"]["CallStatus"] for page in pages for event in page] == list("01234")
    assert pages[0][0]["timestamp"] == "2026-09-21T14:13:20Z" and pages[0][0]["kind"] == "status"
    assert api.refused("GET", f"/Calls/CA{'f' * 32}/Events") == (404, 20404)
