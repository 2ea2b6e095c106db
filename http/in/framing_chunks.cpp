#include "http/in/framing_chunks.hpp"

#include <algorithm>

#include "http/ascii.hpp"

namespace sluice::http {

chunk_decoder::progress chunk_decoder::feed(std::string_view piece,
                                            std::string &body) {
  progress out;
  while (out.now == state::more && out.taken < piece.size()) {
    if (expects_ != expects::data) {
      out.now = take_char(piece[out.taken++]);
      continue;
    }
    const auto part = piece.substr(out.taken, left_);
    body.append(part);
    out.taken += part.size();
    left_ -= part.size();
    if (left_ == 0) {
      expects_ = expects::data_cr;
    }
  }
  return out;
}

chunk_decoder::state chunk_decoder::take_char(char c) {
  switch (expects_) {
  case expects::size:
    return take_size(c);
  case expects::size_lf:
    return c == '\n' ? end_size() : state::bad;
  case expects::data_cr:
    return take_mark(c, '\r', expects::data_lf);
  case expects::data_lf:
    return take_mark(c, '\n', expects::size);
  case expects::last_cr:
    return take_mark(c, '\r', expects::last_lf);
  case expects::last_lf:
    return c == '\n' ? state::done : state::bad;
  case expects::data:
    break;
  }
  return state::bad;
}

chunk_decoder::state chunk_decoder::take_size(char c) {
  const int value = hex_value(c);
  if (value >= 0 && digits_ < 8) {
    left_ = left_ * 16 + static_cast<unsigned>(value);
    ++digits_;
    return state::more;
  }
  return digits_ > 0 ? take_mark(c, '\r', expects::size_lf) : state::bad;
}

chunk_decoder::state chunk_decoder::take_mark(char c, char wanted,
                                              expects next) {
  expects_ = next;
  return c == wanted ? state::more : state::bad;
}

chunk_decoder::state chunk_decoder::end_size() {
  digits_ = 0;
  if (left_ > limit_ - total_) {
    return state::too_large;
  }
  total_ += left_;
  expects_ = left_ == 0 ? expects::last_cr : expects::data;
  return state::more;
}

} // namespace sluice::http
