// A node's settings, all known, for the step that is about to start.
#pragma once

#include "interpreter/settle.h"
#include "runtime/execute/performer.h"
#include "runtime/kinds/world.h"

namespace cairn::kinds {

// Answers of a run: what steps have published, where services are, what secrets are.
class LateAnswers final : public LateSource {
 public:
  LateAnswers(World& world, const execute::StepContext& context) : world_(world), context_(context) {}
  LateAnswer exported(NodeId of, std::string_view name, const List& arguments, NodeId reader) override;
  LateAnswer secret(const SecretPlace& place, NodeId reader) override {
    (void)reader;
    return world_.secrets.read(place);
  }

 private:
  World& world_;
  const execute::StepContext& context_;
};

// A Failure shows the first mistake with its place in the file.
Result<Settled> settled(World& world, const execute::StepRequest& request,
                        const execute::StepContext& context);
// The same mistake, as a Failure.
Failure failure_of(const World& world, const Diagnostic& mistake);

}  // namespace cairn::kinds
