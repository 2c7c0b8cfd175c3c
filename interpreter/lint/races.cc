#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "interpreter/lint/accesses.h"
#include "interpreter/lint/lint.h"
#include "interpreter/lint/order.h"

namespace cairn::lint {
namespace {

std::string code_of(ResourceForm form) {
  switch (form) {
    case ResourceForm::volume: return "L0401";
    case ResourceForm::host_path: return "L0402";
    case ResourceForm::host_port: return "L0403";
    case ResourceForm::object_name:
    case ResourceForm::image_tag: return "L0404";
    case ResourceForm::database: return "L0405";
  }
  return {};
}

struct Pair {
  const Access* a = nullptr;
  const Access* b = nullptr;
};

// Iterations of one `for` share their text: one finding for all of them.
bool same_text(const Pair& one, const Pair& other) {
  return one.a->form == other.a->form && one.a->span == other.a->span && one.b->span == other.b->span;
}

// A group that is larger is compared neighbour by neighbour only: enough to find that something is unordered.
constexpr std::size_t compared_in_full = 24;

std::string verb(const Access& access) { return access.writes ? "writes" : "reads"; }

}  // namespace

void find_races(const Graph& graph, Diagnostics& findings) {
  const std::vector<Access> all = accesses(graph);
  std::map<std::pair<ResourceForm, std::string>, std::vector<const Access*>> by_resource;
  for (const Access& access : all) by_resource[{access.form, access.resource}].push_back(&access);

  std::vector<Pair> pairs;
  std::vector<Question> questions;
  for (const auto& [resource, users] : by_resource) {
    for (std::size_t i = 0; i < users.size(); ++i) {
      const std::size_t end = users.size() <= compared_in_full ? users.size() : std::min(users.size(), i + 2);
      for (std::size_t j = i + 1; j < end; ++j) {
        if (users[i]->node == users[j]->node || (!users[i]->writes && !users[j]->writes)) continue;
        pairs.push_back({users[i], users[j]});
        // A port is taken for a whole life: only the end of one orders the beginning of the other.
        const bool whole_life = resource.first == ResourceForm::host_port;
        questions.push_back({whole_life ? users[i]->ends : users[i]->begins, users[j]->begins});
        questions.push_back({whole_life ? users[j]->ends : users[j]->begins, users[i]->begins});
      }
    }
  }
  const std::vector<bool> before = comes_before(graph, questions);

  std::vector<Pair> told;
  for (std::size_t p = 0; p < pairs.size(); ++p) {
    const Pair& pair = pairs[p];
    if (before[2 * p] || before[2 * p + 1]) continue;
    if (std::any_of(told.begin(), told.end(), [&](const Pair& other) { return same_text(pair, other); })) continue;
    told.push_back(pair);
    const Node& a = graph.node(pair.a->node);
    const Node& b = graph.node(pair.b->node);
    Diagnostic& finding = findings.warning(
        code_of(pair.a->form), pair.b->span.known() ? pair.b->span : b.span,
        fmt::format("`{}` and `{}` use {} `{}` at the same time", a.path, b.path, name_of(pair.a->form), pair.a->resource),
        fmt::format("`{}` {} it here", b.path, verb(*pair.b)));
    finding.label(pair.a->span.known() ? pair.a->span : a.span, fmt::format("`{}` {} it here, and nothing orders the two", a.path, verb(*pair.a)));
    if (pair.a->form == ResourceForm::host_port)
      finding.help("give one of them another port, or a plain container port: then cairn picks a free one");
    else
      finding.help(fmt::format("write `after = [{}]` in `{}`, or read what the one makes in the other", a.network_name, b.path));
  }
}

}  // namespace cairn::lint
