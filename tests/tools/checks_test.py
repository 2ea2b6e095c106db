#!/usr/bin/env python3
"""The checks of folders, sizes and clang-tidy find what they are there to find."""

import json
import pathlib
import shutil
import sys
import tempfile
import unittest
import unittest.mock

sys.dont_write_bytecode = True
TOOLS = pathlib.Path(__file__).resolve().parents[2] / "tools"
sys.path.insert(0, str(TOOLS))

import check_layers  # noqa: E402
import check_names  # noqa: E402
import check_sizes  # noqa: E402
import check_tidy  # noqa: E402
import source_tree  # noqa: E402


class Tree(unittest.TestCase):
    """A project in a folder of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        for header in ("config/settings.hpp", "db/store.hpp",
                       "db/model/ids.hpp", "db/sqlite/open.hpp",
                       "actors/gateway.hpp", "actors/runtime.hpp",
                       "http/in/server.hpp", "tests/support/fakes.hpp"):
            self.write(header, "#pragma once\n")

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return pathlib.Path(name)


class Layers(Tree):
    def faults(self, name, text):
        return list(check_layers.faults_of(self.root, self.write(name, text)))

    def assert_fault(self, name, text, line=1):
        self.assertEqual([at for at, _ in self.faults(name, text)], [line],
                         f"{name}: {text}")

    def assert_fine(self, name, text):
        self.assertEqual(self.faults(name, text), [], f"{name}: {text}")

    def test_nothing_of_a_folder_above(self):
        self.assert_fault("config/a.cpp", '#include "db/store.hpp"\n')
        self.assert_fault("db/a.cpp", '#include "actors/gateway.hpp"\n')
        self.assert_fault("actors/a.cpp", '\n# include "http/in/server.hpp"\n',
                          line=2)
        self.assert_fine("tools/a.cpp", '#include "http/in/server.hpp"\n')

    def test_only_contracts_of_a_folder_below(self):
        self.assert_fault("actors/a.cpp", '#include "db/sqlite/open.hpp"\n')
        self.assert_fault("http/a.cpp", '#include "db/sqlite/open.hpp"\n')
        self.assert_fault("http/a.cpp", '#include "actors/runtime.hpp"\n')
        self.assert_fine("http/a.cpp", '#include "actors/gateway.hpp"\n'
                         '#include "db/model/ids.hpp"\n'
                         '#include "config/settings.hpp"\n')

    def test_only_tests_include_tests(self):
        self.assert_fault("tools/a.cpp", '#include "tests/support/fakes.hpp"\n')
        self.assert_fine("tests/db/a.cpp", '#include "db/sqlite/open.hpp"\n'
                         '#include "tests/support/fakes.hpp"\n')

    def test_includes_are_named_from_the_root(self):
        self.assert_fault("db/a.cpp", '#include "store.hpp"\n')
        self.assert_fault("db/a.cpp", '#include "db/none.hpp"\n')

    def test_libraries_stay_in_their_folders(self):
        self.assert_fault("http/a.cpp", "#include <caf/all.hpp>\n")
        self.assert_fault("actors/a.cpp", "#include <httplib.h>\n")
        self.assert_fault("tools/a.cpp", "#include <pqxx/pqxx>\n")
        self.assert_fault("actors/a.cpp", "#include <sqlite3.h>\n")
        self.assert_fine("db/a.cpp", "#include <pqxx/pqxx>\n")

    def test_sql_stays_in_db(self):
        self.assert_fault("http/a.cpp",
                          'auto q = "select id from events where id = $1";\n')
        self.assert_fault("actors/a.cpp",
                          '\nauto q = R"(DELETE\n FROM events)";\n', line=2)
        self.assert_fault("actors/a.cpp", 'auto q = "UPDATE event_queue "\n'
                          '         "SET status = 1";\n')
        self.assert_fine("db/a.cpp", 'auto q = "DELETE FROM events";\n')

    def test_prose_is_no_sql(self):
        self.assert_fine("http/a.cpp", '// "delete from events"\n'
                         '/* select id from events */ char c = \'"\';\n'
                         'auto t = "select one; it came from here";\n')

    def test_the_project_itself_keeps_to_it(self):
        found = [(path, fault) for path in source_tree.sources()
                 for fault in check_layers.faults_of(source_tree.ROOT, path)]
        self.assertEqual(found, [])


@unittest.skipUnless(shutil.which("clang-tidy"), "clang-tidy is missing")
class Names(Tree):
    def faults(self, source, header="inline constexpr char answer[] = \"a\";"):
        self.write("db/store.hpp", "#pragma once\n\nnamespace sluice::db {\n"
                                   f"\n{header}\n\n}} // namespace sluice::db\n")
        self.write("db/sqlite/a.cpp", source)
        return [(str(path), line)
                for path, line, _ in check_names.faults_in(self.root)]

    @staticmethod
    def file(space, line):
        return (f"namespace {space} {{\n\nnamespace {{\n{line}\n"
                f"}} // namespace\n\n}} // namespace {space}\n")

    def test_a_constant_hides_what_a_header_declares(self):
        line = "constexpr int answer = 1;"
        for space in ("sluice::db", "sluice::db::sqlite"):
            self.assertEqual(self.faults(self.file(space, line)),
                             [("db/sqlite/a.cpp", 4)])
        self.assertEqual(
            self.faults(self.file("sluice::db", line), "int answer(int x);"),
            [("db/sqlite/a.cpp", 4)])

    def test_the_version_is_a_name_of_all(self):
        self.assertEqual(
            self.faults(self.file("sluice::db", "constexpr char version = 1;")),
            [("db/sqlite/a.cpp", 4)])

    def test_other_places_are_free(self):
        line = "constexpr int answer = 1;"
        for source in (self.file("sluice::http", line),
                       self.file("sluice::db", "constexpr int other = answer;"),
                       self.file("sluice::db", "void f() {\n  " + line + "\n}")):
            self.assertEqual(self.faults(source), [])


class Tidy(Tree):
    """Files that are read as one unit are judged as each alone would be."""

    def are_clean(self, second):
        shutil.copy(TOOLS.parent / ".clang-tidy", self.root)
        self.write("db/one.cpp", "int one() { return 1; }\n")
        self.write("db/two.cpp", second)
        files = [pathlib.Path("db/one.cpp"), pathlib.Path("db/two.cpp")]
        with unittest.mock.patch.object(source_tree, "ROOT", self.root):
            return check_tidy.together(
                self.root / "build", f"c++ -c {self.root / files[0]}", files)

    def test_nothing_to_find(self):
        self.assertTrue(self.are_clean("int two() { return 2; }\n"))

    def test_a_name(self):
        self.assertFalse(self.are_clean("int Two() { return 2; }\n"))

    def test_a_fault_on_one_path_only(self):
        self.assertFalse(self.are_clean(
            "int two(int a) {\n"
            "  int *where = nullptr;\n"
            "  if (a > 3)\n"
            "    where = &a;\n"
            "  return *where;\n"
            "}\n"))


class Sizes(Tree):
    def test_a_file_that_is_too_long(self):
        self.write("db/long.cpp", "\n" * 401)
        self.write("db/fits.cpp", "\n" * 400)
        self.write("tests/db/long_test.cpp", "\n" * 601)
        self.write("tests/db/fits_test.cpp", "\n" * 600)
        faults = list(check_sizes.faults_of_sizes(self.root))
        self.assertEqual([fault.split(":")[0] for fault in faults],
                         ["db/long.cpp", "tests/db/long_test.cpp"])

    def test_a_test_that_is_in_no_target(self):
        self.write("tests/db/in_test.cpp", "")
        self.write("tests/db/out_test.cpp", "")
        commands = self.root / "compile_commands.json"
        commands.write_text(json.dumps([{
            "directory": str(self.root),
            "file": str(self.root / "tests/db/in_test.cpp")}]))
        faults = list(check_sizes.faults_of_targets(self.root, commands))
        self.assertEqual([fault.split(":")[0] for fault in faults],
                         ["tests/db/out_test.cpp"])


if __name__ == "__main__":
    unittest.main()
