#include "tests/http/routes/endpoint_client.hpp"

#include <nlohmann/json.hpp>

namespace sluice::tests {

received make_endpoint(const route_client &client, const std::string &more) {
  return client.post(endpoints_path,
                     R"({"url":")" + good_url + '"' + more + '}');
}

std::string id_in(const received &answer) {
  return answer.json().at("id").get<std::string>();
}

received patch(const route_client &client, const std::string &id,
               const std::string &body) {
  return client.send({"PATCH",
                      endpoints_path + '/' + id,
                      body,
                      {{"content-type", "application/json"}}});
}

received order(const route_client &client, const std::string &id,
               const std::string &what, const std::string &body) {
  return client.post(endpoints_path + '/' + id + '/' + what, body);
}

db::replay_outcome replay_step(int count, bool is_last) {
  db::replay_outcome made;
  made.count = count;
  if (!is_last)
    made.next = db::delivery_id::generate();
  return made;
}

} // namespace sluice::tests
