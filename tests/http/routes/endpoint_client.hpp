#pragma once

#include <string>

#include "tests/http/routes/route_client.hpp"

/// What tests of endpoints send, again and again.
namespace sluice::tests {

inline const std::string endpoints_path = "/api/endpoints";
inline const std::string good_url = "https://hooks.example.com/in?a=b";

/// A new endpoint with these members beside its URL: `,"headers":{}`.
received make_endpoint(const route_client &client,
                       const std::string &more = "");

/// The id that an answer has.
std::string id_in(const received &answer);

received patch(const route_client &client, const std::string &id,
               const std::string &body);

/// `POST /api/endpoints/{id}/{what}`.
received order(const route_client &client, const std::string &id,
               const std::string &what, const std::string &body = "");

/// A step of a replay that found so many, and more unless it is the last.
db::replay_outcome replay_step(int count, bool is_last = false);

} // namespace sluice::tests
