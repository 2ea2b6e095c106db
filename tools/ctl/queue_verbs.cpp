#include <chrono>
#include <string>

#include <CLI/CLI.hpp>

#include "tools/ctl/verb_tree.hpp"

namespace sluice::tools {

using std::chrono::seconds;

void add_ledger_verbs(verb_tree &tree) {
  auto *ledger = tree.add_group("ledger", "The books");
  tree.add(*ledger, "verify",
           "Compares the books with the tables; 1 if they "
           "don't balance",
           "ledger verify",
           [](console &on, const verb_options &) { return run_verify(on); });
  auto *repair =
      tree.add(*ledger, "repair", "Makes the books balance, on the record",
               "ledger repair --reason 'rows deleted by hand, ticket 7'",
               [](console &on, const verb_options &said) {
                 return run_repair(on, said.why.reason);
               });
  tree.add_reason(repair, true);
}

void add_queue_verbs(verb_tree &tree) {
  const auto &options = tree.options();
  auto *queue = tree.add_group("queue", "Items of the queue");
  auto *list = tree.add(*queue, "list", "Shows items, without their payloads",
                        "queue list --status quarantined --older-than 1h",
                        [](console &on, const verb_options &said) {
                          return run_list_items(on, said.filter);
                        });
  list->add_option("--status", options->filter.status, "Only these")
      ->check(CLI::IsMember({"pending", "processing", "quarantined"}));
  list->add_option("--org", options->filter.organization,
                   "Only this organization's")
      ->type_name("ID");
  tree.add_seconds(
      list, "--older-than", "Only what was accepted before that",
      [options](seconds span) { options->filter.older_than = span; });
  tree.add_limit(list);
  auto *requeue = tree.add(*queue, "requeue", "Tries quarantined items again",
                           "queue requeue ID --reason 'the fault is mended'",
                           [](console &on, const verb_options &said) {
                             return run_requeue(on, said.ids, said.why.reason);
                           });
  auto *discard =
      tree.add(*queue, "discard", "Throws waiting items away, on the record",
               "queue discard ID ID --reason 'test data' --yes",
               [](console &on, const verb_options &said) {
                 return run_discard(on, said.ids, said.why.reason);
               });
  for (auto *command : {requeue, discard}) {
    command->add_option("ID", options->ids, "Ids of events")->required();
    tree.add_reason(command, true);
  }
}

} // namespace sluice::tools
