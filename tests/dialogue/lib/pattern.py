"""Compares an expected line of a script with a response. `...` matches anything, `$name` matches one word and must match the same
again later. What the RFCs leave unordered (flags, FETCH items, attributes, search results) may come in any order."""
import re

from tokens import ATOM, BRACKET, LIST, STRING, cut_expected, cut_response

SPECIAL = re.compile(rb"\.\.\.|\$[a-z][a-z0-9_]*")
SET = re.compile(rb"\d+([:,]\d+)+$")
UNORDERED = {b"CAPABILITY", b"ENABLED", b"SEARCH"}
FLAG_LISTS = {b"FLAGS", b"PERMANENTFLAGS"}
ATTRIBUTES = {b"LIST", b"LSUB", b"XLIST", b"FLAGS"}  # an unordered list comes first
PAIRS = {b"FETCH", b"STATUS"}


def intervals(text):
    """A set of numbers in normal form."""
    pairs = sorted(sorted(int(n) for n in (part.split(b":") * 2)[:2]) for part in text.split(b","))
    merged = []
    for low, high in pairs:
        if merged and low <= merged[-1][1] + 1:
            merged[-1][1] = max(merged[-1][1], high)
        else:
            merged.append([low, high])
    return merged


def regex_of(text, bound, is_string, fold):
    """(compiled, names) for a word with `...` or `$name` in it."""
    names, out, at = [], b"", 0
    for found in SPECIAL.finditer(text):
        out += re.escape(text[at:found.start()])
        at = found.end()
        name = found[0][1:].decode()
        if found[0] == b"...":
            out += rb".*"
        elif name in bound:
            out += re.escape(bound[name])
        elif name in names:
            out += b"(?P=" + name.encode() + b")"
        else:
            names.append(name)
            out += b"(?P<" + name.encode() + (b">.*)" if is_string else rb">[^\s]+?)")
    out += re.escape(text[at:])
    return re.compile(out, re.S | (re.I if fold else 0)), names


def match_word(want, got, bound, fold):
    """The bindings afterwards, or None. want is ATOM or STRING."""
    if got.kind not in (ATOM, STRING):
        return None
    nil = [node.kind == ATOM and node.value.upper() == b"NIL" for node in (want, got)]
    is_special = not want.exact and SPECIAL.search(want.value)
    if want.kind != got.kind and any(nil) and not (is_special and not nil[0]):
        return None
    fold = fold or want.kind == ATOM
    if is_special:
        regex, names = regex_of(want.value, bound, STRING in (want.kind, got.kind), fold)
        found = regex.fullmatch(got.value)
        return None if found is None else {**bound, **{name: found[name] for name in names}}
    if want.value == got.value or (fold and want.value.lower() == got.value.lower()):
        return bound
    if want.kind == got.kind == ATOM and SET.match(want.value) and SET.match(got.value):
        return bound if intervals(want.value) == intervals(got.value) else None
    return None


def is_any(node):
    return node.kind == ATOM and node.value == b"..."


def match_node(want, got, bound, fold):
    if want.kind not in (LIST, BRACKET):
        return match_word(want, got, bound, fold)
    return match_in_order(want.value, got.value, bound, fold) if want.kind == got.kind else None


def match_in_order(want, got, bound, fold):
    """Nodes in order; a `...` takes any number of them."""
    if not want:
        return bound if not got else None
    if is_any(want[0]):
        for skip in range(len(got) + 1):
            after = match_in_order(want[1:], got[skip:], bound, fold)
            if after is not None:
                return after
        return None
    if not got:
        return None
    # the list behind these words is unordered: FLAGS (\Seen \Draft) in a response code or a FETCH item
    name = want[0].value.upper() if want[0].kind == ATOM else b""
    if name in FLAG_LISTS and len(want) > 1 and len(got) > 1 and want[1].kind == got[1].kind == LIST:
        if match_word(want[0], got[0], bound, fold) is None:
            return None
        after = match_any_order(want[1].value, got[1].value, bound, fold)
        return None if after is None else match_in_order(want[2:], got[2:], after, fold)
    after = match_node(want[0], got[0], bound, fold)
    return None if after is None else match_in_order(want[1:], got[1:], after, fold)


def match_any_order(want, got, bound, fold):
    open_ended = any(is_any(node) for node in want)
    want = [node for node in want if not is_any(node)]
    if len(want) > len(got) or (len(want) < len(got) and not open_ended):
        return None
    if not want:
        return bound
    for i, node in enumerate(got):
        after = match_node(want[0], node, bound, fold)
        if after is not None:
            after = match_any_order(want[1:] + ([ANYTHING] if open_ended else []), got[:i] + got[i + 1:], after, fold)
            if after is not None:
                return after
    return None


def match_pairs(want, got, bound):
    """FETCH and STATUS items: name and value, in any order."""
    open_ended = any(is_any(node) for node in want)
    pairs, at = [], 0
    while at < len(want):
        if is_any(want[at]):
            at += 1
        else:
            pairs.append(want[at:at + 2])
            at += 2
    have = [got[i:i + 2] for i in range(0, len(got), 2)]
    if len(pairs) > len(have) or (len(pairs) < len(have) and not open_ended):
        return None
    for pair in pairs:
        for candidate in have:
            if len(candidate) != len(pair) or match_word(pair[0], candidate[0], bound, True) is None:
                continue
            fold = pair[0].value.upper() in (b"BODY", b"BODYSTRUCTURE")
            after = match_in_order(pair, candidate, bound, fold)
            if after is not None:
                bound = after
                have.remove(candidate)
                break
        else:
            return None
    return bound


def match_esearch(want, got, bound):
    """The correlator, UID or not, then pairs of result and value."""
    def behind_uid(nodes):
        return 2 if len(nodes) > 1 and nodes[1].kind == ATOM and nodes[1].value.upper() == b"UID" else 1

    if behind_uid(want) != behind_uid(got) and not (len(want) > 1 and is_any(want[1])):
        return None
    bound = match_node(want[0], got[0], bound, False)
    return None if bound is None else match_pairs(want[behind_uid(want):], got[behind_uid(got):], bound)


def match_data(word, want, got, bound):
    """What stands behind the word that says what a response is."""
    def both_are_lists(at):
        return bool(want and got) and want[at].kind == got[at].kind == LIST

    if word in PAIRS and both_are_lists(-1):
        bound = match_in_order(want[:-1], got[:-1], bound, False)
        return None if bound is None else match_pairs(want[-1].value, got[-1].value, bound)
    if word in ATTRIBUTES and both_are_lists(0):
        bound = match_any_order(want[0].value, got[0].value, bound, False)
        return None if bound is None else match_in_order(want[1:], got[1:], bound, False)
    if word == b"ESEARCH" and both_are_lists(0):
        return match_esearch(want, got, bound)
    if word in UNORDERED:
        return match_any_order(want, got, bound, False)
    return match_in_order(want, got, bound, False)


class Pattern:
    """One expected line. text: the line behind `S`; blocks: the contents of its {{…}}."""

    def __init__(self, text, blocks):
        self.text, self.blocks = text, blocks
        self.nodes = cut_expected(text, blocks)
        self.tag = text.split(b" ", 1)[0]

    def match(self, response, bound):
        """The bindings afterwards, or None."""
        got = cut_response(response)
        if self.tag not in (b"*", b"+"):
            return self.match_tagged(got, bound)
        if self.tag == b"+" or len(self.nodes) < 2 or len(got) < 2:
            return match_in_order(self.nodes, got, bound, False)
        return self.match_untagged(got, bound)

    def match_untagged(self, got, bound):
        """The words up to the one that says what it is ("* 3 FETCH", "* STATUS"), then the data behind it."""
        want = self.nodes
        has_number = len(want) > 2 and len(got) > 2 and got[1].value.isdigit() if got[1].kind == ATOM else False
        at = 2 if has_number and not is_any(want[1]) else 1
        head = match_in_order(want[:at + 1], got[:at + 1], bound, False)
        if head is None and any(is_any(node) for node in want[:at + 1]):
            return match_in_order(want, got, bound, False)
        if head is None:
            return None
        return match_data(want[at].value.upper() if want[at].kind == ATOM else b"", want[at + 1:], got[at + 1:], head)

    def match_tagged(self, got, bound):
        """`a1 NO|BAD [CODE] ...`"""
        want = self.nodes
        if len(got) < 2 or want[0].value != got[0].value:
            return None
        if got[1].value.upper() not in want[1].value.upper().split(b"|"):
            return None
        return match_in_order(want[2:], got[2:], bound, False)


ANYTHING = cut_expected(b"...", [])[0]
