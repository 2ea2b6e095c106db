#include "http/out/base64.hpp"

#include <openssl/evp.h>

namespace sluice::http {

namespace {

const unsigned char *as_bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char *>(text.data());
}

} // namespace

std::string to_base64(std::string_view bytes) {
  // EVP_EncodeBlock ends with a NUL, where std::string has one anyway.
  std::string out((bytes.size() + 2) / 3 * 4, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char *>(out.data()),
                  as_bytes(bytes), static_cast<int>(bytes.size()));
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0)
    return std::nullopt;
  std::string out(text.size() / 4 * 3, '\0');
  if (EVP_DecodeBlock(reinterpret_cast<unsigned char *>(out.data()),
                      as_bytes(text), static_cast<int>(text.size())) < 0)
    return std::nullopt;
  if (text.ends_with("=="))
    out.resize(out.size() - 2);
  else if (text.ends_with('='))
    out.resize(out.size() - 1);
  // The library trims white space and takes padding anywhere.
  if (to_base64(out) != text)
    return std::nullopt;
  return out;
}

} // namespace sluice::http
