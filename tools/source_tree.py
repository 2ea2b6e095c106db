"""The project's sources, as the checks see them."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent

# From the bottom up: each folder may include itself and those before it.
LAYERS = ("config", "db", "actors", "http", "tools")
FOLDERS = LAYERS + ("tests",)

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)

# Comments first, so that quotes inside them open no literal, and the reverse.
_TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/'
    r'|R"(?P<mark>[^()\\\s]*)\((?P<raw>.*?)\)(?P=mark)"'
    r'|"(?P<text>(?:[^"\\\n]|\\.)*)"'
    r"|(?<![0-9a-fA-F])'(?:[^'\\\n]|\\.)+'",
    re.S)


def sources(root=ROOT, suffixes=(".cpp", ".hpp")):
    """Paths relative to the root, sorted."""
    return sorted(
        path.relative_to(root)
        for folder in FOLDERS
        for path in (root / folder).rglob("*")
        if path.suffix in suffixes and path.is_file()
        and "__pycache__" not in path.parts)


def includes(text):
    """(line, name, is_quoted) of each include directive."""
    return [(line_of(text, found.start(2)), found[2], found[1] == '"')
            for found in _INCLUDE.finditer(text)]


def string_literals(text):
    """(line, text) of each string literal; neighbours are joined."""
    joined, end = [], None
    for token in _TOKEN.finditer(text):
        if token["raw"] is None and token["text"] is None:
            continue
        value = token["raw"] if token["raw"] is not None else token["text"]
        if end is not None and not text[end:token.start()].strip():
            joined[-1] = (joined[-1][0], joined[-1][1] + value)
        else:
            joined.append((line_of(text, token.start()), value))
        end = token.end()
    return joined


def line_of(text, position):
    return text.count("\n", 0, position) + 1
