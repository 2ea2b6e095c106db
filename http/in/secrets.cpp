#include "http/in/secrets.hpp"

#include <array>
#include <cstdint>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "db/model/event.hpp"

namespace sluice::http {

namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

const unsigned char *as_bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char *>(text.data());
}

} // namespace

std::string to_base64url(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() * 4 + 2) / 3);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char byte : bytes) {
    bits = (bits << 8U) | static_cast<unsigned char>(byte);
    held += 8;
    while (held >= 6) {
      held -= 6;
      out.push_back(alphabet[(bits >> held) & 0x3FU]);
    }
  }
  if (held > 0)
    out.push_back(alphabet[(bits << (6 - held)) & 0x3FU]);
  return out;
}

std::optional<std::string> from_base64url(std::string_view text) {
  std::string out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    const auto value = alphabet.find(c);
    if (value == std::string_view::npos)
      return std::nullopt;
    bits = (bits << 6U) | static_cast<std::uint32_t>(value);
    held += 6;
    if (held >= 8) {
      held -= 8;
      out.push_back(static_cast<char>((bits >> held) & 0xFFU));
    }
  }
  // Bits left over have to be zero, so that each value has one spelling.
  if (held >= 6 || (bits & ((1U << held) - 1U)) != 0)
    return std::nullopt;
  return out;
}

std::optional<std::string> make_api_key() {
  std::array<unsigned char, 32> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1)
    return std::nullopt;
  const std::string_view bytes(reinterpret_cast<const char *>(random.data()),
                               random.size());
  return "slk_" + to_base64url(bytes);
}

std::string_view key_prefix(std::string_view key) {
  return key.substr(0, 12);
}

bool is_same_secret(std::string_view left, std::string_view right) {
  // The digests have one length, so that the time does not tell the secret's.
  const auto left_digest = db::sha256(left);
  const auto right_digest = db::sha256(right);
  return CRYPTO_memcmp(left_digest.data(), right_digest.data(),
                       left_digest.size()) == 0;
}

std::string hmac_sha256(std::string_view secret, std::string_view message) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       as_bytes(message), message.size(), digest.data(), &size);
  return {reinterpret_cast<const char *>(digest.data()), size};
}

} // namespace sluice::http
