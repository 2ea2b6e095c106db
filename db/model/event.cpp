#include "db/model/event.hpp"

#include <cstdlib>
#include <utility>

#include <openssl/evp.h>

namespace sluice::db {

namespace {

constexpr std::pair<delivery_status, std::string_view> delivery_names[] = {
    {delivery_status::pending, "pending"},
    {delivery_status::sending, "sending"},
    {delivery_status::delivered, "delivered"},
    {delivery_status::failed, "failed"},
    {delivery_status::dead_letter, "dead_letter"},
    {delivery_status::skipped, "skipped"},
};

} // namespace

sha256_digest sha256(std::string_view bytes) {
  // OpenSSL 3 looks an algorithm up at each use of EVP_sha256(); one that was
  // fetched by hand is found once.
  static const EVP_MD *const algorithm =
      EVP_MD_fetch(nullptr, "SHA256", nullptr);
  sha256_digest digest{};
  unsigned length = 0;
  if (algorithm == nullptr ||
      EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, algorithm,
                 nullptr) != 1)
    std::abort(); // Out of memory, or an OpenSSL without SHA-256.
  return digest;
}

std::string_view to_string(item_status status) {
  switch (status) {
  case item_status::pending:
    return "pending";
  case item_status::processing:
    return "processing";
  case item_status::quarantined:
    return "quarantined";
  }
  return "unknown";
}

std::optional<item_status> parse_item_status(std::string_view text) {
  for (auto status : {item_status::pending, item_status::processing,
                      item_status::quarantined})
    if (text == to_string(status))
      return status;
  return std::nullopt;
}

std::string_view to_string(delivery_status status) {
  for (const auto &[value, name] : delivery_names)
    if (value == status)
      return name;
  return "unknown";
}

std::optional<delivery_status> parse_delivery_status(std::string_view text) {
  for (const auto &[value, name] : delivery_names)
    if (name == text)
      return value;
  return std::nullopt;
}

std::string_view to_string(event_view::place where) {
  switch (where) {
  case event_view::place::queued:
    return "queued";
  case event_view::place::processing:
    return "processing";
  case event_view::place::quarantined:
    return "quarantined";
  case event_view::place::stored:
    return "stored";
  case event_view::place::discarded:
    return "discarded";
  }
  return "unknown";
}

} // namespace sluice::db
