#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

#include "actors/admin/console_line.hpp"
#include "tools/ctl/exit_codes.hpp"
#include "tools/ctl/show.hpp"

namespace sluice::tools {

struct console_options {
  /// `host:port` of the admin port.
  std::string address;
  /// Where the operator's certificate is.
  std::filesystem::path folder;
  /// Answers as JSON, one document.
  bool is_json = false;
  /// What can't be undone is done without asking.
  bool is_sure = false;
  /// Of connecting, and of each order.
  std::chrono::milliseconds timeout{15'000};
  /// More is done with it after a verb; else the program ends.
  bool is_kept = false;
};

struct reply {
  int status = 0;
  json body;
};

/// Whether standard output takes them: a terminal, and nobody said NO_COLOR.
bool has_colours();

/// Why an order did not get through, and how a program ends by it.
struct line_trouble {
  ctl_exit how = ctl_exit::cannot_connect;
  std::string text;
};

/// One run of `sluice ctl`: the line to the service, and what is shown of it:
/// answers on standard output, all else on standard error. What fails has been
/// told when a call returns how to end.
class console {
public:
  template <class T>
  using result = tl::expected<T, ctl_exit>;

  explicit console(console_options options);

  /// Reads the certificate and connects.
  result<void> connect();
  /// The same, and tells nothing.
  tl::expected<void, line_trouble> try_to_connect();
  /// A line that was lost is made again by the next order.
  bool is_connected() const { return line_ != nullptr; }

  /// Holds from now on, as in `console_options`.
  void use(bool is_json, bool is_sure, std::chrono::milliseconds timeout);
  bool is_json() const { return options_.is_json; }
  /// Whether it is used on after a verb.
  bool is_kept() const { return options_.is_kept; }
  void keep() { options_.is_kept = true; }

  /// The answer to `GET path`, whatever its status; tells nothing.
  tl::expected<reply, line_trouble> look(const std::string &path,
                                         std::chrono::milliseconds limit);

  /// The answer, whatever its status.
  result<reply> ask(const std::string &method, const std::string &path,
                    const std::string &body = {});
  /// The body of a good answer.
  result<json> get(const std::string &path);
  /// Without a body where `body` is null.
  result<json> post(const std::string &path, const json &body = nullptr);

  /// Shows an answer: its JSON, or the text.
  ctl_exit show(const json &answer, const std::string &text);
  /// Tells what went wrong, in one line.
  ctl_exit fail(ctl_exit how, const std::string &text);
  /// Tells a refusal of the service.
  ctl_exit refuse(const reply &what);
  /// What is under way, for whoever watches; not with JSON.
  void note(const std::string &line);
  /// Whether a note takes the place of the one before it.
  bool overwrites_notes() const;

  /// Whether the operator means it: says so on a terminal, or has said
  /// `--yes`.
  result<void> confirm(const std::string &question);

  bool has_colours() const;

private:
  tl::expected<reply, line_trouble> send(const actors::admin_order &order,
                                         std::chrono::milliseconds limit);
  void drop_line();

  console_options options_;
  std::string operator_;
  std::unique_ptr<actors::console_line> line_;
  bool is_noting_ = false;
};

} // namespace sluice::tools
