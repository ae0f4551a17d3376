"""Compares XML by what it means: prefixes, the order of attributes and of children, and blanks around text do not matter. Also
reads the short form of a multistatus that scripts are written in (README.md)."""
import re
import xml.etree.ElementTree as ET

from pattern_ical import match_any_order, match_calendar, match_text

PREFIXES = {"D": "DAV:", "C": "urn:ietf:params:xml:ns:caldav", "CS": "http://calendarserver.org/ns/", "A": "http://apple.com/ns/ical/",
            "X": "urn:example:x"}
DECLARED = " ".join('xmlns:%s="%s"' % pair for pair in PREFIXES.items())
DATA = "{%s}calendar-data" % PREFIXES["C"]


def declare(text):
    """The document with our prefixes declared in its root, where they are not."""
    found = re.search(r"<([A-Za-z][\w.:-]*)([^>]*)", text)
    if not found or "xmlns" in found[2]:
        return text
    used = set(re.findall(r"(?:</?|\s)([A-Z]+):[\w-]+(?=[\s/>=])", text)) & PREFIXES.keys()
    return text[:found.end(1)] + "".join(' xmlns:%s="%s"' % (name, PREFIXES[name]) for name in sorted(used)) + text[found.end(1):]


def parse(text):
    """The root element; our prefixes are known."""
    return ET.fromstring("<all %s>%s</all>" % (DECLARED, re.sub(r"^\s*<\?xml[^>]*\?>", "", text)))[0]


def text_of(element):
    """The text outside of its children."""
    return ((element.text or "") + "".join(child.tail or "" for child in element)).strip()


def match_attributes(want, got, bound):
    if set(want) != set(got):
        return None
    for name in want:
        bound = match_text(want[name], got[name], bound)
        if bound is None:
            return None
    return bound


def match(want, got, bound):
    """Elements. `...` as an element's only content: anything; beside children: further ones."""
    if want.tag != got.tag or not isinstance(got.tag, str):
        return None
    bound = match_attributes(want.attrib, got.attrib, bound)
    if bound is None:
        return None
    text = text_of(want)
    if text == "..." and not len(want):
        return bound
    if want.tag == DATA and not len(want):
        return match_calendar(text, got.text or "", bound)
    if not len(want):
        return match_text(text, text_of(got), bound) if not len(got) else None
    if text != "...":
        bound = match_text(text, text_of(got), bound)
    elif text_of(got):
        return None
    if bound is None:
        return None
    return match_any_order(list(want), list(got), text == "...", bound, match)


# --- the short form

def properties(text):
    """<D:a/> as it stands; `D:a D:b=value`: elements of these names."""
    if text.startswith("<"):
        return text
    out = ""
    for word in text.split():
        name, equals, value = word.partition("=")
        out += "<%s>%s</%s>" % (name, value, name) if equals else "..." if name == "..." else "<%s/>" % name
    return out


class Multistatus:
    def __init__(self):
        self.text, self.propstat, self.response = "", "", ""

    def end_propstat(self):
        if self.propstat:
            status, props, error = self.propstat
            error = "<D:error><%s/></D:error>" % error if error else ""
            self.response += "<D:propstat><D:prop>%s</D:prop><D:status>HTTP/1.1 %s ...</D:status>%s</D:propstat>" % (props, status, error)
        self.propstat = ""

    def end_response(self):
        self.end_propstat()
        if self.response:
            self.text += "<D:response>%s</D:response>" % self.response
        self.response = ""

    def line(self, line):
        found = re.fullmatch(r"(\d\d\d)(?: (.*))?", line, re.S)
        if self.propstat and self.propstat[1].rfind("<C:calendar-data>") > self.propstat[1].rfind("</C:calendar-data>"):
            self.propstat[1] += "\n" + line
        elif line == "= ...":
            self.end_response()
            self.text += "..."
        elif line.startswith("= "):
            self.end_response()
            href, _, status = line[2:].partition(" ")
            self.response = "<D:href>%s</D:href>" % href + ("<D:status>HTTP/1.1 %s ...</D:status>" % status if status else "")
        elif found:
            self.end_propstat()
            self.propstat = [found[1], properties(found[2] or ""), None]
        elif line == "...":
            self.end_propstat()
            self.response += "..."
        elif line.startswith("! ") and self.propstat:
            self.propstat[2] = line[2:]
        elif line.startswith("! "):
            self.response += "<D:error><%s/></D:error>" % line[2:]
        elif line.startswith("sync-token: "):
            self.end_response()
            self.text += "<D:sync-token>%s</D:sync-token>" % line[12:]
        elif self.propstat:
            self.propstat[1] += "\n" + (properties(line) if re.match(r"[A-Z]+:[a-z]", line) else line)
        else:
            raise ValueError("what is %r?" % line)


def from_short(lines):
    made = Multistatus()
    for line in lines:
        if line.strip():
            made.line(line.strip())
    made.end_response()
    return parse("<D:multistatus>%s</D:multistatus>" % made.text)


# --- what holds for every multistatus

def local(element):
    return element.tag.replace("{DAV:}", "D:")


ORDERS = {"D:multistatus": r"(D:response )*(D:responsedescription )?(D:sync-token )?",
          "D:response": r"D:href ((D:href )*D:status |(D:propstat )+)(D:error )?(D:responsedescription )?(D:location )?",
          "D:propstat": r"D:prop D:status (D:error )?(D:responsedescription )?"}


def complaint(root):
    """What RFC 4918, 14 does not allow in this document, or None."""
    for element in root.iter():
        order = ORDERS.get(local(element)) if isinstance(element.tag, str) else None
        children = "".join(local(child) + " " for child in element)
        if order and not re.fullmatch(order, children):
            return "%s holds %s" % (local(element), children)
        if local(element) == "D:status" and not re.fullmatch(r"HTTP/1\.1 \d\d\d .+", element.text or ""):
            return "no status: %s" % element.text
    hrefs = [text_of(response[0]) for response in root.findall("{DAV:}response")]
    if len(hrefs) != len(set(hrefs)):
        return "a response comes twice: %s" % " ".join(sorted(href for href in hrefs if hrefs.count(href) > 1))
    for response in root.iter("{DAV:}response"):
        statuses = [propstat[1].text for propstat in response.findall("{DAV:}propstat")]
        names = [name for propstat in response.findall("{DAV:}propstat") for name in {child.tag for child in propstat[0]}]
        if len(names) != len(set(names)):
            return "a property has two statuses: %s" % " ".join(names)
        if len(statuses) != len(set(statuses)) and not response.findall(".//{DAV:}error"):
            return "a status comes twice: %s" % statuses
    return None
