#!/usr/bin/env python3
"""Runs clang-tidy over the sources, in parallel, and remembers what was clean.

    tools/check_tidy.py [--changed [BASE]] [--within SECONDS] BUILD [FILE...]

BUILD holds compile_commands.json. With --changed, only files that differ from
the commit BASE (HEAD otherwise), or include a header that does. With FILEs,
only those. With --within, what was changed last comes first, nothing is begun
after that time, and what was not looked at is counted.

Files of one target are read together, in a unit that includes them, since most
of the time goes into the headers that they share; when such a unit is not
clean, each of its files is judged alone. What was found clean is not
looked at again until the file, a header of the project that it includes, the
rules, the compile command or the machine's packages change: build/tidy-cache,
or the folder that TIDY_CACHE names, holds one empty file for each.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import time

import source_tree

CACHE = pathlib.Path(os.environ.get("TIDY_CACHE")
                     or source_tree.ROOT / "build" / "tidy-cache")
RULES = (".clang-tidy", "tests/.clang-tidy")
SECONDS_PER_FILE = 900
# More save little, and leave one core without work at the end.
FILES_PER_UNIT = 8


class Headers:
    """The files of the project that a file includes, at any depth."""

    def __init__(self, root):
        self._root = root
        self._direct = {}

    def closure(self, path):
        found, waiting = {path}, [path]
        while waiting:
            for header in self._of(waiting.pop()):
                if header not in found:
                    found.add(header)
                    waiting.append(header)
        return sorted(found)

    def _of(self, path):
        if path not in self._direct:
            text = (self._root / path).read_text(encoding="utf-8")
            self._direct[path] = [
                pathlib.Path(name)
                for _, name, is_quoted in source_tree.includes(text)
                if is_quoted and (self._root / name).is_file()]
        return self._direct[path]


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True,
                          cwd=source_tree.ROOT).stdout


def common_key():
    """Hash of what all files have in common."""
    key = hashlib.sha256(output_of("clang-tidy", "--version"))
    key.update(output_of("dpkg-query", "-W"))
    for rules in RULES:
        key.update((source_tree.ROOT / rules).read_bytes())
    return key.digest()


def key_of(common, command, files):
    # The same in every clone, so that clones can share a cache.
    key = hashlib.sha256(
        common + command.replace(str(source_tree.ROOT), ".").encode())
    for path in files:
        content = (source_tree.ROOT / path).read_bytes()
        key.update(f"{path} {len(content)}\n".encode() + content)
    return key.hexdigest()


def changed_since(base):
    """Paths that differ from the commit, and those git does not know."""
    names = output_of("git", "diff", "--name-only", "-z", base, "--")
    names += output_of("git", "ls-files", "--others", "--exclude-standard", "-z")
    return {pathlib.Path(name) for name in names.decode().split("\0") if name}


def complaint_about(source, *arguments):
    """What clang-tidy says about the source; nothing when it is clean."""
    try:
        done = subprocess.run(
            # The commands are GCC's, and name warnings that only it has.
            ["clang-tidy", "--quiet", *arguments,
             "--extra-arg=-Wno-unknown-warning-option", str(source)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, timeout=SECONDS_PER_FILE)
    except subprocess.TimeoutExpired:
        return f"{source}: not done in {SECONDS_PER_FILE} s\n"
    return "" if done.returncode == 0 else done.stdout or done.stderr


def together(folder, command, paths):
    """Whether the files are clean as one unit."""
    folder.mkdir(parents=True, exist_ok=True)
    # The root's rules hold here as well; a folder's own are brought along.
    rules, own = folder / ".clang-tidy", pathlib.Path(paths[0].parts[0],
                                                      ".clang-tidy")
    rules.unlink(missing_ok=True)
    if own in map(pathlib.Path, RULES):
        rules.write_bytes((source_tree.ROOT / own).read_bytes())
    # By this name the analyzer knows that what is included is no header.
    unit = folder / "UnifiedSource.cpp"
    unit.write_text("".join(f'#include "{source_tree.ROOT / path}"'
                            " // NOLINT(bugprone-suspicious-include)\n"
                            for path in paths), encoding="utf-8")
    (folder / "compile_commands.json").write_text(json.dumps([{
        "directory": str(folder), "file": str(unit),
        "command": command.replace(str(source_tree.ROOT / paths[0]),
                                   str(unit))}]), encoding="utf-8")
    return not complaint_about(unit, "-p", str(folder))


def stand_alone(build, paths):
    """Whether each file includes what it uses; in a unit, others may do so."""
    return not any(
        complaint_about(source_tree.ROOT / path, "-p", str(build),
                        "--checks=-*,bugprone-suspicious-include")
        for path in paths)


def tidy(build, commands, paths, deadline):
    """Path -> (seconds, complaint); no complaint when the file is clean, and
    no path that there was no time for."""
    begin = time.monotonic()
    if begin > deadline:
        return {}
    if len(paths) > 1:
        name = str(paths[0]).replace("/", "-")
        if together((build / "units" / name).resolve(), commands[paths[0]],
                    paths) and stand_alone(build, paths[1:]):
            share = (time.monotonic() - begin) / len(paths)
            return {path: (share, "") for path in paths}
        print(f"tidy: {len(paths)} files from {paths[0]} are no clean unit;"
              " each is looked at alone", flush=True)
    found = {}
    for path in paths:
        begin = time.monotonic()
        if begin > deadline:
            break
        complaint = complaint_about(source_tree.ROOT / path, "-p", str(build))
        found[path] = time.monotonic() - begin, complaint
    return found


def units(commands, paths):
    """The files in groups that the same flags compile by the same rules."""
    groups = {}
    for path in paths:
        flags = commands[path].split(" -o ")[0]
        groups.setdefault((path.parts[0], flags), []).append(path)
    return [group[first:first + FILES_PER_UNIT] for group in groups.values()
            for first in range(0, len(group), FILES_PER_UNIT)]


def newest_first(paths):
    """In the order of git's history; what git does not know comes first."""
    names = output_of("git", "log", "--format=", "--name-only", "-z")
    age = {}
    for name in names.decode().split("\0"):
        age.setdefault(pathlib.Path(name.strip("\n")), len(age))
    return sorted(paths, key=lambda path: age.get(path, -1))


def compile_commands(build):
    """Relative path -> command of each source of the project."""
    found = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["directory"], entry["file"]).resolve()
        is_ours = (path.is_relative_to(source_tree.ROOT)
                   and not path.is_relative_to(source_tree.ROOT / "build"))
        if is_ours:
            found[path.relative_to(source_tree.ROOT)] = entry["command"]
    return found


def select(options, commands, headers):
    """Relative path -> files of the project that it is made of."""
    wanted = {pathlib.Path(os.path.relpath(name, source_tree.ROOT))
              for name in options.files}
    chosen = {path: headers.closure(path) for path in sorted(commands)
              if not wanted or path in wanted}
    if options.changed:
        changed = changed_since(options.changed)
        if not changed & {pathlib.Path(rules) for rules in RULES}:
            chosen = {path: files for path, files in chosen.items()
                      if changed & set(files)}
    return chosen


def parse():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--changed", nargs="?", const="HEAD", metavar="BASE")
    parser.add_argument("--within", type=float, default=float("inf"),
                        metavar="SECONDS")
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("files", nargs="*")
    return parser.parse_args()


def main():
    options = parse()
    commands = compile_commands(options.build)
    chosen = select(options, commands, Headers(source_tree.ROOT))
    common = common_key()
    CACHE.mkdir(parents=True, exist_ok=True)
    keys = {path: key_of(common, commands[path], files)
            for path, files in chosen.items()}
    due = newest_first(path for path, key in keys.items()
                       if not (CACHE / key).exists())
    deadline = time.monotonic() + options.within
    print(f"tidy: {len(due)} of {len(chosen)} files to look at", flush=True)
    faulty = looked_at = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = [pool.submit(tidy, options.build, commands, unit, deadline)
                for unit in units(commands, due)]
        found = (item for run in concurrent.futures.as_completed(runs)
                 for item in run.result().items())
        for path, (spent, complaint) in found:
            looked_at += 1
            print(f"tidy: {looked_at}/{len(due)} {path} ({spent:.0f} s)"
                  + (": faults" if complaint else ""), flush=True)
            if complaint:
                faulty += 1
                print(complaint, flush=True)
            else:
                (CACHE / keys[path]).touch()
    if looked_at < len(due):
        print(f"tidy: no time for {len(due) - looked_at} of {len(due)} files")
    print(f"tidy: {faulty} files with faults")
    return 1 if faulty else 0


if __name__ == "__main__":
    sys.exit(main())
