#include "tools/ctl/line_editor.hpp"

#include <clocale>
#include <cstdio>
#include <iostream>
#include <utility>

#include <histedit.h>

#include "tools/ctl/completion.hpp"
#include "tools/ctl/interrupt.hpp"
#include "tools/ctl/terminal.hpp"

namespace sluice::tools {

namespace {

constexpr int longest_memory = 1000;

} // namespace

class line_editor::impl {
public:
  explicit impl(completer complete) : complete_(std::move(complete)) {
    // Without it letters beyond ASCII are bytes.
    if (std::setlocale(LC_CTYPE, "") == nullptr)
      std::setlocale(LC_CTYPE, "C.UTF-8");
    history_.reset(::history_init());
    HistEvent event{};
    ::history(history_.get(), &event, H_SETSIZE, longest_memory);
    ::history(history_.get(), &event, H_SETUNIQUE, 1);
    editor_.reset(::el_init("sluice", stdin, stdout, stderr));
    if (editor_)
      set_up();
  }

  void remember(const std::string &line) {
    HistEvent event{};
    ::history(history_.get(), &event, H_ENTER, line.c_str());
  }

  answer read(const std::string &prompt) {
    if (!editor_)
      return {};
    prompt_ = prompt;
    is_given_up_ = false;
    std::cout << std::flush;
    const terminal_guard guard("");
    ::el_resize(editor_.get());
    // Before the prompt is seen: a Ctrl-D that is typed on seeing it would
    // otherwise still be read as the end of a line, and lost.
    ::el_set(editor_.get(), EL_PREP_TERM, 1);
    int size = 0;
    const char *text = ::el_gets(editor_.get(), &size);
    if (is_given_up_ || interrupt_watch::was_interrupted()) {
      interrupt_watch::forget();
      ::el_reset(editor_.get());
      std::cout << std::endl;
      return {.how = ending::given_up};
    }
    if (text == nullptr || size <= 0) {
      std::cout << std::endl;
      return {.how = ending::end};
    }
    answer out{.how = ending::line, .line = std::string(text)};
    while (!out.line.empty() && out.line.back() == '\n')
      out.line.pop_back();
    return out;
  }

private:
  struct ends_editor {
    void operator()(EditLine *one) const { ::el_end(one); }
  };
  struct ends_history {
    void operator()(History *one) const { ::history_end(one); }
  };

  static impl &of(EditLine *editor) {
    void *self = nullptr;
    ::el_get(editor, EL_CLIENTDATA, &self);
    return *static_cast<impl *>(self);
  }

  static char *show_prompt(EditLine *editor) {
    return of(editor).prompt_.data();
  }

  static unsigned char give_up(EditLine *editor, int) {
    of(editor).is_given_up_ = true;
    return CC_NEWLINE;
  }

  static unsigned char complete(EditLine *editor, int) {
    return of(editor).complete_line();
  }

  void set_up() {
    auto *editor = editor_.get();
    ::el_set(editor, EL_CLIENTDATA, this);
    ::el_set(editor, EL_PROMPT, show_prompt);
    ::el_set(editor, EL_EDITOR, "emacs");
    ::el_set(editor, EL_HIST, ::history, history_.get());
    ::el_set(editor, EL_ADDFN, "sluice-complete", "Completes a word", complete);
    ::el_set(editor, EL_ADDFN, "sluice-give-up", "Gives up a line", give_up);
    ::el_set(editor, EL_BIND, "^I", "sluice-complete", nullptr);
    ::el_set(editor, EL_BIND, "^C", "sluice-give-up", nullptr);
    ::el_set(editor, EL_BIND, "^R", "em-inc-search-prev", nullptr);
    // While a line is edited, Ctrl-C is a key as every other.
    ::el_set(editor, EL_SETTY, "-d", "-isig", nullptr);
  }

  unsigned char complete_line() {
    const auto *line = ::el_line(editor_.get());
    const std::string_view begun(
        line->buffer, static_cast<std::size_t>(line->cursor - line->buffer));
    const auto found = complete_(begun);
    if (found.empty())
      return CC_REFRESH_BEEP;
    const auto blank = begun.find_last_of(" \t");
    const auto last =
        begun.substr(blank == std::string_view::npos ? 0 : blank + 1);
    const auto common = common_beginning(found);
    auto rest = common.substr(std::min(last.size(), common.size()));
    if (found.size() == 1)
      rest += ' ';
    if (!rest.empty()) {
      ::el_insertstr(editor_.get(), rest.c_str());
      return CC_REFRESH;
    }
    list(found);
    return CC_REDISPLAY;
  }

  static void list(const std::vector<std::string> &words) {
    std::string out = "\r\n";
    for (const auto &word : words)
      out += word + "  ";
    out.resize(out.size() - 2);
    std::fputs((out + "\r\n").c_str(), stdout);
    std::fflush(stdout);
  }

  completer complete_;
  std::unique_ptr<History, ends_history> history_;
  std::unique_ptr<EditLine, ends_editor> editor_;
  std::string prompt_;
  bool is_given_up_ = false;
};

line_editor::line_editor(completer complete)
    : impl_(std::make_unique<impl>(std::move(complete))) {}

line_editor::~line_editor() = default;

void line_editor::remember(const std::string &line) {
  impl_->remember(line);
}

line_editor::answer line_editor::read(const std::string &prompt) {
  return impl_->read(prompt);
}

} // namespace sluice::tools
