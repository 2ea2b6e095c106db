#pragma once

#include <string>
#include <vector>

#include "tools/ctl/json_words.hpp"
#include "tools/ctl/terminal.hpp"

/// What `sluice ctl top` shows. Pure.
namespace sluice::tools {

/// One look at a service, as `GET` of these answers; null what was not had.
struct top_look {
  json health;
  json gate;
  json actors;
  json nodes;
  json counts;
};

/// Accepted and stored in a second, and how many cores are busy, from two
/// looks one after the other; null when they tell nothing: of another life of
/// the service, or too near to each other.
json rates_between(const top_look &before, const top_look &now);

/// The look and the rates as one document.
json document_of(const top_look &seen, const json &rates);

/// The lines of the screen, none wider than it and no more than it has rows.
/// `trouble` is what keeps this from being the newest; empty: nothing does.
std::vector<std::string> draw_top(const json &document,
                                  const std::string &trouble, screen_size size,
                                  bool has_colours);

} // namespace sluice::tools
