#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::config {

// Each answers what is wrong with the text, to be put behind "http.listen: ",
// or nothing when it is fine.

/// `host:port`, the host a name, an IPv4 address or a bracketed IPv6 address.
std::string check_address(std::string_view text);

/// `sqlite:PATH` or `postgresql://...`. The answer does not quote the text.
std::string check_store_url(std::string_view text);

/// 1 to 100 of `A-Z a-z 0-9 . _ : -`.
std::string check_name(std::string_view text);

/// 16 to 1000 printable ASCII characters without blanks, as an HTTP header
/// takes them. The answer does not quote the text.
std::string check_secret(std::string_view text);

/// 1 to 1000 bytes of UTF-8 without control characters.
std::string check_path(std::string_view text);

/// 1 to 50 durations of 1 ms to 30 days each, with blanks between them.
std::string check_durations(std::string_view text);

/// 1 to 100 networks, with blanks between them: an IPv4 or IPv6 address, `/`,
/// and the number of bits that count; no others may be set. `none`: no
/// network.
std::string check_networks(std::string_view text);

/// The words of a text, which blanks stand between.
std::vector<std::string> words_of(std::string_view text);

/// True for well-formed UTF-8.
bool is_utf8(std::string_view text);

/// A store URL with its password, and whatever else in it may be a secret,
/// written as `***`. Rather hides too much than too little.
std::string without_password(std::string_view store_url);

} // namespace sluice::config
