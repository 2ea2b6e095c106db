#include "tests/http/out/outbox.hpp"

#include <iterator>
#include <stdexcept>

namespace sluice::tests {

namespace {

constexpr std::chrono::seconds patience{20};

} // namespace

outbox::outbox(setup with)
    : box_(http::secret_box::open(folder_.path() / "secrets.key").value()),
      sealed_(box_->seal(secret).value()) {
  settings_.allow_networks = std::move(with.allow_networks);
  settings_.timeout = with.timeout;
  settings_.connect_timeout = with.connect_timeout;
  settings_.max_in_flight = with.max_in_flight;
  http::webhook_sender_options options;
  options.box = box_;
  options.forbidden = std::move(with.forbidden);
  options.name_servers = std::move(with.name_servers);
  options.ca_file = std::move(with.ca_file);
  port_ = http::open_webhook_sender(std::move(options))(
      settings_, [this](std::vector<actors::webhook_answer> some) {
        const std::lock_guard lock(mutex_);
        answers_.insert(answers_.end(), std::make_move_iterator(some.begin()),
                        std::make_move_iterator(some.end()));
        has_come_.notify_all();
      });
  if (!port_)
    throw std::runtime_error("no sender");
}

actors::webhook_request outbox::request(const std::string &url) {
  actors::webhook_request out;
  out.token = ++last_token_;
  out.url = url;
  out.secrets = {sealed_};
  out.id = "evt_" + std::to_string(out.token);
  out.type = "invoice.paid";
  out.payload = R"({"amount" : 1.50})";
  out.accepted_at = db::timestamp(std::chrono::seconds(1'700'000'000));
  return out;
}

void outbox::send(const std::string &url, int count) {
  std::vector<actors::webhook_request> requests;
  for (int i = 0; i < count; ++i)
    requests.push_back(request(url));
  port_->send(std::move(requests));
}

std::vector<actors::webhook_answer> outbox::wait_for(std::size_t count) {
  std::unique_lock lock(mutex_);
  if (!has_come_.wait_for(lock, patience,
                          [&] { return answers_.size() >= count; }))
    throw std::runtime_error("answers did not come");
  return std::exchange(answers_, {});
}

actors::webhook_answer outbox::send_one(const std::string &url) {
  send(url);
  return wait_for(1).front();
}

} // namespace sluice::tests
