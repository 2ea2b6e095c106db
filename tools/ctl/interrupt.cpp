#include "tools/ctl/interrupt.hpp"

#include "tools/ctl/wake_bell.hpp"

namespace sluice::tools {

namespace {

volatile std::sig_atomic_t is_interrupted = 0;

void note_it(int) {
  is_interrupted = 1;
  wake_bell::ring();
}

} // namespace

interrupt_watch::interrupt_watch() {
  forget();
  wake_bell::descriptor();
  struct sigaction note {};
  note.sa_handler = note_it;
  ::sigaction(SIGINT, &note, &kept_);
}

interrupt_watch::~interrupt_watch() {
  forget();
  ::sigaction(SIGINT, &kept_, nullptr);
}

bool interrupt_watch::was_interrupted() {
  return is_interrupted != 0;
}

void interrupt_watch::forget() {
  is_interrupted = 0;
}

} // namespace sluice::tools
