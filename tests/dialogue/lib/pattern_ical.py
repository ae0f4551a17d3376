"""Compares iCalendar texts (RFC 5545): properties, parameters and components may come in any order, folded or not."""
import re

from pattern import regex_of


class Component:
    def __init__(self, name):
        self.name, self.lines, self.components, self.is_open = name, [], [], False


def unfold(text):
    return re.sub(r"\r?\n[ \t]", "", text)


def normal(line):
    """The name and its parameters in normal order, so that what means the same is the same text."""
    found = re.match(r'((?:[^":]|"[^"]*")*):(.*)', line, re.S)
    if not found:
        return line
    name, *parameters = re.findall(r'(?:[^";]|"[^"]*")+', found[1])
    return ";".join([name.upper()] + sorted(parameters)) + ":" + found[2]


def parse(text, is_pattern):
    """The VCALENDAR; a pattern's lines may be indented, and `...` alone in one makes its component open for more."""
    stack = [Component("")]
    for line in re.split(r"\r?\n", unfold(text) if not is_pattern else text):
        line = line.strip() if is_pattern else line
        if not line:
            continue
        if line.upper().startswith("BEGIN:"):
            stack.append(Component(line[6:].upper()))
            stack[-2].components.append(stack[-1])
        elif line.upper().startswith("END:"):
            if len(stack) < 2 or stack[-1].name != line[4:].upper():
                raise ValueError("END of something else: " + line)
            stack.pop()
        elif is_pattern and line == "...":
            stack[-1].is_open = True
        else:
            stack[-1].lines.append(normal(line))
    if len(stack) != 1:
        raise ValueError("a component has no end")
    return stack[0]


def match_any_order(wanted, got, is_open, bound, match):
    if len(wanted) > len(got) or (len(wanted) < len(got) and not is_open):
        return None
    if not wanted:
        return bound
    for i, one in enumerate(got):
        after = match(wanted[0], one, bound)
        if after is not None:
            after = match_any_order(wanted[1:], got[:i] + got[i + 1:], is_open, after, match)
            if after is not None:
                return after
    return None


def match_text(want, got, bound, fold=False):
    """Both are str; `...` and `$name` as everywhere."""
    regex, names = regex_of(want.encode("utf-8", "surrogateescape"), bound, True, fold)
    found = regex.fullmatch(got.encode("utf-8", "surrogateescape"))
    return None if found is None else {**bound, **{name: found[name] for name in names}}


def match_component(want, got, bound):
    if want.name != got.name:
        return None
    bound = match_any_order(want.lines, got.lines, want.is_open, bound, match_text)
    if bound is None:
        return None
    return match_any_order(want.components, got.components, want.is_open, bound, match_component)


def match_calendar(want, got, bound):
    """Texts; the bindings afterwards, or None."""
    try:
        return match_component(parse(want, True), parse(got, False), bound)
    except ValueError:
        return None
