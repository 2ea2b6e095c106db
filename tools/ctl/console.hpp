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
};

struct reply {
  int status = 0;
  json body;
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
  console_options options_;
  std::string operator_;
  std::unique_ptr<actors::console_line> line_;
  bool is_noting_ = false;
};

} // namespace sluice::tools
