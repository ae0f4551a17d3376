#!/usr/bin/python3
"""The time zone data distribution service (RFC 7808).

usage: test_timezones.py [--bin DIR]"""
import datetime
import json
import os
import sys
import zoneinfo

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from caldav import Caldav
from daemon import Caldavd, Daemon, Tally

UTC = datetime.timezone.utc


def parsed(tally, answer, what):
    tally.check(answer.status == 200 and (answer.field("Content-Type") or "").startswith("application/json"), "%s: %d" % (what, answer.status))
    try:
        return json.loads(answer.content)
    except ValueError as error:
        tally.check(False, "%s: %s %r" % (what, error, answer.content[:200]))
        return {}


def problem(tally, answer, status, error, what):
    try:
        got = json.loads(answer.content)
    except ValueError:
        got = {}
    tally.check(answer.status == status == got.get("status") and got.get("type") == "urn:ietf:params:tzdist:error:" + error
                and (answer.field("Content-Type") or "").startswith("application/problem+json"), "%s: %d %r" % (what, answer.status, answer.content[:200]))


def capabilities(client, tally):
    answer = client.do("GET", "/.well-known/timezone")
    tally.check(answer.status == 301 and answer.field("Location") == "/timezones", "the well-known address: %d" % answer.status)
    known = parsed(tally, client.do("GET", "/timezones/capabilities"), "capabilities")
    tally.check(known["version"] == 1 and known["info"]["formats"] == ["text/calendar"] and "truncated" not in known["info"]
                and known["info"]["primary-source"].startswith("IANA:2"), "capabilities: %r" % known)
    actions = {one["name"]: one for one in known["actions"]}
    tally.check({"capabilities", "list", "get", "expand", "find"} <= set(actions), "the actions: %r" % list(actions))
    tally.check(actions["expand"]["uri-template"] == "/timezones/zones{/tzid}/observances{?start,end}"
                and [(p["name"], p["required"]) for p in actions["expand"]["parameters"]] == [("start", True), ("end", True)]
                and actions["get"]["parameters"] == [], "their parameters")
    return actions


def listing(client, tally):
    answer = client.do("GET", "/timezones/zones")
    found = parsed(tally, answer, "list")
    zones = {one["tzid"]: one for one in found["timezones"]}
    tally.check(len(zones) > 250 and len(zones) == len(found["timezones"]), "every zone once: %d" % len(zones))
    berlin = zones["Europe/Berlin"]
    tally.check(berlin["etag"] and berlin["publisher"] and berlin["version"].startswith("2") and berlin["last-modified"].endswith("Z"), "what is told: %r" % berlin)
    aliases = [alias for one in zones.values() for alias in one.get("aliases", ())]
    tally.check(len(aliases) > 50 and len(aliases) == len(set(aliases)) and not set(aliases) & set(zones), "aliases stand with their zones")
    tally.check("US/Eastern" in zones["America/New_York"]["aliases"], "US/Eastern")
    tag = answer.field("ETag")
    tally.check(client.do("GET", "/timezones/zones", If_None_Match=tag).status == 304, "the list has not changed")
    token = found["synctoken"]
    tally.check(parsed(tally, client.do("GET", "/timezones/zones?changedsince=" + token), "since now") == {"synctoken": token, "timezones": []}, "nothing since")
    tally.check(len(parsed(tally, client.do("GET", "/timezones/zones?changedsince=never"), "since never")["timezones"]) == len(zones), "an unknown token")
    problem(tally, client.do("GET", "/timezones/zones?changedsince=a&changedsince=b"), 400, "invalid-changedsince", "two tokens")
    plain, encoded = client.do("GET", "/timezones/zones/Europe/Berlin"), client.do("GET", "/timezones/zones/Europe%2FBerlin")
    tally.check(encoded.status == 200 and encoded.body == plain.body, "a slash in a name may be encoded, as URI templates do it")
    return zones


def finding(client, tally):
    def find(pattern):
        return [one["tzid"] for one in parsed(tally, client.do("GET", "/timezones/zones?pattern=" + pattern), pattern)["timezones"]]

    tally.check(find("Europe/Berlin") == ["Europe/Berlin"] == find("europe%2fBERLIN"), "exactly, in any case")
    tally.check("America/New_York" in find("*new%20york*") and "America/New_York" in find("*/new_York"), "an underscore is a blank")
    tally.check(find("US/Eastern") == ["America/New_York"], "by an alias")
    starts, ends = find("Europe/*"), find("*/Berlin")
    tally.check(len(starts) > 20 and all(one.startswith("Europe/") or "/" in one for one in starts) and ends == ["Europe/Berlin"], "front and end")
    tally.check(find("Berlin") == [] and find("*Europe/Ber") == [] and find("Ber*") == [] and find("%5C*") == [], "no match")
    tally.check(len(find("*")) == len(find("**")) > 250, "all")
    for bad in ("", "a*b", "***", "*a*b*", "a%5C", "a%5Cb", "%ff", "a&pattern=b"):
        problem(tally, client.do("GET", "/timezones/zones?pattern=" + bad), 400, "invalid-pattern", "pattern %s" % bad)


def getting(client, zones, tally):
    answer = client.do("GET", "/timezones/zones/Europe/Berlin")
    tally.check(answer.status == 200 and (answer.field("Content-Type") or "").startswith("text/calendar") and b"\r\nTZID:Europe/Berlin\r\n" in answer.content,
                "get: %d" % answer.status)
    tag = '"%s"' % zones["Europe/Berlin"]["etag"]
    tally.check(answer.field("ETag") == tag, "its tag is that of the list")
    again = client.do("GET", "/timezones/zones/Europe/Berlin", If_None_Match=tag)
    tally.check(again.status == 304 and again.body == b"", "not changed")
    tally.check(client.do("HEAD", "/timezones/zones/Europe/Berlin").field("ETag") == tag, "HEAD")
    tally.check(client.do("GET", "/timezones/zones/UTC").status == 200, "a name without a slash")
    alias = client.do("GET", "/timezones/zones/US/Eastern").content
    tally.check(b"\r\nTZID:US/Eastern\r\n" in alias and b"\r\nTZID-ALIAS-OF:America/New_York\r\n" in alias, "an alias: %r" % alias[:300])
    for accept in ("text/calendar", "text/*;q=0.5", "application/json, */*", "Text/Calendar;q=0.1"):
        tally.check(client.do("GET", "/timezones/zones/UTC", Accept=accept).status == 200, "Accept: " + accept)
    for accept in ("application/calendar+json", "text/html", "text/calendar;q=0", "*/*;q=0.0"):
        problem(tally, client.do("GET", "/timezones/zones/UTC", Accept=accept), 406, "invalid-format", "Accept: " + accept)
    problem(tally, client.do("GET", "/timezones/zones/America/Pittsburgh"), 404, "tzid-not-found", "an unknown zone")
    problem(tally, client.do("GET", "/timezones/zones/W.%20Europe%20Standard%20Time"), 404, "tzid-not-found", "a name of Windows")
    problem(tally, client.do("GET", "/timezones/zones/a/b/c/d/e"), 404, "tzid-not-found", "many segments")
    problem(tally, client.do("GET", "/timezones/zones/observances"), 404, "tzid-not-found", "no name")
    problem(tally, client.do("GET", "/timezones/zones/UTC?start=2010-01-01T00:00:00Z"), 400, "invalid-start", "truncation")
    problem(tally, client.do("GET", "/timezones/zones/UTC?end=2010-01-01T00:00:00Z"), 400, "invalid-end", "truncation")


def offsets(zone, at):
    return int(at.astimezone(zone).utcoffset().total_seconds())


def expanding(client, tally):
    for name in ("Europe/Berlin", "America/New_York", "US/Eastern", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"):
        got = parsed(tally, client.do("GET", "/timezones/zones/%s/observances?start=2008-01-01T00:00:00Z&end=2010-01-01T00:00:00Z" % name), name)
        zone, last = zoneinfo.ZoneInfo(name), None
        tally.check(got["tzid"] == name and "end" not in got and got["observances"][0]["onset"] == "2008-01-01T00:00:00Z"
                    and got["observances"][0]["utc-offset-from"] == got["observances"][0]["utc-offset-to"], "%s: %r" % (name, got))
        for one in got["observances"]:
            at = datetime.datetime.fromisoformat(one["onset"].replace("Z", "+00:00"))
            tally.check(one["utc-offset-to"] == offsets(zone, at) and (last is None or one["utc-offset-from"] == last == offsets(zone, at - datetime.timedelta(seconds=1))),
                        "%s: %r" % (name, one))
            last = one["utc-offset-to"]
        tally.check(last == offsets(zone, datetime.datetime(2009, 12, 31, tzinfo=UTC)), "%s at the end" % name)
    far = parsed(tally, client.do("GET", "/timezones/zones/Europe/Berlin/observances?start=2490-01-01T00:00:00Z&end=9999-12-31T23:59:59Z"), "far away")
    tally.check(far["end"] == "2500-01-01T00:00:00Z" and far["observances"][-1]["onset"] < far["end"] and len(far["observances"]) == 21, "to the end: %r" % far)
    answer = client.do("GET", "/timezones/zones/Europe/Berlin/observances?start=0001-01-01T00:00:00Z&end=2500-01-01T00:00:00Z")
    tally.check(len(parsed(tally, answer, "all times")["observances"]) > 900, "all times")
    tally.check(client.do("GET", "/timezones/zones/UTC/observances?start=2008-01-01T00:00:00Z&end=2009-01-01T00:00:00Z",
                          If_None_Match=client.do("GET", "/timezones/zones/UTC").field("ETag")).status == 304, "the tag of the zone")
    good = {"start": "2008-01-01T00:00:00Z", "end": "2009-01-01T00:00:00Z"}
    for name, values in {"start": (None, "", "x", "20080101T000000Z", "2008-01-01", "2008-13-01T00:00:00Z", "2008-01-01T00:00:00+", "2500-01-01T00:00:00Z",
                                   "2008-01-01T00:00:00Z&start=2008-01-01T00:00:00Z"),
                         "end": (None, "", "2008-01-01T00:00:00Z", "2007-01-01T00:00:00Z", "2009-01-01T24:00:00Z", "%00")}.items():
        for value in values:
            query = "&".join("%s=%s" % pair for pair in {**good, name: value}.items() if pair[1] is not None)
            problem(tally, client.do("GET", "/timezones/zones/UTC/observances?" + query), 400, "invalid-" + name, query)
    problem(tally, client.do("GET", "/timezones/zones/No/Where/observances?start=2008-01-01T00:00:00Z&end=2009-01-01T00:00:00Z"), 404, "tzid-not-found", "unknown")


def leaping(client, actions, tally):
    answer = client.do("GET", "/timezones/leapseconds")
    if "leapseconds" not in actions:
        problem(tally, answer, 404, "invalid-action", "no leap seconds")
        return
    got = parsed(tally, answer, "leapseconds")
    tally.check(got["leapseconds"][0] == {"utc-offset": 10, "onset": "1972-01-01"} and {"utc-offset": 37, "onset": "2017-01-01"} in got["leapseconds"]
                and got["expires"] > "2020", "leap seconds: %r" % got)


def refusing(client, tally):
    for path in ("/timezones", "/timezones/", "/timezones/nothing", "/timezones/capabilities/more"):
        problem(tally, client.do("GET", path), 404, "invalid-action", path)
    for method in ("PUT", "POST", "DELETE", "PROPFIND"):
        answer = client.do(method, "/timezones/zones")
        problem(tally, answer, 405, "invalid-action", method)
        tally.check("GET" in (answer.field("Allow") or ""), method + " says what is allowed")
    tally.check(client.do("OPTIONS", "/timezones/zones").status == 200, "OPTIONS")


def main():
    tally = Tally()
    home = Daemon()
    try:
        home.add_users(["u1"])
        caldavd = Caldavd(home).start()
        client = Caldav(caldavd.port)
        actions = capabilities(client, tally)
        zones = listing(client, tally)
        finding(client, tally)
        getting(client, zones, tally)
        expanding(client, tally)
        leaping(client, actions, tally)
        refusing(client, tally)
        tally.check(caldavd.stop() == 0 and not caldavd.sanitizer_report(), "the daemon ends well: %r" % caldavd.sanitizer_report())
        based = Caldavd(home, ["http.base_path=/dav"]).start()
        answer = Caldav(based.port).do("GET", "/.well-known/timezone")
        tally.check(answer.field("Location") == "/dav/timezones" and Caldav(based.port).do("GET", "/dav/timezones/capabilities").content.count(b'"/dav/timezones/') >= 5,
                    "behind a proxy")
    finally:
        home.remove()
    tally.end()


main()
