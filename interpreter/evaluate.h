// From expressions to values, and from blocks to nodes: the two need each other, since a `for` loops over
// values and a value can be a node. Everything is evaluated when it is first asked for, and once.
//
// Late values (rule 33) come out as Late; settle.h evaluates them again at run time with this same class and
// a LateSource. A value that could not be had because of a mistake is nullopt: the mistake is reported
// already.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "interpreter/environment.h"
#include "interpreter/inputs.h"
#include "interpreter/late_source.h"

namespace cairn {

// A setting as a file gives it, with the place that gives its text a meaning.
struct Written {
  std::string name;
  Span span;  // of the name
  const syntax::Expr* value = nullptr;
  Where place;
  const Module* module = nullptr;
  std::shared_ptr<const Written> below;  // the same setting of the block that an instance stands for
};

// A node as the expansion knows it: which block, where.
struct NodeState {
  const Declaration* declaration = nullptr;  // null for the group of a `for`
  Environment* environment = nullptr;        // where the block stands
  std::unique_ptr<Environment> inner;        // of an instance or a stage
  std::unique_ptr<Environment> defaults;     // of a native node: what its defaults can name
  std::string path;
  std::string key;                       // "[0]"
  const Declaration* span_of = nullptr;  // the declaration also of a loop's group
  NodeId group = no_node;                // loop, instance or stage
  NodeId stands_for = no_node;           // of an instance: the node that `export self` names
  NodeId stood_for_by = no_node;         // the reverse
  std::vector<NodeId> members;           // of a group
  std::vector<Written> written;          // in the order of the file; filled by settings_of
  bool has_written = false;
};

class Evaluator {
 public:
  // `params`: the values of the file's params that are given from outside, by name.
  Evaluator(Program& program, Inputs& inputs, std::map<std::string, Value> params, bool allow_unknown);
  ~Evaluator();

  // ---- expansion
  void expand_all();     // every block of the main file, and what they need of others
  void evaluate_lets();  // also those that nothing reads: what is wrong with them is said
  bool exhausted() const {
    return out_of_steps_;
  }  // a limit was reached (reported): what is there is not all
  std::size_t nodes() const { return nodes_.size(); }
  const NodeState& state(NodeId id) const { return *nodes_[static_cast<std::size_t>(id)]; }
  NodeState& state(NodeId id) { return *nodes_[static_cast<std::size_t>(id)]; }
  const KindDecl* native_kind(NodeId id) const;      // null for groups
  bool node_is(NodeId id, const std::string& kind);  // of that kind, or one that inherits from it; "": any
  const std::vector<Written>& written(
      NodeId id);  // own settings, those of `like`, those handed through an instance
  const std::vector<Span>& left_out() const { return left_out_; }  // `for` and `if` over unknown params

  // ---- evaluation
  std::optional<Value> evaluate(const syntax::Expr& expression, const Where& place);
  // Converted to a type (rule 27); reports when it does not fit. `what` names it: "`memory`".
  std::optional<Value> convert(Value value, const Type& wanted, const std::string& folder, Span span,
                               const std::string& what);
  // A setting of a node: written, or the default; nullopt: poison. Null: not given.
  std::optional<Value> setting(NodeId node, const ParamDecl& declared, Span* span = nullptr,
                               bool* was_written = nullptr);
  std::optional<Value> default_of(NodeId node, const ParamDecl& declared);
  // At run time: a value with everything late in it evaluated; `names` are those of a deferred setting.
  std::optional<Value> known_now(const Value& value,
                                 const std::vector<std::pair<std::string, Value>>& names = {});
  // The value of a param of the file.
  std::optional<Value> param(const Declaration& declaration);

  const Written* written_setting(NodeId node, std::string_view name);

  // What is looked at between begin and end, in order.
  std::vector<Read> collect(const std::function<void()>& work);
  // Groups stand for their lists (`after = sql`), instead of a list of all nodes.
  bool whole_groups = false;

  LateSource* late_source = nullptr;  // set at run time only
  NodeId reader = no_node;            // at run time: whose settings are filled in
  std::mutex one_reader;              // held while late_source is set
  Diagnostics* sink = nullptr;        // where mistakes go; the program's at first

  Program& program;
  Inputs& inputs;

 private:
  friend class Names;
  using Maybe = std::optional<Value>;

  // evaluate.cc
  Maybe forced(const Value& value);  // at run time: with every late value in it evaluated
  Maybe evaluate_inner(const syntax::Expr& expression, const Where& place);
  Maybe name(const syntax::Expr& expression, const syntax::NameRef& name, const Where& place);
  Maybe text(const syntax::Expr& expression, const syntax::Text& text, const Where& place);
  Maybe list(const syntax::ListLiteral& list, const Where& place);
  Maybe map(const syntax::MapLiteral& map, const Where& place);
  Maybe unary(const syntax::Expr& expression, const syntax::Unary& unary, const Where& place);
  Maybe binary(const syntax::Expr& expression, const syntax::Binary& binary, const Where& place);
  Maybe conditional(const syntax::Expr& expression, const syntax::Conditional& choice, const Where& place);
  Maybe index(const syntax::Expr& expression, const syntax::Index& index, const Where& place);
  Maybe map_key(const syntax::Expr& expression, const Where& place);
  Value late(const syntax::Expr& expression, const Where& place, const Lateness& because, bool secret) const;
  Value late_like(const syntax::Expr& expression, const Where& place,
                  std::span<const Value* const> operands) const;
  Diagnostic& error(std::string code, Span span, std::string message, std::string label = {});

  // False, after saying so, when the program's values hold too much with this one.
  bool affordable(const Value& value, Span span);

  // evaluate_comprehensions.cc
  Maybe list_for(const syntax::Expr& expression, const syntax::ListFor& each, const Where& place);
  Maybe map_for(const syntax::Expr& expression, const syntax::MapFor& each, const Where& place);
  // The scope of every round that `for … if …` takes; `late` instead when that is not known before the run.
  struct Rounds {
    std::vector<Where> taken;
    Maybe late;
  };
  std::optional<Rounds> rounds(const syntax::Expr& expression, const syntax::Each& each, const Where& place);
  // What one or two variables are bound to, round by round; nullopt: poison. `written` is for messages.
  std::optional<std::vector<std::vector<Value>>> elements(const syntax::Expr& written,
                                                          std::size_t variables_wanted, const Value& source);

  // evaluate_members.cc
  Maybe member(const syntax::Expr& expression, const syntax::Member& member, const Where& place);
  Maybe member_of_node(const syntax::Expr& expression, const syntax::Member& member, NodeId node,
                       const Where& place);
  Maybe exported_by_instance(const syntax::Expr& expression, const syntax::Member& member, NodeId node,
                             const Where& place);
  Maybe exported_by_native(const syntax::Expr& expression, const syntax::Member& member, NodeId node,
                           const ExportDecl& declared, const Where& place);
  Maybe value_of(const std::vector<Declaration*>& declarations, Environment& from, Span span);
  Maybe value_in(const Declaration& declaration, Environment& at, Span span);
  Maybe whole(const Declaration& declaration, Environment& at, const std::vector<const Region*>& way,
              std::size_t step, Span span);
  std::optional<Maybe> element(const syntax::Index& index, const Where& place);
  Environment* file_environment(const Module& module);
  Maybe cell_value(const Declaration& declaration, Environment& at, Span span);
  const Type& known_type(const syntax::Type& written, const Module& module);
  Maybe param_value(const Declaration& declaration, Environment& at);
  Maybe answered(LateAnswer answer, const std::string& what, Span span);
  Maybe ask(NodeId node, const std::string& name, const List& arguments, Span span);
  Maybe handed_on(NodeId node, const std::string& family);

  // evaluate_calls.cc
  Maybe call(const syntax::Expr& expression, const syntax::Call& call, const Where& place);
  Maybe native_call(const syntax::Call& call, const FunctionDecl& declared,
                    const std::vector<std::pair<std::string, Value>>& arguments);
  Maybe secret(const syntax::Expr& expression, const std::vector<std::pair<std::string, Value>>& arguments,
               const Where& place);

  // settings.cc
  Maybe from_stage(NodeId node, const ParamDecl& declared, Span* span);
  Maybe deferred(NodeId node, const ParamDecl& declared, const Written& own);

  // expand_controls.cc
  Control& control(const Region& region, Environment& at);
  std::optional<std::vector<Iteration>> branch_taken(const Region& region, Environment& at);
  std::optional<std::vector<Iteration>> rounds_made(const Region& region, Environment& at);
  std::optional<std::string> round_key(const syntax::For& each, const Value& element,
                                       std::unordered_set<std::string>& taken);
  void not_known(const Region& region, const Lateness& because, Span span);

  // expand_settings.cc
  std::vector<Written> handed_through(NodeId id);
  void add_own(NodeId id, std::vector<Written>& found);
  void add_like(NodeId id, std::vector<Written>& found);

  // expand.cc
  NodeId instantiate(const Declaration& declaration, Environment& at);
  void expand(Environment& environment);
  NodeId loop_group(const Declaration& declaration, Environment& at, const std::string& key);
  std::unique_ptr<Environment> environment_for(const Region& region, Environment& parent);
  NodeId add_node(std::unique_ptr<NodeState> state);
  bool spend(std::size_t steps, Span span);
  bool room_for(std::size_t elements, const Region& body, Span span);

  std::map<std::string, Value> params_;
  bool allow_unknown_ = false;
  std::vector<std::unique_ptr<NodeState>> nodes_;
  std::vector<std::pair<const Module*, std::unique_ptr<Environment>>> files_;
  std::vector<Environment*> unexpanded_;
  std::vector<Environment*> with_lets_;
  std::vector<Span> left_out_;
  std::unordered_map<const ParamDecl*, Value> defaults_;  // those that are the same for every node
  std::unordered_map<const syntax::Type*, Type> types_;
  std::vector<Read>* reads_ = nullptr;
  std::vector<std::string> chain_;  // the lets, params and exports being evaluated
  std::size_t steps_ = 0;
  std::size_t held_ = 0;  // elements of all values read and made so far
  std::size_t depth_ = 0;
  bool out_of_steps_ = false;
  bool waits_ = true;  // false within `nowait`
};

}  // namespace cairn
