#include "tools/bench/floor_sender.hpp"

#include <string_view>
#include <vector>

#include "http/out/curl_handles.hpp"
#include "tools/bench/failure.hpp"

namespace sluice::tools {

namespace {

std::size_t ignore(char *, std::size_t size, std::size_t count, void *) {
  return size * count;
}

http::curl_list webhook_headers() {
  http::curl_list list;
  for (const auto *line :
       {"Content-Type: application/json",
        "webhook-id: 01890000-0000-7000-8000-000000000000",
        "webhook-timestamp: 1700000000",
        "webhook-signature: v1,MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="})
    http::append(list, line);
  return list;
}

/// As many transfers as are to be in flight, each begun anew when it ends.
class bare_sender {
public:
  explicit bare_sender(const sending_plan &plan)
      : plan_(plan), headers_(webhook_headers()),
        url_("http://127.0.0.1:" + std::to_string(plan.port) + "/hook"),
        multi_(curl_multi_init()) {
    curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS,
                      static_cast<long>(plan.in_flight));
  }

  ~bare_sender() {
    for (const auto &each : transfers_)
      curl_multi_remove_handle(multi_.get(), each.get());
  }

  bare_sender(const bare_sender &) = delete;
  bare_sender &operator=(const bare_sender &) = delete;

  void run() {
    for (int i = 0; i < plan_.in_flight && begun_ < plan_.requests; ++i) {
      transfers_.push_back(make());
      begin(transfers_.back().get());
    }
    while (ended_ < plan_.requests) {
      int running = 0;
      curl_multi_perform(multi_.get(), &running);
      take_results();
      if (ended_ < plan_.requests)
        curl_multi_poll(multi_.get(), nullptr, 0, 1000, nullptr);
    }
  }

private:
  http::easy_handle make() {
    http::easy_handle out(curl_easy_init());
    auto *easy = out.get();
    curl_easy_setopt(easy, CURLOPT_URL, url_.c_str());
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, plan_.body.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(plan_.body.size()));
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, 30L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    return out;
  }

  void begin(CURL *easy) {
    curl_multi_add_handle(multi_.get(), easy);
    ++begun_;
  }

  void take_results() {
    int left = 0;
    while (const auto *message = curl_multi_info_read(multi_.get(), &left)) {
      if (message->msg != CURLMSG_DONE)
        continue;
      auto *const easy = message->easy_handle;
      long status = 0;
      curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
      if (status < 200 || status > 299)
        throw bench_failure("the bare sender was answered with " +
                            std::to_string(status));
      curl_multi_remove_handle(multi_.get(), easy);
      ++ended_;
      if (begun_ < plan_.requests)
        begin(easy);
    }
  }

  const sending_plan &plan_;
  http::curl_list headers_;
  std::string url_;
  http::multi_handle multi_;
  std::vector<http::easy_handle> transfers_;
  long begun_ = 0;
  long ended_ = 0;
};

} // namespace

double run_floor_sender(const sending_plan &plan) {
  using clock = std::chrono::steady_clock;
  if (!http::has_curl())
    throw bench_failure("libcurl can't begin");
  bare_sender sender(plan);
  const auto begun = clock::now();
  sender.run();
  const std::chrono::duration<double> took = clock::now() - begun;
  return static_cast<double>(plan.requests) / took.count();
}

} // namespace sluice::tools
