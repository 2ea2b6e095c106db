#include "http/in/cursor.hpp"

#include <cstdint>
#include <utility>

#include "http/in/refusals.hpp"
#include "http/in/secrets.hpp"

namespace sluice::http {

namespace {

// position (16 bytes) | seconds since the epoch when it ends (8) | HMAC (32)
constexpr std::size_t id_size = 16;
constexpr std::size_t body_size = id_size + 8;
constexpr std::size_t sealed_size = body_size + 32;
constexpr std::chrono::hours lifetime{24};

void append(std::string &out, const db::uuid &id) {
  for (const auto byte : id.bytes())
    out.push_back(static_cast<char>(byte));
}

/// What the signature covers: the text's own bytes and all that it is bound
/// to.
std::string signed_text(std::string_view body, db::organization_id organization,
                        std::optional<db::delivery_status> status) {
  std::string out = "inbox/1\n";
  out += body;
  append(out, organization.value());
  out += status ? db::to_string(*status) : std::string_view("*");
  return out;
}

std::int64_t seconds_of(db::timestamp at) {
  return std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch())
      .count();
}

void append_number(std::string &out, std::int64_t number) {
  auto bits = static_cast<std::uint64_t>(number);
  for (int shift = 56; shift >= 0; shift -= 8)
    out.push_back(
        static_cast<char>((bits >> static_cast<unsigned>(shift)) & 0xFFU));
}

std::int64_t number_at(std::string_view bytes) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < 8; ++i)
    bits = (bits << 8U) | static_cast<unsigned char>(bytes[i]);
  return static_cast<std::int64_t>(bits);
}

// commit (8 bytes) | place within it (16) | HMAC (16 of its bytes)
constexpr std::size_t place_size = 8 + id_size;
constexpr std::size_t mark_size = 16;

std::string mark_of(std::string_view key, std::string_view place,
                    db::organization_id organization, std::string_view use) {
  std::string out = "log/1\n";
  out += place;
  append(out, organization.value());
  out += use;
  return hmac_sha256(key, out).substr(0, mark_size);
}

db::uuid uuid_at(std::string_view bytes) {
  db::uuid::bytes_type out{};
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<std::uint8_t>(bytes[i]);
  return db::uuid(out);
}

/// The cursor's bytes; nothing when it has not so many, or is none.
std::optional<std::string> decoded(std::string_view text, std::size_t size) {
  return text.size() == (size * 4 + 2) / 3 ? from_base64url(text)
                                           : std::nullopt;
}

problem invalid_cursor() {
  problem out;
  out.status = 400;
  out.slug = "invalid-cursor";
  out.title = "Invalid cursor";
  out.detail = "the cursor is not of this query, or has expired; begin again "
               "without it";
  return out;
}

} // namespace

cursor_codec::cursor_codec(actors::gateway &gateway, db::clock_source clock)
    : gateway_(gateway), clock_(std::move(clock)) {}

tl::expected<std::string, problem> cursor_codec::seal(const cursor &place) {
  auto key = secret();
  if (!key)
    return tl::unexpected(std::move(key.error()));
  std::string body;
  append(body, place.position);
  append_number(body, seconds_of(clock_() + lifetime));
  body +=
      hmac_sha256(*key, signed_text(body, place.organization, place.status));
  return to_base64url(body);
}

tl::expected<db::uuid, problem>
cursor_codec::open(std::string_view text, db::organization_id organization,
                   std::optional<db::delivery_status> status) {
  const auto bytes = decoded(text, sealed_size);
  if (!bytes)
    return tl::unexpected(invalid_cursor());
  auto key = secret();
  if (!key)
    return tl::unexpected(std::move(key.error()));
  const std::string_view all = *bytes;
  const auto body = all.substr(0, body_size);
  if (!is_same_secret(
          all.substr(body_size),
          hmac_sha256(*key, signed_text(body, organization, status))) ||
      number_at(body.substr(id_size)) < seconds_of(clock_()))
    return tl::unexpected(invalid_cursor());
  return uuid_at(body);
}

tl::expected<std::string, problem>
cursor_codec::seal(const db::log_position &place,
                   db::organization_id organization, std::string_view use) {
  auto key = secret();
  if (!key)
    return tl::unexpected(std::move(key.error()));
  std::string body;
  append_number(body, static_cast<std::int64_t>(place.commit));
  append(body, place.within);
  body += mark_of(*key, body, organization, use);
  return to_base64url(body);
}

tl::expected<db::log_position, problem>
cursor_codec::open(std::string_view text, db::organization_id organization,
                   std::string_view use) {
  const auto bytes = decoded(text, place_size + mark_size);
  if (!bytes)
    return tl::unexpected(invalid_cursor());
  auto key = secret();
  if (!key)
    return tl::unexpected(std::move(key.error()));
  const std::string_view all = *bytes;
  const auto place = all.substr(0, place_size);
  if (!is_same_secret(all.substr(place_size),
                      mark_of(*key, place, organization, use)))
    return tl::unexpected(invalid_cursor());
  return db::log_position{static_cast<std::uint64_t>(number_at(place)),
                          uuid_at(place.substr(8))};
}

tl::expected<std::string, problem> cursor_codec::secret() {
  {
    const std::lock_guard lock(mutex_);
    if (!secret_.empty())
      return secret_;
  }
  auto found = gateway_.ask<std::string>(
      [](db::store &session) { return session.shared_secret("cursor"); });
  if (!found)
    return tl::unexpected(store_failure(found.error()));
  const std::lock_guard lock(mutex_);
  secret_ = *found;
  return secret_;
}

} // namespace sluice::http
