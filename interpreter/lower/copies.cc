// What a snapshot or clone cannot be: settings that speak against each other, and those of a volume that a
// copy has from its source. Judged on values that are known before the run; the rest is said when it is made.
#include <fmt/format.h>

#include "interpreter/lower/demands.h"

namespace cairn {
namespace {

constexpr const char* kCode = "S0413";

class Copy {
 public:
  Copy(const Graph& graph, const Node& node, Diagnostics& diagnostics)
      : graph_(graph), node_(node), diagnostics_(diagnostics) {}

  void check() {
    if (node_.kind == "clone") {
      check_inherited();
      check_onto();
      check_on();
      check_method();
    }
    check_driver();
  }

 private:
  const Node* named(const Node& node, const char* setting) const {
    const NodeRef* to = node.value(setting).as<NodeRef>();
    return to == nullptr ? nullptr : &graph_.node(to->node);
  }
  bool is_given(const char* setting) const {
    const Setting* found = node_.setting(setting);
    return found != nullptr && found->written && !found->value.null();
  }
  // Nothing: none, or one that is known later only.
  const Node* source() const { return named(node_, node_.kind == "clone" ? "from" : "of"); }
  const Node* array_of_source() const {
    const Node* cut = source();
    return cut != nullptr && cut->kind == "snapshot" ? named(*cut, "on") : nullptr;
  }

  // A clone is a volume, and takes what volumes take; some of it is its source's.
  void check_inherited() {
    const std::pair<const char*, const char*> all[] = {
        {"size", "a copy is as large as what it is from"},
        {"driver", "a copy is made by the driver of what it is from"},
        {"driver_opts", "a copy is made by the driver of what it is from"},
        {"external", "a clone is made by this run"}};
    for (const auto& [name, why] : all) {
      if (!is_given(name)) continue;
      if (const bool* external = node_.value(name).as<bool>(); external != nullptr && !*external) continue;
      diagnostics_.error(kCode, node_.setting(name)->span, fmt::format("a clone takes no `{}`", name), why)
          .help(fmt::format("leave `{}` out", name));
    }
  }

  void check_onto() {
    const Node* onto = named(node_, "onto");
    if (onto == nullptr || onto != source()) return;
    diagnostics_
        .error(kCode, node_.setting("onto")->span,
               fmt::format("`{}` would overwrite `{}` with itself", node_.path, onto->path),
               "this is its source")
        .help(
            "leave `onto` out, or take a `snapshot` first: `from = cut ; onto = …` brings it back to that "
            "moment");
  }

  void check_on() {
    const Node* on = named(node_, "on");
    const Node* cut = source();
    if (on == nullptr || cut == nullptr || cut->kind != "snapshot" || cut->value("on").late()) return;
    const Node* there = array_of_source();
    if (there == on) return;
    diagnostics_
        .error(kCode, node_.setting("on")->span,
               fmt::format("`{}` has no snapshot `{}` to clone from", on->path, cut->path),
               there == nullptr ? std::string("the snapshot is on no array")
                                : fmt::format("the snapshot is on `{}`", there->path))
        .label(cut->span, "taken here")
        .help(there == nullptr ? fmt::format("write `on = {}` in the snapshot", on->path)
                               : std::string("leave `on` out: a clone is made where its snapshot is"));
  }

  void check_method() {
    const std::string* method = node_.value("method").as<std::string>();
    if (method == nullptr || *method == "auto" || node_.value("on").late()) return;
    const Node* cut = source();
    if (cut != nullptr && cut->kind == "snapshot" && cut->value("on").late()) return;
    const Node* array = node_.value("on").null() ? array_of_source() : named(node_, "on");
    if (*method == "array" && array == nullptr)
      diagnostics_
          .error(kCode, node_.setting("method")->span, fmt::format("no array makes `{}`", node_.path),
                 "it does not say which")
          .help("write `on = NAME` of a `flasharray` block, here or in the snapshot");
    if (*method != "array" && array != nullptr)
      diagnostics_
          .error(kCode, node_.setting("method")->span,
                 fmt::format("`{}` cannot be cloned by {}", node_.path, *method),
                 fmt::format("the array `{}` makes it", array->path))
          .help("write `method = \"array\"`, or leave it out");
  }

  // The engine's own driver keeps volumes on the engine's machine.
  void check_driver() {
    const Node* on = named(node_, "on");
    const Node* volume = source();
    if (on == nullptr || volume == nullptr || volume->kind != "volume" || volume->policy.external) return;
    const Value& driver = volume->value("driver");
    const std::string* name = driver.as<std::string>();
    if (!driver.null() && (name == nullptr || *name != "local")) return;
    diagnostics_
        .error(kCode, node_.setting("on")->span,
               fmt::format("the volume `{}` is not on the array `{}`", volume->path, on->path),
               "nothing to copy there")
        .label(volume->span, "the engine's own driver `local` keeps it")
        .help(fmt::format("give `{}` the array's driver, as in `driver = \"pure\"`, or leave `on` out",
                          volume->path));
  }

  const Graph& graph_;
  const Node& node_;
  Diagnostics& diagnostics_;
};

}  // namespace

void check_copy(Evaluator& evaluator, NodeId id, const Draft& draft) {
  const Node& node = draft.graph.node(id);
  if (node.kind == "clone" || node.kind == "snapshot")
    Copy(draft.graph, node, evaluator.program.diagnostics).check();
}

}  // namespace cairn
