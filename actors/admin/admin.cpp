#include "actors/admin/admin.hpp"

#include <utility>

#include "actors/admin/clerk.hpp"
#include "actors/spawn.hpp"

namespace sluice::actors {

namespace {

/// A problem document of what goes wrong here; the texts hold no characters
/// that JSON would escape.
std::string problem_text(std::uint32_t status, std::string_view slug,
                         std::string_view title, std::string_view detail) {
  std::string out = R"({"type":"urn:sluice:problem:)";
  out.append(slug).append(R"(","title":")").append(title);
  out.append(R"(","status":)").append(std::to_string(status));
  out.append(R"(,"detail":")").append(detail);
  out.append(R"(","error":")").append(detail).append(R"("})");
  return out;
}

admin_state::order_result refuse(std::uint32_t status, std::string_view slug,
                                 std::string_view title,
                                 std::string_view detail) {
  return {status, problem_text(status, slug, title, detail)};
}

} // namespace

admin_state::admin_state(pointer self) : self_(self) {}

void admin_state::init(admin_duties_ptr duties) {
  duties_ = std::move(duties);
}

admin_state::order_result admin_state::carry_out(admin_order order) {
  if (under_way_ == duties_->most_at_once)
    return refuse(503, "busy", "Busy",
                  "too many orders are being carried out; try again");
  ++under_way_;
  auto helper = spawn_child<caf::detached>(self_, clerk, duties_);
  auto reply = self_->make_response_promise<std::uint32_t, std::string>();
  // Not delegated: the answer would show the peer whose it is.
  self_
      ->request(helper, duties_->deadline, work_atom::value,
                std::make_shared<const admin_order>(std::move(order)))
      .then(
          [this, reply](std::uint32_t status, std::string &body) mutable {
            --under_way_;
            reply.deliver(status, std::move(body));
          },
          [this, reply](const caf::error &) mutable {
            --under_way_;
            reply.deliver(std::uint32_t{504},
                          problem_text(504, "timeout", "Timeout",
                                       "the order was not carried out in "
                                       "time; look whether it still is"));
          });
  return reply;
}

admin_actor::behavior_type admin(admin_state::pointer self,
                                 admin_duties_ptr duties) {
  self->set_exit_handler([=](caf::exit_msg &message) {
    if (!message.source || message.source.node() == self->system().node())
      self->quit(message.reason);
  });
  self->state.init(std::move(duties));
  return {
      [=](hello_atom, std::uint32_t, const std::string &)
          -> caf::result<std::uint32_t, std::string, std::string> {
        const auto &own = self->state.duties();
        return {admin_protocol, own.version, own.node};
      },
      [=](order_atom, std::uint32_t protocol, std::string &version,
          std::string &operator_name, std::string &method, std::string &path,
          std::string &body) -> admin_state::order_result {
        const auto &own = self->state.duties();
        if (protocol != admin_protocol || version != own.version)
          return refuse(409, "other-version", "Another version",
                        "the console is of another version than the service");
        return self->state.carry_out({std::move(operator_name),
                                      std::move(method), std::move(path),
                                      std::move(body)});
      },
  };
}

} // namespace sluice::actors
