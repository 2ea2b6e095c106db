#include "tools/ctl/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <csignal>

namespace sluice::tools {

namespace {

constexpr std::array ending_signals = {SIGTERM, SIGHUP, SIGQUIT};

// For the signal handler, which knows no object.
termios kept{};
const char *last_words = "";
std::size_t last_words_size = 0;
std::array<struct sigaction, ending_signals.size()> kept_actions{};

void put_back() {
  // The terminal may be gone; there is nothing to be done about that.
  [[maybe_unused]] const auto written =
      ::write(STDOUT_FILENO, last_words, last_words_size);
  ::tcsetattr(STDIN_FILENO, TCSANOW, &kept);
}

void end_by_signal(int number) {
  put_back();
  // As a shell tells of a program that a signal has ended.
  constexpr int ended_by_signal = 128;
  ::_exit(ended_by_signal + number);
}

} // namespace

screen_size size_of_screen() {
  winsize found{};
  screen_size out;
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &found) == 0 && found.ws_col > 0 &&
      found.ws_row > 0)
    out = {.columns = found.ws_col, .rows = found.ws_row};
  return out;
}

terminal_guard::terminal_guard(std::string_view farewell) {
  last_words = farewell.data();
  last_words_size = farewell.size();
  ::tcgetattr(STDIN_FILENO, &kept);
  struct sigaction end {};
  end.sa_handler = end_by_signal;
  for (std::size_t at = 0; at < ending_signals.size(); ++at)
    ::sigaction(ending_signals[at], &end, &kept_actions[at]);
}

terminal_guard::~terminal_guard() {
  put_back();
  for (std::size_t at = 0; at < ending_signals.size(); ++at)
    ::sigaction(ending_signals[at], &kept_actions[at], nullptr);
}

void terminal_guard::take_keys() {
  auto raw = kept;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG);
  raw.c_cc[VMIN] = 0;
  raw.c_cc[VTIME] = 0;
  ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

} // namespace sluice::tools
