#include "cli/saved_plan.h"

#include <fmt/format.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "runtime/kinds/observe.h"

namespace cairn::cli {
namespace {

using Json = nlohmann::ordered_json;
using Texts = std::map<std::string, std::string>;

constexpr int plan_format = 1;
constexpr std::size_t most_shown = 10;

// What the file says of each block that takes part, and what is to be done with its steps.
Texts blocks_of(const Planned& planned) {
  const Graph& graph = planned.program->graph();
  Texts texts;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    if (!node.steps.empty() &&
        planned.plan.steps[index(node.steps.front())].verdict != plan::Verdict::not_needed)
      texts[node.path] =
          kinds::settings_hash(graph, planned.program->sources, planned.program->project_folder,
                               NodeId{static_cast<std::uint32_t>(n)});
  }
  return texts;
}

Texts steps_of(const Planned& planned) {
  const Graph& graph = planned.program->graph();
  Texts texts;
  for (const StepId step : graph.order) {
    const plan::StepPlan& its = planned.plan.steps[index(step)];
    if (is_virtual(graph.steps[index(step)].phase) || its.verdict == plan::Verdict::not_needed) continue;
    texts[graph.name(step)] = fmt::format("{}: {}", plan::name_of(its.verdict), its.reason);
  }
  return texts;
}

std::vector<std::string> changes(const Texts& blocks, const Texts& steps, const Planned& now) {
  std::vector<std::string> found;
  const Texts blocks_now = blocks_of(now), steps_now = steps_of(now);
  for (const auto& [path, was] : blocks) {
    const auto is = blocks_now.find(path);
    if (is == blocks_now.end())
      found.push_back(fmt::format("`{}` takes no part any more", path));
    else if (is->second != was)
      found.push_back(fmt::format("`{}`: {}", path, plan::what_changed(was, is->second)));
  }
  for (const auto& [path, is] : blocks_now)
    if (!blocks.contains(path)) found.push_back(fmt::format("`{}` is new", path));
  for (const auto& [step, was] : steps) {
    const auto is = steps_now.find(step);
    const std::string node = step.substr(0, step.rfind(':'));
    if (is != steps_now.end() && is->second != was)
      found.push_back(fmt::format("`{}` was {}; now {}", step, was, is->second));
    else if (is == steps_now.end() && blocks_now.contains(node))
      found.push_back(fmt::format("`{}` was {}; now there is nothing to do", step, was));
  }
  for (const auto& [step, is] : steps_now)
    if (!steps.contains(step) && blocks.contains(step.substr(0, step.rfind(':'))))
      found.push_back(fmt::format("`{}` is new: {}", step, is));
  return found;
}

}  // namespace

bool save_plan(const std::string& path, const Planned& planned, Invocation& invocation) {
  const Wanted& wanted = planned.wanted;
  Json all = {{"cairn_plan", plan_format},
              {"goal", words_of(wanted)},
              {"file", planned.program->path},
              {"params", invocation.params},
              {"params_file", invocation.params_file},
              {"up", wanted.up},
              {"names", wanted.names},
              {"only", wanted.only},
              {"from", wanted.from},
              {"skip", wanted.skip},
              {"profiles", wanted.profiles},
              {"keep", wanted.keep},
              {"blocks", blocks_of(planned)},
              {"steps", steps_of(planned)}};
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << all.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
  file.close();
  if (file) return true;
  complain(invocation, wrong_input, fmt::format("cannot write the plan to `{}`", path));
  return false;
}

bool load_saved_plan(const std::string& path, bool up, Planned& planned, Invocation& invocation) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    complain(invocation, wrong_input, fmt::format("the plan `{}` cannot be read", path),
             fmt::format("`cairn plan {}--out {}` writes one", up ? "--up " : "STAGE ", path));
    return false;
  }
  const Json all = Json::parse(file, nullptr, false);
  Texts blocks, steps;
  try {
    if (!all.is_object() || all.at("cairn_plan") != plan_format) throw std::runtime_error("another format");
    planned.wanted.up = all.at("up");
    planned.wanted.names = all.at("names").get<std::vector<std::string>>();
    planned.wanted.only = all.at("only").get<std::vector<std::string>>();
    planned.wanted.from = all.at("from").get<std::vector<std::string>>();
    planned.wanted.skip = all.at("skip").get<std::vector<std::string>>();
    planned.wanted.profiles = all.at("profiles").get<std::vector<std::string>>();
    planned.wanted.keep = all.at("keep");
    blocks = all.at("blocks").get<Texts>();
    steps = all.at("steps").get<Texts>();
    if (invocation.file.empty()) invocation.file = all.at("file");
    if (invocation.params.empty()) invocation.params = all.at("params").get<std::vector<std::string>>();
    if (invocation.params_file.empty()) invocation.params_file = all.at("params_file");
  } catch (const std::exception&) {
    complain(invocation, wrong_input, fmt::format("`{}` is no plan of this cairn", path),
             "`cairn plan --out FILE` writes one");
    return false;
  }
  if (planned.wanted.up != up) {
    const std::string command = planned.wanted.up ? "up" : "run";
    complain(invocation, wrong_input, fmt::format("`{}` is a plan of `{}`", path, command),
             fmt::format("`cairn {} --plan {}`", command, path));
    return false;
  }
  if (!make_plan(planned, invocation)) return false;
  const std::vector<std::string> found = changes(blocks, steps, planned);
  if (found.empty()) return true;
  std::string text = fmt::format("the plan `{}` is out of date", path);
  for (std::size_t i = 0; i < std::min(found.size(), most_shown); ++i) text += "\n  = " + found[i];
  if (found.size() > most_shown) text += fmt::format("\n  = and {} more", found.size() - most_shown);
  complain(invocation, wrong_input, text,
           fmt::format("look at it again: `cairn plan {}--out {}`", up ? "--up " : "", path));
  return false;
}

}  // namespace cairn::cli
