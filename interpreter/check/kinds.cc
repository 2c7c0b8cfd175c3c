// Kinds that files declare.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "interpreter/check/blocks.h"

namespace cairn {
namespace {

class KindCycles {
 public:
  explicit KindCycles(Program& program) : program_(program) {}

  void visit(const UserKind& kind) {
    State& state = states_[&kind];
    if (state == State::done) return;
    state = State::open;
    path_.push_back(&kind);
    for (const std::unique_ptr<Region>& region : kind.module->regions)
      if (region->scope == kind.region)
        for (const std::unique_ptr<Declaration>& declared : region->declarations)
          if (declared->user != nullptr) enter(*declared);
    path_.pop_back();
    states_[&kind] = State::done;
  }

 private:
  enum class State { untouched, open, done };

  void enter(const Declaration& declared) {
    const State state = states_[declared.user];
    if (state == State::untouched) return visit(*declared.user);
    if (state == State::done) return;
    std::string chain;
    for (auto kind = std::find(path_.begin(), path_.end(), declared.user); kind != path_.end(); ++kind)
      chain += (*kind)->full_name + " → ";
    program_.diagnostics.error("S0405", declared.block()->head,
                               fmt::format("kind `{}` contains itself: {}{}", declared.user->full_name, chain,
                                           declared.user->full_name),
                               "makes another one inside of each");
    program_.poisoned.insert(declared.statement);
  }

  Program& program_;
  std::unordered_map<const UserKind*, State> states_;
  std::vector<const UserKind*> path_;
};

}  // namespace

void check_kinds(Typer& typer) {
  Program& program = typer.program();
  KindCycles cycles(program);
  for (const std::unique_ptr<Module>& module : program.modules)
    for (const std::unique_ptr<UserKind>& kind : module->kinds) {
      cycles.visit(*kind);
      for (const Declaration* param : kind->params)
        if (belongs_to_instance(param->name)) {
          program.diagnostics.error(
              "S0215", param->span,
              fmt::format("`{}` is a setting of all nodes and cannot be a param", param->name),
              "needs another name");
          program.poisoned.insert(param->statement);
        }
      for (const syntax::Statement* exported : kind->exports)
        typer.type_of_export(*kind, std::get<syntax::Export>(exported->is));
    }
}

}  // namespace cairn
