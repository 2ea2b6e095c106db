#include "tools/ctl/top.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <iostream>
#include <limits>
#include <memory>
#include <string>
#include <thread>

#include "tools/ctl/interrupt.hpp"
#include "tools/ctl/terminal.hpp"
#include "tools/ctl/top_watch.hpp"
#include "tools/ctl/wake_bell.hpp"

namespace sluice::tools {

namespace {

// The other screen, without a cursor, and back.
constexpr char enter_screen[] = "\x1b[?1049h\x1b[?25l";
constexpr char leave_screen[] = "\x1b[?25h\x1b[?1049l";
constexpr char ctrl_c = '\x03';
constexpr char ctrl_d = '\x04';

enum class key : std::uint8_t { none, leave, hurry };

key next_key() {
  char byte = 0;
  const auto size = ::read(STDIN_FILENO, &byte, 1);
  if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR))
    return key::leave;
  if (size < 0)
    return key::none;
  if (byte == 'q' || byte == 'Q' || byte == ctrl_c || byte == ctrl_d)
    return key::leave;
  return byte == ' ' ? key::hurry : key::none;
}

void draw(const top_watch::state &now, bool has_colours) {
  const auto size = size_of_screen();
  auto lines = draw_top(now.document, now.trouble, size, has_colours);
  std::string out = "\x1b[H";
  for (const auto &line : lines)
    out += line + "\x1b[K\r\n";
  // Behind a full screen a line break would move it.
  if (lines.size() >= size.rows)
    out.resize(out.size() - 2);
  out += "\x1b[J";
  std::cout << out << std::flush;
}

/// A window that changes its size ends the wait for keys.
void on_resize(int) {
  wake_bell::ring();
}

class resize_watch {
public:
  resize_watch() {
    wake_bell::descriptor();
    struct sigaction wake {};
    wake.sa_handler = on_resize;
    // A frame that is being written would fail otherwise.
    wake.sa_flags = SA_RESTART;
    ::sigaction(SIGWINCH, &wake, &kept_);
  }
  resize_watch(const resize_watch &) = delete;
  resize_watch &operator=(const resize_watch &) = delete;
  ~resize_watch() { ::sigaction(SIGWINCH, &kept_, nullptr); }

private:
  struct sigaction kept_ {};
};

/// Waits for a key, for news, for another size of the window or for an
/// interrupt.
key wait_for_any(const top_watch &watch) {
  pollfd from[] = {{STDIN_FILENO, POLLIN, 0},
                   {watch.news(), POLLIN, 0},
                   {wake_bell::descriptor(), POLLIN, 0}};
  const auto ready = ::poll(from, std::size(from), -1);
  // What has rung until now is seen to by the caller.
  wake_bell::silence();
  if (ready < 0)
    return key::none;
  eventfd_t count = 0;
  if (from[1].revents != 0)
    ::eventfd_read(watch.news(), &count);
  return from[0].revents != 0 ? next_key() : key::none;
}

void show_until_left(top_watch &watch, const top_options &how,
                     bool has_colours) {
  terminal_guard guard(leave_screen);
  const interrupt_watch interrupts;
  const resize_watch resize;
  guard.take_keys();
  std::cout << enter_screen << std::flush;
  for (;;) {
    const auto now = watch.newest();
    if (now.looks > 0)
      draw(now, has_colours);
    if (how.frames > 0 && now.looks >= how.frames)
      return;
    const auto pressed = wait_for_any(watch);
    if (pressed == key::leave || !std::cout ||
        interrupt_watch::was_interrupted())
      return;
    if (pressed == key::hurry)
      watch.hurry();
  }
}

/// An empty line stands between two frames.
std::string text_of(const json &document, bool is_first) {
  constexpr screen_size paper{.columns = 120,
                              .rows = std::numeric_limits<std::size_t>::max()};
  std::string out = is_first ? "" : "\n";
  for (const auto &line : draw_top(document, {}, paper, false))
    out += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
  return out;
}

ctl_exit write_frames(console &on, const top_options &how) {
  top_look before;
  for (int frame = 0; frame < std::max(1, how.frames); ++frame) {
    if (frame > 0)
      std::this_thread::sleep_for(how.interval);
    const auto seen = look_once(on);
    if (!seen)
      return on.fail(seen.error().how, seen.error().text.empty()
                                           ? "no answer in time"
                                           : seen.error().text);
    const auto document = document_of(*seen, rates_between(before, *seen));
    if (const auto shown = on.show(document, text_of(document, frame == 0));
        shown != ctl_exit::done)
      return shown;
    before = *seen;
  }
  return ctl_exit::done;
}

} // namespace

ctl_exit run_top(console &on, const top_options &how) {
  if (on.is_json() || ::isatty(STDIN_FILENO) == 0 ||
      ::isatty(STDOUT_FILENO) == 0)
    return write_frames(on, how);
  // Whoever leaves does not wait for an answer that is late, unless there is
  // more to be done on this console.
  auto watch = std::make_unique<top_watch>(on, how.interval);
  show_until_left(*watch, how, on.has_colours());
  const auto last = watch->newest();
  if (on.is_kept())
    watch.reset();
  else
    static_cast<void>(watch.release());
  return last.trouble.empty() ? ctl_exit::done : last.why.how;
}

} // namespace sluice::tools
