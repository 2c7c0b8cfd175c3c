// `for` and `if` around statements: which rounds they take, each with an environment of its own.
#include <fmt/format.h>

#include <unordered_set>

#include "interpreter/evaluate.h"
#include "interpreter/operators.h"

namespace cairn {

Control& Evaluator::control(const Region& region, Environment& at) {
  if (at.controls[region.index].progress != Progress::untouched) return at.controls[region.index];
  at.controls[region.index].progress = Progress::busy;
  std::optional<std::vector<Iteration>> iterations;
  if (!program.poisoned.contains(region.statement))
    iterations = region.branch() != nullptr ? branch_taken(region, at) : rounds_made(region, at);
  Control& done = at.controls[region.index];
  done.progress = iterations ? Progress::done : Progress::failed;
  if (iterations) done.iterations = std::move(*iterations);
  return done;
}

// What decides what is there has to be known before the run. Both branches of an `if` ask: said once.
void Evaluator::not_known(const Region& region, const Lateness& because, Span span) {
  if (region.otherwise) return;
  if (because.unknown) {
    left_out_.push_back(region.statement->span);
    return;
  }
  const bool is_branch = region.branch() != nullptr;
  Diagnostic& wrong = error("S0307", span,
                            fmt::format("`{}` needs a {} known before the run", is_branch ? "if" : "for",
                                        is_branch ? "condition" : "list"),
                            "not known yet");
  if (because.node == no_node)
    wrong.note(fmt::format("`{}` is known when the run has begun", because.text));
  else
    wrong.note(fmt::format("`{}` is known when `{}` {}", because.text, state(because.node).path,
                           node_is(because.node, "service") ? "is ready" : "has ended"));
}

std::optional<std::vector<Iteration>> Evaluator::branch_taken(const Region& region, Environment& at) {
  const syntax::Expr& written = *region.branch()->condition;
  Maybe condition;
  collect([&] { condition = evaluate(written, {&at, nullptr, no_node}); });
  if (!condition) return std::nullopt;
  if (condition->secret) {
    if (!region.otherwise)
      error("S0306", written.span, "a secret cannot decide what is there", "computed from a secret")
          .help("`reveal(…)` says that it may be known");
    return std::nullopt;
  }
  if (const Late* late = condition->as<Late>()) {
    not_known(region, late->expression->because, written.span);
    return std::nullopt;
  }
  const bool* is = condition->as<bool>();
  if (is == nullptr) {
    if (!region.otherwise)
      error("S0302", written.span, fmt::format("`if` takes a bool, not {}", kind_of_value(*condition)));
    return std::nullopt;
  }
  std::vector<Iteration> taken;
  if (*is != region.otherwise) taken.push_back({Value{}, environment_for(region, at)});
  return taken;
}

std::optional<std::vector<Iteration>> Evaluator::rounds_made(const Region& region, Environment& at) {
  const syntax::For& each = *region.each();
  const Span span = each.source->span;
  Maybe source;
  std::optional<std::vector<std::vector<Value>>> found;
  collect([&] {
    source = evaluate(*each.source, {&at, nullptr, no_node});
    if (source && !source->late()) found = elements(*each.source, each.variables.size(), *source);
  });
  if (source && source->late()) {
    not_known(region, source->as<Late>()->expression->because, span);
    return std::nullopt;
  }
  if (!found) return std::nullopt;
  if (source->secret_anywhere()) {
    error("S0306", span, "a secret cannot decide what is there", "holds a secret")
        .help("`reveal(…)` says that it may be known");
    return std::nullopt;
  }
  if (!spend(found->size(), span) || !room_for(found->size(), region, span)) return std::nullopt;

  std::vector<Iteration> rounds;
  std::unordered_set<std::string> keys;
  for (std::vector<Value>& variables : *found) {
    const std::optional<std::string> key = round_key(each, variables.front(), keys);
    if (!key) return std::nullopt;
    Iteration round{variables.front(), environment_for(region, at)};
    round.environment->key = at.key + "[" + *key + "]";
    round.environment->scope = at.scope + "[" + *key + "]";
    round.environment->variables = std::move(variables);
    rounds.push_back(std::move(round));
  }
  return rounds;
}

// What stands between the brackets of `db[eu]`; nullopt when the element can name nothing, which is told.
std::optional<std::string> Evaluator::round_key(const syntax::For& each, const Value& element,
                                                std::unordered_set<std::string>& taken) {
  const std::string& variable = each.variables.front().text;
  const std::string* text = element.as<std::string>();
  const std::int64_t* number = element.as<std::int64_t>();
  if (text == nullptr && number == nullptr) {
    error("S0309", each.source->span,
          fmt::format("the elements of this list name what is made of them: strings or ints, not {}",
                      kind_of_value(element)))
        .help(fmt::format("for i, {} in …", variable));
    return std::nullopt;
  }
  const std::string key = text != nullptr ? *text : std::to_string(*number);
  if (!taken.insert(key).second) {
    error("S0309", each.source->span, fmt::format("`{}` comes twice in this list", key),
          "its elements name what is made of them")
        .help(fmt::format("`for i, {} in …` names by position, `distinct(…)` drops repetitions", variable));
    return std::nullopt;
  }
  return key;
}

}  // namespace cairn
