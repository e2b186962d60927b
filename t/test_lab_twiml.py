"""The lab: reading and checking TwiML."""

import pytest

from lab.twiml import SCHEMA, TwimlError, parse


def refused(document: str, section: str = "voice") -> TwimlError:
    with pytest.raises(TwimlError) as caught:
        parse(document.encode("utf-8"), section)
    return caught.value


def test_the_text_of_an_element_is_read_through_comments_cdata_and_entities():
    root = parse("<!-- a --><Response><!-- b --><Say>A &amp; B<!-- c --> <![CDATA[<C>]]> &#12354;"
                 "</Say></Response>".encode("utf-8"), "voice")
    assert [(verb.name, verb.text) for verb in root.children] == [("Say", "A & B <C> あ")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_the_encoding_of_the_xml_declaration_counts(encoding):
    document = f"<?xml version='1.0' encoding='{encoding}'?><Response><Say>é</Say></Response>"
    assert parse(document.encode(encoding), "voice").children[0].text == "é"


@pytest.mark.parametrize("document, words", [
    ("<Response><Say/><say/></Response>", "<say> is not allowed in <Response>"),
    ("<Response><Dial callerid='+1'/></Response>", "no attribute 'callerid'; allowed: action"),
    ("<Response a='1'/>", "no attribute 'a'; allowed: none"),
    ("<Response><Gather><Number>1</Number></Gather></Response>", "<Number> is not allowed"),
    ("<Response><Say><Say/></Say></Response>", "<Say> is not allowed in <Say>"),
    ("<Response><Pause>1</Pause></Response>", "<Pause> takes no text"),
    ("<Twiml/>", "not <Response>"),
    ("<x:Response xmlns:x='urn:x'/>", "not <Response>"),
    ("<Response><Dial timeout='4'/></Response>", "5 to 600"),
    ("<Response><Dial timeout='1e1'/></Response>", "whole number"),
    ("<Response><Dial timeLimit='14401'/></Response>", "1 to 14400"),
    ("<Response><Dial answerOnBridge='yes'/></Response>", "true or false"),
    ("<Response><Dial method='PUT'/></Response>", "GET or POST"),
    ("<Response><Dial ringTone='xx'/></Response>", "one of at, au"),
    ("<Response><Reject reason='tired'/></Response>", "one of rejected, busy"),
    ("<Response><Say language='xx-XX'/></Response>", "one of"),
    ("<Response><Gather numDigits='0'/></Response>", "1 to"),
    ("<Response><Gather finishOnKey='x'/></Response>", "keys"),
    ("<Response><Dial><Number sendDigits='1,2'>1</Number></Dial></Response>", "keys"),
    ("<Response><Dial><Number statusCallbackEvent='initiated,ringing'>1</Number></Dial>"
     "</Response>", "a list of initiated"),
])
def test_what_the_table_does_not_have_is_a_schema_error_that_names_it(document, words):
    error = refused(document)
    assert error.code == 12200 and words in error.message


@pytest.mark.parametrize("document", [
    "", " ", "<Response>", "text", "<Response/><Response/>", "<Response>&nbsp;</Response>",
    "<?xml version='1.0' encoding='klingon'?><Response/>", "<Response><Say>\x01</Say></Response>"])
def test_what_is_no_xml_is_a_parse_error(document):
    assert refused(document).code == 12100


def test_each_section_has_its_own_elements():
    assert refused("<Response><Say>x</Say></Response>", "messaging").code == 12200
    assert refused("<Response><Message>x</Message></Response>", "voice").code == 12200
    assert parse(b"<Response><Message>x</Message></Response>", "messaging").children


def test_every_element_of_the_table_is_accepted_with_its_children_and_attributes():
    for section, table in SCHEMA.items():
        for name, rule in table.items():
            for key in rule["children"]:
                assert key in table, f"{section}: <{name}> contains <{key}>, which has no row"


def test_the_sip_of_refer_is_not_the_sip_of_dial():
    assert refused("<Response><Refer><Sip username='a'>sip:a@b</Sip></Refer></Response>").code
    assert parse(b"<Response><Dial><Sip username='a'>sip:a@b</Sip></Dial></Response>", "voice")
