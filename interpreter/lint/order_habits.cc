// Findings about order that is said twice, or not at all.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "interpreter/lint/accesses.h"
#include "interpreter/lint/lint.h"
#include "interpreter/lint/order.h"

namespace cairn::lint {
namespace {

// `after = [db]` where a setting reads db anyway.
void find_repeated_after(const Graph& graph, Diagnostics& findings) {
  // An edge that both say is there once; that a value flows along it is kept.
  using Ends = std::pair<NodeId, NodeId>;
  std::set<Ends> references;
  for (const Edge& edge : graph.edges) {
    if (edge.kind != EdgeKind::needs || !(edge.data || edge.reason == EdgeReason::reference)) continue;
    const NodeId reader = graph.steps[index(edge.to)].node;
    // What is read of an instance's parts is waited for as the whole.
    for (NodeId read = graph.steps[index(edge.from)].node; read != no_node; read = graph.node(read).parent) {
      if (graph.node(read).kind == "stage" || graph.node(read).kind == "for") break;
      references.insert({read, reader});
    }
  }
  // What one iteration of a `for` reads, another may not: a text repeats something only if it always does.
  using Text = std::pair<std::uint32_t, std::uint32_t>;
  struct Found {
    Ends ends;
    Span span;
  };
  std::map<Text, Found> repeated;
  std::set<Text> needed;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Setting* after = graph.nodes[n].setting("after");
    if (after == nullptr || !after->written) continue;
    const Text text{after->span.file, after->span.begin};
    bool found = false;
    for (const Value* value : elements_of(graph.nodes[n], "after")) {
      const NodeRef* target = value->as<NodeRef>();
      const Ends ends{target == nullptr ? no_node : target->node, NodeId{static_cast<std::uint32_t>(n)}};
      if (target == nullptr || !references.contains(ends)) continue;
      repeated.emplace(text, Found{ends, after->span});
      found = true;
    }
    if (!found) needed.insert(text);
  }
  for (const auto& [text, found] : repeated) {
    if (needed.contains(text)) continue;
    findings
        .warning("L0509", found.span,
                 fmt::format("`{}` waits for `{}` already", graph.node(found.ends.second).path,
                             graph.node(found.ends.first).path),
                 "a setting of it reads the other, and a reference is an edge")
        .help("leave it out of `after`");
  }
}

// An image that goes to a registry before what was run from it has been tested.
void find_pushed_untested(const Graph& graph, Diagnostics& findings) {
  std::map<NodeId, std::vector<NodeId>> tests_of_image;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const NodeRef* image = graph.nodes[n].value("image").as<NodeRef>();
    if (image != nullptr && graph.nodes[n].kind == "run" && !elements_of(graph.nodes[n], "reports").empty())
      tests_of_image[image->node].push_back(NodeId{static_cast<std::uint32_t>(n)});
  }
  std::vector<std::pair<NodeId, NodeId>> pairs;  // a push and a test
  std::vector<Question> questions;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const NodeId push{static_cast<std::uint32_t>(n)};
    const NodeRef* image =
        graph.nodes[n].kind != "push" ? nullptr : graph.nodes[n].value("image").as<NodeRef>();
    const auto tests = image == nullptr ? tests_of_image.end() : tests_of_image.find(image->node);
    if (tests == tests_of_image.end()) continue;
    for (const NodeId test : tests->second) {
      pairs.emplace_back(push, test);
      questions.push_back({graph.step(test, Phase::run), graph.step(push, Phase::run)});
    }
  }
  const std::vector<bool> before = comes_before(graph, questions);
  std::set<std::pair<std::uint32_t, std::uint32_t>> told;
  for (std::size_t p = 0; p < pairs.size(); ++p) {
    const Node& push = graph.node(pairs[p].first);
    const Node& test = graph.node(pairs[p].second);
    if (before[p] || !told.insert({push.span.file, push.span.begin}).second) continue;
    findings
        .warning("L0515", push.span,
                 fmt::format("`{}` does not wait for `{}`, which tests the same image", push.path, test.path),
                 "it may be pushed before its tests have passed")
        .label(test.span, "the tests")
        .help(fmt::format("write `after = [{}]`", test.network_name));
  }
}

}  // namespace

void find_order_habits(const Graph& graph, Diagnostics& findings) {
  find_repeated_after(graph, findings);
  find_pushed_untested(graph, findings);
}

void find_all(const Request& request, Diagnostics& findings) {
  find_races(request.graph, findings);
  find_unordered_reach(request.graph, findings);
  find_habits(request.graph, findings);
  find_order_habits(request.graph, findings);
  find_empty_promises(request.graph, findings);
  find_paths(request, findings);
}

}  // namespace cairn::lint
