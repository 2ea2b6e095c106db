#!/usr/bin/env python3
"""Finds constants of one file that hide what a header declares.

    tools/check_names.py [ROOT]

Files of one target are compiled together (CMAKE_UNITY_BUILD), so a constant in
one file's unnamed namespace is seen by those after it: one named `version` in
an inner namespace is then what they get in the place of the program's version,
and no compiler says so. Names of functions and types that clash don't compile.
"""

import pathlib
import re
import sys

import source_tree

# What the build generates, and so no file of the tree declares.
GENERATED = {"version": {"sluice"}}

NAMESPACE = re.compile(r"namespace (?P<name>[\w:]+) \{")
CONSTANT = re.compile(r"(?:inline |static |extern )*(?:constexpr|const) [^=({]*?"
                      r"\b(?P<name>\w+)(?:\[[^\]]*\])*(?: =|\{|\(|;|$)")
FUNCTION = re.compile(r"[\w:<>,&* ]*?\b(?P<name>\w+)\(")
NOT_FUNCTIONS = ("#", "//", "}", " ", "namespace", "template", "using",
                 "return", "struct", "class", "enum", "public", "private",
                 "protected", "static_assert")


def declared(text):
    """(namespace, name) of what a header declares outside of types."""
    inside = ""
    for line in text.splitlines():
        found = NAMESPACE.match(line)
        if found:
            inside = found["name"]
            continue
        found = CONSTANT.match(line) or (
            not line.startswith(NOT_FUNCTIONS) and FUNCTION.match(line))
        if found:
            yield inside, found["name"]


def own_constants(text):
    """(line, namespace, name) of the constants that only this file has."""
    inside, is_own = "", False
    for number, line in enumerate(text.splitlines(), 1):
        found = NAMESPACE.match(line)
        if found:
            inside = found["name"]
        elif line == "namespace {":
            is_own = True
        elif line == "} // namespace":
            is_own = False
        elif is_own and (found := CONSTANT.match(line)):
            yield number, inside, found["name"]


def encloses(outer, inner):
    return inner == outer or inner.startswith(outer + "::")


def faults_in(root):
    """(path, line, text) of each fault."""
    files = [path for path in source_tree.sources(root)
             if path.parts[0] in source_tree.LAYERS]
    headers = {name: set(spaces) for name, spaces in GENERATED.items()}
    for path in files:
        if path.suffix == ".hpp":
            for space, name in declared((root / path).read_text("utf-8")):
                headers.setdefault(name, set()).add(space)
    for path in files:
        if path.suffix != ".cpp":
            continue
        for line, space, name in own_constants((root / path).read_text("utf-8")):
            for outer in sorted(headers.get(name, ())):
                if encloses(outer, space):
                    yield path, line, (
                        f"{name} hides {outer}::{name} from the files that "
                        "are compiled with this one")


def main():
    root = (pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1
            else source_tree.ROOT)
    count = 0
    for path, line, fault in faults_in(root):
        print(f"{path}:{line}: {fault}")
        count += 1
    print(f"names: {count} faults")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
