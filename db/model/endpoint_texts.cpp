#include "db/model/endpoint_texts.hpp"

#include <cstdint>

#include <nlohmann/json.hpp>

namespace sluice::db {

namespace {

using json = nlohmann::json;

// A text that is no UTF-8 is kept as well as it can be.
std::string dump(const json &list) {
  return list.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// An empty list for what is none.
json parse_list(std::string_view text) {
  auto list = json::parse(text, nullptr, false);
  return list.is_array() ? list : json::array();
}

std::string to_digits(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (auto letter : bytes) {
    auto byte = static_cast<unsigned char>(letter);
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text;
}

std::string from_digits(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string bytes;
  for (std::size_t at = 0; at + 1 < text.size(); at += 2)
    bytes += static_cast<char>(digits.find(text[at]) * 16 +
                               digits.find(text[at + 1]));
  return bytes;
}

json to_json(const sealed_secret &secret) {
  json entry = {{"sealed", to_digits(secret.sealed)}, {"expires_at", nullptr}};
  if (secret.expires_at)
    entry["expires_at"] =
        std::int64_t{secret.expires_at->time_since_epoch().count()};
  return entry;
}

} // namespace

std::string write_types(const std::vector<std::string> &types) {
  return dump(json(types));
}

std::vector<std::string> read_types(std::string_view text) {
  std::vector<std::string> types;
  for (const auto &entry : parse_list(text))
    if (entry.is_string())
      types.push_back(entry.get<std::string>());
  return types;
}

std::string write_headers(const std::vector<header_line> &headers) {
  auto list = json::array();
  for (const auto &header : headers)
    list.push_back(json::array({header.name, header.value}));
  return dump(list);
}

std::vector<header_line> read_headers(std::string_view text) {
  std::vector<header_line> headers;
  for (const auto &entry : parse_list(text))
    if (entry.is_array() && entry.size() == 2 && entry[0].is_string() &&
        entry[1].is_string())
      headers.push_back(
          {entry[0].get<std::string>(), entry[1].get<std::string>()});
  return headers;
}

std::string write_secrets(const std::vector<sealed_secret> &secrets) {
  auto list = json::array();
  for (const auto &secret : secrets)
    list.push_back(to_json(secret));
  return dump(list);
}

std::vector<sealed_secret> read_secrets(std::string_view text) {
  std::vector<sealed_secret> secrets;
  for (const auto &entry : parse_list(text)) {
    if (!entry.is_object() || !entry.contains("sealed") ||
        !entry["sealed"].is_string())
      continue;
    auto &secret = secrets.emplace_back();
    secret.sealed = from_digits(entry["sealed"].get<std::string>());
    auto expiry = entry.find("expires_at");
    if (expiry != entry.end() && expiry->is_number_integer())
      secret.expires_at =
          timestamp(std::chrono::microseconds(expiry->get<std::int64_t>()));
  }
  return secrets;
}

} // namespace sluice::db
