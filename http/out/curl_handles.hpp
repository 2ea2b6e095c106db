#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <curl/curl.h>

namespace sluice::http {

struct easy_deleter {
  void operator()(CURL *handle) const { curl_easy_cleanup(handle); }
};
struct multi_deleter {
  void operator()(CURLM *handle) const { curl_multi_cleanup(handle); }
};
struct list_deleter {
  void operator()(curl_slist *list) const { curl_slist_free_all(list); }
};

using easy_handle = std::unique_ptr<CURL, easy_deleter>;
using multi_handle = std::unique_ptr<CURLM, multi_deleter>;
using curl_list = std::unique_ptr<curl_slist, list_deleter>;

/// Appends a line; false, with the list as it was, when there is no memory.
bool append(curl_list &list, const std::string &line);

/// Whether libcurl could begin, which it does once in a process.
bool has_curl();

/// The longest that an attempt may take.
struct attempt_limits {
  std::chrono::milliseconds whole{0};
  std::chrono::milliseconds connect{0};
};

/// Why a transfer has failed: one line, with nothing of its URL, payload and
/// headers. `took` decides which limit it has met.
std::string text_of_failure(CURL *handle, CURLcode code,
                            const attempt_limits &limits,
                            std::chrono::milliseconds took);

/// `30 s`, `1500 ms`.
std::string text_of_time(std::chrono::milliseconds time);

} // namespace sluice::http
