#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
class Error;
} // namespace CLI

namespace sluice::tools {

/// Which of the known words was probably meant; empty: none is near.
std::string nearest_word(std::string_view said,
                         const std::vector<std::string> &known);

/// What is wrong with a command line, in the manner of CLI11's own messages: a
/// word that is no verb is named, with the nearest that is one, and how to see
/// all. An `app` without a name stands for the lines of a console.
std::string usage_message(const CLI::App *app, const CLI::Error &wrong);

} // namespace sluice::tools
