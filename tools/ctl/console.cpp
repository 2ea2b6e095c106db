#include "tools/ctl/console.hpp"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <future>
#include <iostream>
#include <thread>
#include <utility>

#include "actors/admin/certificate_folder.hpp"
#include "sluice_version.hpp"
#include "tools/ctl/text.hpp"

namespace sluice::tools {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds longest_connect{5'000};

/// ASCII only, so that no terminal is steered by it.
std::string to_line(const json &value) {
  return value.dump(-1, ' ', true, json::error_handler_t::replace);
}

std::string login_name() {
  const passwd *entry = ::getpwuid(::getuid());
  return entry ? entry->pw_name : "uid " + std::to_string(::getuid());
}

} // namespace

console::console(console_options options) : options_(std::move(options)) {}

console::result<void> console::connect() {
  if (auto made = try_to_connect(); !made)
    return tl::unexpected(fail(made.error().how, made.error().text));
  return {};
}

tl::expected<void, line_trouble> console::try_to_connect() {
  const auto own =
      actors::read_identity(options_.folder, actors::operator_name);
  const auto facts = own ? actors::check(*own, actors::admin_role::operates)
                         : actors::outcome<actors::identity_facts>(
                               tl::unexpected(own.error()));
  if (!facts)
    return tl::unexpected(line_trouble{
        ctl_exit::unauthorised,
        "no certificate to show in " + options_.folder.string() + ": " +
            facts.error() +
            "; the service makes one at its first start, `sluice admin-cert` "
            "another one, and --folder says where it is"});
  operator_ = facts->name + " (" + login_name() + ')';
  auto line = actors::console_line::open(
      {.address = options_.address,
       .own = *own,
       .version = version,
       .connect_limit = std::min(options_.timeout, longest_connect)});
  if (!line)
    return tl::unexpected(
        line_trouble{exit_of(line.error().what), line.error().text});
  line_ = std::move(*line);
  return {};
}

void console::use(bool is_json, bool is_sure, milliseconds timeout) {
  options_.is_json = is_json;
  options_.is_sure = is_sure;
  options_.timeout = timeout;
}

/// One of the network's threads may hang when it is to end; that is waited for,
/// but not long.
void console::drop_line() {
  constexpr milliseconds patience{2'000};
  auto gone = std::make_shared<std::promise<void>>();
  auto end = gone->get_future();
  std::thread([gone, line = std::shared_ptr(std::move(line_))]() mutable {
    line.reset();
    gone->set_value();
  }).detach();
  end.wait_for(patience);
}

tl::expected<reply, line_trouble>
console::send(const actors::admin_order &order, milliseconds limit) {
  auto answer = line_->send(order, limit);
  if (answer)
    return reply{answer->status, json::parse(answer->body, nullptr, false)};
  if (answer.error().what != actors::line_failure::kind::timed_out)
    drop_line();
  return tl::unexpected(
      line_trouble{exit_of(answer.error().what), answer.error().text});
}

tl::expected<reply, line_trouble> console::look(const std::string &path,
                                                milliseconds limit) {
  if (!is_connected())
    if (auto made = try_to_connect(); !made)
      return tl::unexpected(made.error());
  return send({operator_, "GET", path, ""}, std::min(limit, options_.timeout));
}

console::result<reply> console::ask(const std::string &method,
                                    const std::string &path,
                                    const std::string &body) {
  if (!is_connected())
    if (auto made = connect(); !made)
      return tl::unexpected(made.error());
  auto answer = send({operator_, method, path, body}, options_.timeout);
  if (!answer)
    return tl::unexpected(fail(answer.error().how, answer.error().text));
  return std::move(*answer);
}

console::result<json> console::get(const std::string &path) {
  auto answer = ask("GET", path);
  if (!answer)
    return tl::unexpected(answer.error());
  if (exit_of_status(answer->status) != ctl_exit::done)
    return tl::unexpected(refuse(*answer));
  return std::move(answer->body);
}

console::result<json> console::post(const std::string &path, const json &body) {
  auto answer = ask("POST", path, body.is_null() ? "" : to_line(body));
  if (!answer)
    return tl::unexpected(answer.error());
  if (exit_of_status(answer->status) != ctl_exit::done)
    return tl::unexpected(refuse(*answer));
  return std::move(answer->body);
}

ctl_exit console::show(const json &answer, const std::string &text) {
  note({});
  if (options_.is_json)
    std::cout << to_line(answer) << std::endl;
  else
    std::cout << text << std::flush;
  return std::cout ? ctl_exit::done : ctl_exit::refused;
}

ctl_exit console::fail(ctl_exit how, const std::string &text) {
  note({});
  if (options_.is_json)
    std::cout << to_line(json{{"error", text}}) << std::endl;
  else
    std::cerr << "sluice ctl: " << escaped(text) << std::endl;
  return how;
}

ctl_exit console::refuse(const reply &what) {
  note({});
  if (options_.is_json)
    std::cout << to_line(what.body) << std::endl;
  else
    std::cerr << "sluice ctl: " << show_problem(what.body) << std::flush;
  return exit_of_status(what.status);
}

void console::note(const std::string &line) {
  if (options_.is_json)
    return;
  const bool is_terminal = overwrites_notes();
  if (is_terminal && is_noting_)
    std::cerr << "\r\x1b[K" << std::flush;
  is_noting_ = is_terminal && !line.empty();
  if (!line.empty())
    std::cerr << line << (is_terminal ? "" : "\n") << std::flush;
}

bool console::overwrites_notes() const {
  return ::isatty(STDERR_FILENO) != 0;
}

console::result<void> console::confirm(const std::string &question) {
  if (options_.is_sure)
    return {};
  if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDERR_FILENO) == 0)
    return tl::unexpected(
        fail(ctl_exit::refused, question + " That can't be undone: say --yes, "
                                           "or ask on a terminal"));
  std::cerr << escaped(question) << " That can't be undone. [y/N] "
            << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "y" || answer == "yes")
    return {};
  return tl::unexpected(fail(ctl_exit::refused, "nothing was done"));
}

bool console::has_colours() const {
  return tools::has_colours();
}

bool has_colours() {
  const char *unwanted = std::getenv("NO_COLOR");
  return ::isatty(STDOUT_FILENO) != 0 && (!unwanted || *unwanted == '\0');
}

} // namespace sluice::tools
