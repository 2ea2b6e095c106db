#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "config/settings.hpp"
#include "db/model/error.hpp"
#include "db/store.hpp"
#include "http/in/machine_facts.hpp"

/// What is found about a service's surroundings, as JSON; one form, whether
/// the service looks or somebody in its place.
namespace sluice::http {

nlohmann::ordered_json to_json(const db::store_facts &facts);
nlohmann::ordered_json to_json(const process_facts &facts);
nlohmann::ordered_json to_json(const machine_facts &facts);

/// Of the library that this program runs with: `3.0.17`.
std::string openssl_version();

/// `{"store", "store_error", "disk"}` of the store that the settings name,
/// looked at from here; each null when it can't be had, or there is none.
nlohmann::ordered_json look_at_store(const config::settings &settings);

} // namespace sluice::http
