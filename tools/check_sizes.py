#!/usr/bin/env python3
"""Holds files to their size, and sees that none is left out of the build.

    tools/check_sizes.py [--compiled FILE] [ROOT]

A file has 400 lines at the most, a test 600. With --compiled, a
compile_commands.json, every .cpp has to be in a target. Prints each fault;
exits with 1 when there is one.
"""

import argparse
import json
import pathlib
import sys

import source_tree

MOST_LINES = 400
MOST_LINES_OF_A_TEST = 600
SUFFIXES = (".cpp", ".hpp", ".py", ".sh", ".cmake")

# PATH: (most lines, reason). An entry that is not needed is a fault, too.
EXCEPTIONS = {}


def limit_of(path):
    if path.as_posix() in EXCEPTIONS:
        return EXCEPTIONS[path.as_posix()][0]
    return MOST_LINES_OF_A_TEST if path.parts[0] == "tests" else MOST_LINES


def faults_of_sizes(root):
    lines = {path: len((root / path).read_text(encoding="utf-8").splitlines())
             for path in source_tree.sources(root, SUFFIXES)}
    for path, count in lines.items():
        if count > limit_of(path):
            yield f"{path}: {count} lines, {limit_of(path)} at the most"
    for name, (_, reason) in EXCEPTIONS.items():
        path = pathlib.Path(name)
        usual = (MOST_LINES_OF_A_TEST if path.parts[0] == "tests"
                 else MOST_LINES)
        if lines.get(path, 0) <= usual:
            yield f"{name}: no exception is needed any more ({reason})"


def faults_of_targets(root, compile_commands):
    compiled = {pathlib.Path(entry["directory"], entry["file"]).resolve()
                for entry in json.loads(compile_commands.read_text())}
    for path in source_tree.sources(root, (".cpp",)):
        if root / path not in compiled:
            yield f"{path}: is in no target, so nothing compiles or runs it"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--compiled", type=pathlib.Path)
    parser.add_argument("root", nargs="?", type=pathlib.Path,
                        default=source_tree.ROOT)
    options = parser.parse_args()
    root = options.root.resolve()
    faults = list(faults_of_sizes(root))
    if options.compiled:
        faults += faults_of_targets(root, options.compiled)
    for fault in faults:
        print(fault)
    print(f"sizes: {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
