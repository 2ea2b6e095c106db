#include "tools/logging.hpp"

#include <memory>
#include <string>

#include <nlohmann/json.hpp>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

namespace sluice::tools {

namespace {

/// The message as a JSON string; spdlog's own `%v` escapes nothing.
class json_message : public spdlog::custom_flag_formatter {
public:
  void format(const spdlog::details::log_msg &message, const std::tm &,
              spdlog::memory_buf_t &out) override {
    std::string text(message.payload.data(), message.payload.size());
    auto quoted = nlohmann::json(text).dump(
        -1, ' ', false, nlohmann::json::error_handler_t::replace);
    out.append(quoted.data(), quoted.data() + quoted.size());
  }

  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<json_message>();
  }
};

std::unique_ptr<spdlog::formatter> json_lines() {
  auto lines = std::make_unique<spdlog::pattern_formatter>(
      spdlog::pattern_time_type::utc);
  lines->add_flag<json_message>('*').set_pattern(
      R"({"time":"%Y-%m-%dT%H:%M:%S.%fZ","level":"%l","message":%*})");
  return lines;
}

} // namespace

void start_logging(const config::log_settings &settings) {
  auto logger = spdlog::stderr_color_mt("sluice");
  if (settings.format == "json")
    logger->set_formatter(json_lines());
  else
    logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%-5l%$ %v",
                        spdlog::pattern_time_type::utc);
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(logger);
  set_log_level(settings);
}

void set_log_level(const config::log_settings &settings) {
  spdlog::set_level(spdlog::level::from_str(settings.level));
}

} // namespace sluice::tools
