#!/usr/bin/env python3
"""Holds the folders to their order: tools -> http -> actors -> db -> config.

    tools/check_layers.py [ROOT]

A folder includes nothing of a folder above it, and of the folders below only
their contracts. Libraries and SQL stay where they belong. Prints each fault
as FILE:LINE: TEXT; exits with 1 when there is one.
"""

import fnmatch
import pathlib
import re
import sys

import source_tree

# What one folder may see of another; nothing said here: all of it.
CONTRACTS = {
    ("actors", "db"): ("db/store.hpp", "db/store_source.hpp",
                       "db/store_around.hpp", "db/model/*"),
    ("http", "actors"): ("actors/gateway.hpp", "actors/admin_orders.hpp",
                         "actors/part_names.hpp",
                         "actors/webhook_port.hpp", "actors/record.hpp",
                         "actors/rollback/*",
                         "actors/drill/*"),
    ("http", "db"): ("db/store.hpp", "db/model/*"),
}

# Where a library's headers may be included. The first pattern that matches
# a header decides.
LIBRARIES = (
    ("caf/*", ("actors/*", "tests/*")),
    ("httplib.h", ("http/*", "tools/*", "tests/*")),
    ("pqxx/*", ("db/*", "tests/*")),
    ("libpq-fe.h", ("db/*", "tests/*")),
    ("sqlite3.h", ("db/*", "tests/*")),
    ("SQLiteCpp/*", ("db/*", "tests/*")),
    ("toml++/*", ("config/*", "tests/*")),
    ("CLI/*", ("tools/*", "tests/tools/*")),
    ("histedit.h", ("tools/*",)),
    ("prometheus/*", ("http/*", "tools/*", "tests/*")),
    ("curl/*", ("http/*", "tools/*", "tests/*")),
    ("ares.h", ("http/*",)),
    ("catch2/*", ("tests/*",)),
)

SQL_FOLDERS = ("db/*", "tests/*")
SQL = re.compile(
    r"\b(?:insert\s+into\s+\w|delete\s+from\s+\w|update\s+\w+\s+set\s+\w"
    r"|select\s+[^.;]*?\sfrom\s+\w|create\s+(?:unique\s+)?(?:table|index)\s"
    r"|(?:alter|drop|truncate)\s+table\s|pragma\s+\w)", re.I)

GENERATED = ("sluice_version.hpp",)


def matches(name, patterns):
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def fault_of_project_include(root, folder, name):
    if name in GENERATED:
        return None
    target = name.split("/")[0]
    if target not in source_tree.FOLDERS or not (root / name).is_file():
        return f'"{name}" is no header of the project, named from its root'
    if folder == "tests":
        return None
    if target == "tests":
        return f"{name}: only tests include tests"
    if source_tree.LAYERS.index(target) > source_tree.LAYERS.index(folder):
        return f"{name}: {folder}/ knows nothing of {target}/"
    contract = CONTRACTS.get((folder, target))
    if contract and not matches(name, contract):
        return f"{name}: {folder}/ sees of {target}/ only {', '.join(contract)}"
    return None


def fault_of_library_include(path, name):
    for pattern, users in LIBRARIES:
        if fnmatch.fnmatchcase(name, pattern):
            if matches(path, users):
                return None
            return f"<{name}> is only for {', '.join(users)}"
    return None


def faults_of(root, path):
    """(line, text) of each fault of one file."""
    text = (root / path).read_text(encoding="utf-8")
    name = path.as_posix()
    for line, included, is_quoted in source_tree.includes(text):
        fault = (fault_of_project_include(root, path.parts[0], included)
                 if is_quoted else fault_of_library_include(name, included))
        if fault:
            yield line, fault
    if not matches(name, SQL_FOLDERS):
        for line, literal in source_tree.string_literals(text):
            if SQL.search(literal):
                yield line, f"SQL outside db/: {literal.strip()[:40]!r}"


def main():
    root = (pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1
            else source_tree.ROOT)
    files = source_tree.sources(root)
    count = 0
    for path in files:
        for line, fault in faults_of(root, path):
            print(f"{path}:{line}: {fault}")
            count += 1
    print(f"layers: {len(files)} files, {count} faults")
    return 1 if count or not files else 0


if __name__ == "__main__":
    sys.exit(main())
