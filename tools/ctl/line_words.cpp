#include "tools/ctl/line_words.hpp"

#include <cstdint>
#include <optional>

namespace sluice::tools {

namespace {

bool is_blank(char byte) {
  return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/// Reads a line character by character.
class word_reader {
public:
  void take(char byte) {
    if (is_escaped_)
      return keep(byte);
    if (byte == '\\' && quote_ != '\'')
      is_escaped_ = true;
    else if (quote_ != 0)
      byte == quote_ ? close() : keep(byte);
    else if (byte == '\'' || byte == '"')
      open(byte);
    else if (is_blank(byte))
      end_word();
    else
      keep(byte);
  }

  bool is_between_words() const { return !word_; }
  bool is_unfinished() const { return quote_ != 0 || is_escaped_; }

  void end_word() {
    if (word_)
      words_.push_back(std::move(*word_));
    word_.reset();
  }

  std::vector<std::string> words() { return std::move(words_); }
  std::string last() const { return word_.value_or(""); }

private:
  void keep(char byte) {
    is_escaped_ = false;
    begin();
    *word_ += byte;
  }
  void open(char byte) {
    begin();
    quote_ = byte;
  }
  void close() { quote_ = 0; }
  /// An empty word is one, too, when it is in quotes.
  void begin() {
    if (!word_)
      word_.emplace();
  }

  std::vector<std::string> words_;
  std::optional<std::string> word_;
  char quote_ = 0;
  bool is_escaped_ = false;
};

word_reader read(std::string_view line) {
  word_reader reader;
  for (const char byte : line) {
    if (byte == '#' && reader.is_between_words() && !reader.is_unfinished())
      break;
    reader.take(byte);
  }
  return reader;
}

} // namespace

tl::expected<std::vector<std::string>, std::string>
split_line(std::string_view line) {
  auto reader = read(line);
  if (reader.is_unfinished())
    return tl::unexpected(
        std::string("a quote or a \\ at the end is not finished"));
  reader.end_word();
  return reader.words();
}

begun_line split_begun(std::string_view line) {
  auto reader = read(line);
  auto last = reader.last();
  return {.words = reader.words(), .last = std::move(last)};
}

} // namespace sluice::tools
