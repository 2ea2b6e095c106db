#include "tools/doctor/judge.hpp"

namespace sluice::tools {

findings judge(const json &facts, std::string_view today) {
  findings out;
  for (const auto &part :
       {judge_service(facts), judge_settings(facts), judge_store(facts, today),
        judge_surroundings(facts, today)})
    out.insert(out.end(), part.begin(), part.end());
  return out;
}

} // namespace sluice::tools
