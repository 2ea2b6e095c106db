#pragma once

#include <filesystem>

#include "tools/doctor/finding.hpp"

namespace sluice::tools {

/// `{"folder", "fault", "files": [{"file", "days_left", "mode", "is_key",
/// "fault"}]}` of a folder with certificates of the admin port.
json look_at_certificates(const std::filesystem::path &folder);

} // namespace sluice::tools
