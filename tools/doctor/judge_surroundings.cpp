#include <algorithm>
#include <cmath>

#include "tools/ctl/json_words.hpp"
#include "tools/doctor/judge.hpp"
#include "tools/doctor/known_faults.hpp"
#include "tools/doctor/words.hpp"

namespace sluice::tools {

namespace {

finding judge_process(const json &diagnosis, const json &cores_busy) {
  constexpr double much = 0.5;
  constexpr double nearly_all = 0.8;
  const auto resident = number_at(diagnosis, "process.resident_bytes");
  const auto memory = number_at(diagnosis, "machine.memory_bytes");
  const auto cores = std::max(1.0, number_at(diagnosis, "machine.cores"));
  const auto files = number_at(diagnosis, "process.open_files");
  const auto most = number_at(diagnosis, "process.most_open_files");
  finding out{.name = "process",
              .found = size_text(resident) + " in memory, " +
                       word(diagnosis, "process.threads") + " threads, " +
                       word(diagnosis, "process.open_files") + " open files"};
  if (cores_busy.is_number()) {
    out.found += ", " + decimal_text(cores_busy.get<double>()) + " of " +
                 word(diagnosis, "machine.cores") + " cores busy";
    if (cores_busy.get<double>() > cores * nearly_all)
      out.how = severity::warning;
  }
  if ((memory > 0 && resident > memory * much) ||
      (most > 0 && files > most * nearly_all))
    out.how = severity::warning;
  if (out.how != severity::ok)
    out.next = "sluice ctl top";
  return out;
}

finding judge_machine(const json &diagnosis) {
  constexpr double little = 0.05;
  constexpr double high_load = 2;
  const auto cores = std::max(1.0, number_at(diagnosis, "machine.cores"));
  const auto load = number_at(diagnosis, "machine.load");
  const auto memory = number_at(diagnosis, "machine.memory_bytes");
  const auto available = number_at(diagnosis, "machine.available_bytes");
  finding out{.name = "machine",
              .found = "load " + decimal_text(load) + " on " +
                       word(diagnosis, "machine.cores") + " cores, " +
                       size_text(available) + " of " + size_text(memory) +
                       " memory available"};
  if (load > cores * high_load || available < memory * little) {
    out.how = severity::warning;
    out.next = "top";
  }
  return out;
}

/// Milliseconds that one clock is ahead of the other, as far as anybody can
/// tell.
finding judge_clock(const json &facts) {
  constexpr double much_ms = 1'000;
  constexpr double too_much_ms = 60'000;
  finding out{.name = "clock"};
  double worst = 0;
  const auto compare = [&](const char *path, const char *whose) {
    const auto ahead = at(facts, path);
    if (!ahead.is_number())
      return;
    worst = std::max(worst, std::abs(ahead.get<double>()));
    out.found += (out.found.empty() ? "" : ", ") + std::string(whose) + ' ' +
                 milliseconds_text(std::abs(ahead.get<double>())) +
                 (ahead.get<double>() < 0 ? " behind" : " ahead");
  };
  compare("store.clock_ahead_ms", "the database's");
  compare("service.clock_ahead_ms", "the service's against this machine's");
  if (out.found.empty())
    out.found = "there is but one";
  if (worst > much_ms) {
    out.how = worst > too_much_ms ? severity::critical : severity::warning;
    out.next = "timedatectl status";
  }
  return out;
}

finding judge_disk(const json &facts) {
  constexpr double gibibyte = 1024.0 * 1024 * 1024;
  constexpr double little = 0.1;
  constexpr double hardly_any = 0.02;
  const json disk = at(facts, "disk");
  if (!disk.is_object())
    return {.name = "disk",
            .found = "not known: the database's is not on this machine, or may "
                     "not be looked at"};
  const auto free = number_at(disk, "free_bytes");
  const auto total = std::max(1.0, number_at(disk, "total_bytes"));
  finding out{.name = "disk",
              .found = size_text(free) + " of " + size_text(total) +
                       " free at " + word(disk, "folder")};
  if (free < total * little || free < gibibyte)
    out.how = severity::warning;
  if (free < total * hardly_any || free < gibibyte / 10)
    out.how = severity::critical;
  if (out.how != severity::ok)
    out.next = "df -h " + word(disk, "folder");
  return out;
}

/// What is wrong with one file; nothing when nothing is.
finding judge_certificate(const json &file, const std::string &folder) {
  constexpr double soon = 30;
  const auto path = folder + '/' + word(file, "file");
  finding out{.name = "certificates", .found = word(file, "file")};
  const auto left = at(file, "days_left");
  if (at(file, "fault").is_string())
    return {severity::critical, out.name,
            out.found + ": " + word(file, "fault"), "ls -l " + folder};
  if (left.is_number() && left.get<double>() < soon) {
    const bool is_over = left.get<double>() < 0;
    out.how = is_over ? severity::critical : severity::warning;
    out.found +=
        is_over ? " has expired" : " expires in " + word(left) + " days";
    out.next = word(file, "file") == "operator.crt"
                   ? "sluice admin-cert operator"
                   : "move " + folder + " away and restart the service";
  }
  constexpr int others = 077;
  const auto mode = static_cast<int>(number_at(file, "mode"));
  if (is_true(file, "is_key") && (mode & others) != 0)
    return {severity::critical, out.name, out.found + " can be read by others",
            "chmod 600 " + path};
  return out;
}

void judge_certificates(const json &facts, findings &out) {
  const json all = at(facts, "certificates");
  if (!all.is_object())
    return;
  const auto folder = word(all, "folder");
  if (at(all, "fault").is_string()) {
    const bool is_off = is_true(facts, "admin_is_off");
    out.push_back({is_off ? severity::ok : severity::warning, "certificates",
                   folder + ": " + word(all, "fault"),
                   is_off ? "" : "sluice serve"});
    return;
  }
  bool is_well = true;
  double least = 1e9;
  for (const auto &file : list_of(all, "files")) {
    const auto one = judge_certificate(file, folder);
    least = std::min(least, number_at(file, "days_left", least));
    if (one.how == severity::ok)
      continue;
    is_well = false;
    out.push_back(one);
  }
  if (is_well)
    out.push_back({.name = "certificates",
                   .found = "good for " + word(json(static_cast<long>(least))) +
                            " days at least, in " + folder});
}

} // namespace

findings judge_surroundings(const json &facts, std::string_view today) {
  findings out;
  const json diagnosis = at(facts, "service.diagnosis");
  if (diagnosis.is_object()) {
    out.push_back(judge_process(diagnosis, at(facts, "service.cores_busy")));
    out.push_back(judge_machine(diagnosis));
  }
  out.push_back(judge_clock(facts));
  out.push_back(judge_disk(facts));
  judge_certificates(facts, out);
  const bool is_theirs = at(diagnosis, "openssl").is_string();
  out.push_back(judge_openssl_version(
      is_theirs ? word(diagnosis, "openssl") : word(facts, "openssl"), today));
  return out;
}

} // namespace sluice::tools
