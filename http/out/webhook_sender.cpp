#include "http/out/webhook_sender.hpp"

#include <system_error>
#include <thread>
#include <utility>

#include "http/out/sending_loop.hpp"

namespace sluice::http {

namespace {

class webhook_sender : public actors::webhook_port {
public:
  explicit webhook_sender(std::unique_ptr<sending_loop> loop)
      : loop_(std::move(loop)), thread_([this] { loop_->run(); }) {}

  ~webhook_sender() override {
    loop_->stop();
    thread_.join();
  }

  void send(std::vector<actors::webhook_request> requests) override {
    loop_->send(std::move(requests));
  }

  void apply(const config::delivery_settings &settings) override {
    loop_->apply(settings);
  }

private:
  std::unique_ptr<sending_loop> loop_;
  std::thread thread_;
};

} // namespace

actors::webhook_port_opener
open_webhook_sender(webhook_sender_options options) {
  return
      [options = std::move(options)](const config::delivery_settings &settings,
                                     actors::on_webhook_answers done)
          -> std::unique_ptr<actors::webhook_port> {
        auto loop = sending_loop::make(options, settings, std::move(done));
        if (!loop)
          return nullptr;
        try {
          return std::make_unique<webhook_sender>(std::move(loop));
        } catch (const std::system_error &) {
          // There is no thread for it.
          return nullptr;
        }
      };
}

} // namespace sluice::http
