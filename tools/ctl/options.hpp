#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tools/ctl/drill.hpp"
#include "tools/ctl/rollback.hpp"
#include "tools/ctl/verbs.hpp"

namespace sluice::tools {

/// What the words behind a verb of `sluice ctl` say; each verb reads those
/// fields that it has options for.
struct verb_options {
  change_options why;
  /// The one word that most verbs take: a mode, a dial, a key, a name.
  std::string word;
  std::string value;
  std::vector<std::string> ids;
  std::optional<std::chrono::seconds> retry_after;
  std::chrono::seconds drain_limit{600};
  item_filter filter;
  rollback_words rollback;
  drill_words drill;
  /// Nothing is written.
  bool is_trial = false;
  bool with_payload = false;
  /// The books are not checked now.
  bool is_quick = false;

  /// Why, and whether it is meant.
  change_options change() const {
    auto out = why;
    out.is_trial = is_trial;
    return out;
  }
  /// Of a view that is drawn again and again; 0: until it is left.
  int frames = 0;
  std::chrono::milliseconds interval{1'000};
};
using options_ptr = std::shared_ptr<verb_options>;

/// Carries a verb out, on a console that is connected.
using verb = std::function<ctl_exit(console &, const verb_options &)>;
/// What is done with a verb that was parsed: it is carried out somewhere.
using verb_runner = std::function<void(const verb &, const verb_options &)>;

} // namespace sluice::tools
