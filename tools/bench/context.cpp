#include "tools/bench/context.hpp"

#include <iostream>

namespace sluice::tools {

std::unique_ptr<target> bench_context::make_target(const std::string &store) {
  if (store == "sqlite")
    return target::make_sqlite(options.folder);
  if (!options.postgres_url.empty())
    return target::make_postgres(options.folder, options.postgres_url);
  if (!cluster_) {
    tell("starting a PostgreSQL server of our own");
    cluster_ = std::make_unique<postgres_cluster>(options.folder);
  }
  return target::make_postgres(options.folder, cluster_->url());
}

std::map<std::string, std::string>
bench_context::settings(std::map<std::string, std::string> more) const {
  for (const auto &[name, value] : options.settings)
    more[name] = value;
  return more;
}

void bench_context::finish() {
  cluster_.reset();
  found.begin("conditions");
  found.add(figure{"processors used by others",
                   "%",
                   {share_.others()},
                   options.postgres_url.empty()
                       ? "of the machine, over the whole run"
                       : "the given PostgreSQL server included"});
}

void bench_context::tell(const std::string &line) const {
  std::cerr << "bench: " << line << std::endl;
}

std::map<std::string, std::string> without_limit() {
  return {{"ingest.max_queue_depth", "100000000"}};
}

} // namespace sluice::tools
