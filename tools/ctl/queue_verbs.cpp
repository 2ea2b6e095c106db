#include <string>

#include <CLI/CLI.hpp>

#include "tools/ctl/verb_tree.hpp"

namespace sluice::tools {

namespace {

/// Ids, or a filter; never both, and never neither.
void add_choice(verb_tree &tree, CLI::App *command) {
  const auto &options = tree.options();
  command->add_option("ID", options->ids,
                      "Ids of events; else those that pass the filter, 1000 at "
                      "a time");
  tree.add_filter(command);
  tree.add_reason(command);
  tree.add_dry_run(command);
  command->parse_complete_callback([options] {
    if (options->ids.empty() == !options->filter.is_narrow())
      throw CLI::ValidationError("ID", "say ids, or a filter (--status, --org, "
                                       "--older-than), and not both");
    if (!options->is_trial && options->why.reason.empty())
      throw CLI::RequiredError("--reason");
  });
}

} // namespace

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
                 return run_repair(on, said.change());
               });
  tree.add_reason(repair);
  tree.add_dry_run(repair, true);
}

void add_queue_verbs(verb_tree &tree) {
  const auto &options = tree.options();
  auto *queue = tree.add_group("queue", "Items of the queue");
  auto *list = tree.add(*queue, "list", "Shows items, without their payloads",
                        "queue list --status quarantined --older-than 1h",
                        [](console &on, const verb_options &said) {
                          return run_list_items(on, said.filter);
                        });
  tree.add_filter(list);
  tree.add_limit(list);
  auto *show = tree.add(
      *queue, "show", "Where one event is, wherever that is",
      "queue show ID --payload", [](console &on, const verb_options &said) {
        return run_show_item(on, said.word, said.with_payload);
      });
  show->add_option("ID", options->word, "Of the event")->required();
  show->add_flag("--payload", options->with_payload, "The payload as well");
  auto *requeue =
      tree.add(*queue, "requeue", "Tries quarantined items again",
               "queue requeue ID --reason 'the fault is mended'",
               [](console &on, const verb_options &said) {
                 return run_requeue(on, {said.ids, said.filter}, said.change());
               });
  auto *discard =
      tree.add(*queue, "discard", "Throws waiting items away, on the record",
               "queue discard ID ID --reason 'test data' --yes",
               [](console &on, const verb_options &said) {
                 return run_discard(on, {said.ids, said.filter}, said.change());
               });
  for (auto *command : {requeue, discard})
    add_choice(tree, command);
}

} // namespace sluice::tools
