#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "interpreter/lint/accesses.h"
#include "interpreter/lint/lint.h"
#include "interpreter/lint/order.h"

namespace cairn::lint {
namespace {

std::string code_of(ResourceForm form) {
  switch (form) {
    case ResourceForm::volume:
      return "L0401";
    case ResourceForm::host_path:
      return "L0402";
    case ResourceForm::host_port:
      return "L0403";
    case ResourceForm::object_name:
    case ResourceForm::image_tag:
      return "L0404";
    case ResourceForm::database:
      return "L0405";
  }
  return {};
}

struct Pair {
  const Access* a = nullptr;
  const Access* b = nullptr;
};

// Iterations of one `for` share their text: one finding for all of them.
using Text = std::tuple<ResourceForm, std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>;
Text text_of(const Pair& pair) {
  return {pair.a->form, pair.a->span.file, pair.a->span.begin, pair.b->span.file, pair.b->span.begin};
}

// A group that is larger is compared neighbour by neighbour only: enough to find that something is unordered.
constexpr std::size_t compared_in_full = 24;

std::string_view verb(const Access& access) {
  switch (access.form) {
    case ResourceForm::host_port:
      return "takes";
    case ResourceForm::object_name:
    case ResourceForm::image_tag:
      return "gives";
    default:
      return access.writes ? "may write" : "reads";
  }
}

// "./." is the project's folder.
std::string shown(const std::string& resource) {
  return resource == "./." ? "." : resource;
}

bool mounts(const Node& node) {
  const Map* all = node.value("mounts").as<Map>();
  return all != nullptr && !all->entries.empty();
}

// Held from the beginning of one life to its end: only the end of one orders the beginning of the other.
bool is_held(ResourceForm form) {
  return form == ResourceForm::host_port || form == ResourceForm::object_name;
}

bool can_collide(const Access& a, const Access& b) {
  if (a.node == b.node || (!a.writes && !b.writes)) return false;
  return a.form != ResourceForm::host_port || a.address.empty() || b.address.empty() ||
         a.address == b.address;
}

class Races {
 public:
  Races(const Graph& graph, Diagnostics& findings)
      : graph_(graph), findings_(findings), all_(accesses(graph)) {}

  void find() {
    ByResource by_resource;
    for (const Access& access : all_)
      by_resource[{access.form, access.within, access.resource}].push_back(&access);
    for (const auto& [resource, users] : by_resource) {
      ask_about_folders_around(by_resource, resource, users);
      for (std::size_t i = 0; i < users.size(); ++i) {
        const std::size_t end =
            users.size() <= compared_in_full ? users.size() : std::min(users.size(), i + 2);
        for (std::size_t j = i + 1; j < end; ++j)
          if (can_collide(*users[i], *users[j])) ask(*users[i], *users[j]);
      }
    }
    const std::vector<bool> before = comes_before(graph_, questions_);
    std::set<Text> told;
    for (std::size_t p = 0; p < pairs_.size(); ++p) {
      if (before[2 * p] || before[2 * p + 1] || !told.insert(text_of(pairs_[p])).second) continue;
      if (service_under_clone(pairs_[p]))
        tell_live_writer(pairs_[p]);
      else
        tell(pairs_[p]);
    }
  }

 private:
  using ByResource = std::map<std::tuple<ResourceForm, std::string, std::string>, std::vector<const Access*>>;

  // Whoever has a folder has what lies in it: "./data" and "./data/seed", a volume and a part of it.
  void ask_about_folders_around(const ByResource& by_resource,
                                const std::tuple<ResourceForm, std::string, std::string>& resource,
                                const std::vector<const Access*>& users) {
    const ResourceForm form = std::get<0>(resource);
    const std::string& name = std::get<2>(resource);
    if (form != ResourceForm::host_path && form != ResourceForm::volume) return;
    const auto against = [&](const std::string& folder) {
      const auto around = by_resource.find({form, std::get<1>(resource), folder});
      if (around == by_resource.end()) return;
      for (std::size_t i = 0; i < users.size() && i < compared_in_full; ++i)
        for (std::size_t j = 0; j < around->second.size() && j < compared_in_full; ++j)
          if (can_collide(*around->second[j], *users[i])) ask(*around->second[j], *users[i]);
    };
    for (std::size_t slash = name.rfind('/'); slash != std::string::npos && slash > 0;
         slash = name.rfind('/', slash - 1))
      against(name.substr(0, slash));
    // The roots: "./." is the project's folder, "/" the machine's.
    if (form == ResourceForm::host_path && name != "./." && name.starts_with("./")) against("./.");
    if (form == ResourceForm::host_path && name != "/" && name.starts_with('/')) against("/");
  }

  void ask(const Access& a, const Access& b) {
    const Pair pair = is_clone(b) ? Pair{&b, &a} : Pair{&a, &b};
    pairs_.push_back(pair);
    const bool whole_life = is_held(a.form);
    const bool live_writer = service_under_clone(pair);
    questions_.push_back({whole_life ? pair.a->ends : pair.a->begins, pair.b->begins});
    questions_.push_back({whole_life || live_writer ? pair.b->ends : pair.b->begins, pair.a->begins});
  }

  bool is_clone(const Access& access) const {
    return !access.writes && graph_.node(access.node).kind == "clone";
  }

  // A copy that is made file by file while a service writes. An array cuts at one point in time.
  bool service_under_clone(const Pair& pair) const {
    return is_clone(*pair.a) && pair.b->writes &&
           graph_.node(pair.b->node).node_class == NodeClass::service &&
           graph_.node(pair.a->node).value("on").null();
  }

  void tell_live_writer(const Pair& pair) {
    const Node& clone = graph_.node(pair.a->node);
    const Node& writer = graph_.node(pair.b->node);
    findings_
        .warning("L0408", pair.a->span,
                 fmt::format("`{}` is made while `{}` may write to volume `{}`", clone.path, writer.path,
                             pair.a->resource),
                 "the copy may hold half of a change")
        .label(pair.b->span, fmt::format("`{}` writes it as long as it runs", writer.path))
        .help(fmt::format("write `after = [{}.stopped]` in `{}`, or clone a snapshot of the volume",
                          writer.network_name, clone.path));
  }

  void tell(const Pair& pair) {
    const Node& a = graph_.node(pair.a->node);
    const Node& b = graph_.node(pair.b->node);
    const std::string a_path = reader_path(graph_, pair.a->node), b_path = reader_path(graph_, pair.b->node);
    const ResourceForm form = pair.a->form;
    const bool one_text = pair.a->span == pair.b->span;
    // Of a folder and a part of it, the part is what both have.
    const std::string& inner =
        pair.a->resource.size() > pair.b->resource.size() ? pair.a->resource : pair.b->resource;
    const auto use = [&](const Access& access) {
      return access.resource == inner
                 ? fmt::format("{} it", verb(access))
                 : fmt::format("{} `{}`, which holds it,", verb(access), shown(access.resource));
    };
    Diagnostic& finding = findings_.warning(
        code_of(form), pair.b->span,
        fmt::format("`{}` and `{}` use {} `{}` at the same time", a_path, b_path, name_of(form),
                    shown(inner)),
        one_text ? "nothing orders the two" : fmt::format("`{}` {} here", b_path, use(*pair.b)));
    if (!one_text)
      finding.label(pair.a->span,
                    fmt::format("`{}` {} here, and nothing orders the two", a_path, use(*pair.a)));
    switch (form) {
      case ResourceForm::host_port:
        if (!a.value("in").null())
          finding.help("ask for `self.port(\"http\")` instead: a free port, and all readers know which");
        else
          finding.help(
              "give one of them another port, or a plain container port: then cairn picks a free one");
        break;
      case ResourceForm::object_name:
        finding.help("leave `name` out, then each gets one of its own, or give one of them another name");
        break;
      case ResourceForm::image_tag:
        finding.help("give each its own tag");
        break;
      default:
        if (one_text) {
          finding.help("give each iteration its own, made inside of the `for`");
        } else {
          // Whoever only reads comes second.
          const bool b_first = pair.b->writes && !pair.a->writes;
          finding.help(fmt::format("write `after = [{}]` in `{}`, or read what the one makes in the other",
                                   b_first ? b.network_name : a.network_name, b_first ? a_path : b_path));
        }
        if ((form == ResourceForm::volume || form == ResourceForm::host_path) && mounts(a) && mounts(b))
          finding.help("where it is only read, mount `readonly(…)`");
    }
  }

  const Graph& graph_;
  Diagnostics& findings_;
  const std::vector<Access> all_;
  std::vector<Pair> pairs_;
  std::vector<Question> questions_;
};

}  // namespace

void find_races(const Graph& graph, Diagnostics& findings) {
  Races(graph, findings).find();
}

}  // namespace cairn::lint
