// The states that build types, statements and bodies; see frames_values.h. Private to parse.cc.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "grammar/frames_values.h"

namespace cairn::frames {

// ---- types

struct TypeItemFrame : BracketFrame {
  using BracketFrame::BracketFrame;
  syntax::TypeItem item;
  void type(syntax::Type of) {
    item.form = syntax::TypeItem::Form::applied;
    item.of = std::move(of.alternatives);
  }
  template <typename In, typename Outer>
  void success(const In& in, Outer& outer) {
    item.span = to(in);
    outer.alternative(std::move(item));
  }
};

struct TypeFrame : NestedFrame {
  using NestedFrame::NestedFrame;
  syntax::Type made;
  void alternative(syntax::TypeItem item) { made.alternatives.push_back(std::move(item)); }
  template <typename In, typename Outer>
  void success(const In& in, Outer& outer) {
    made.span = to(in);
    outer.type(std::move(made));
  }
};

struct FieldFrame : ValueFrame {
  using ValueFrame::ValueFrame;
  syntax::Field field;
  void type(syntax::Type of) { field.type = std::move(of); }
  template <typename In, typename Outer>
  void success(const In&, Outer& outer) {
    field.value = std::move(held);
    outer.field(std::move(field));
  }
};

struct TakesFrame : BracketFrame {
  using BracketFrame::BracketFrame;
  std::vector<syntax::Field> fields;
  void field(syntax::Field made) { fields.push_back(std::move(made)); }
  template <typename In, typename Outer>
  void success(const In&, Outer& outer) {
    outer.takes(std::move(fields));
  }
};

// ---- statements

// A statement of type Node; hands itself to the body around it.
template <typename Node>
struct StatementFrame : Frame {
  using Frame::Frame;
  Node node;
  template <typename In, typename Outer>
  void success(const In& in, Outer& outer) {
    syntax::Statement made;
    made.span = to(in);
    made.is = std::move(node);
    outer.statement(std::move(made));
  }
};

// One that holds a value at `node.value`.
template <typename Node>
struct ValuedFrame : StatementFrame<Node> {
  using StatementFrame<Node>::StatementFrame;
  void value(ExprPtr expression, Height) { this->node.value = std::move(expression); }
  void poison(std::uint32_t from, std::uint32_t end) {
    this->node.value = Frame::make(this->context.span(from, end), syntax::Poison{});
  }
};

using SettingFrame = ValuedFrame<syntax::Setting>;
using UseFrame = StatementFrame<syntax::Use>;
using LetFrame = ValuedFrame<syntax::Let>;

template <typename Node>
struct DeclarationFrame : ValuedFrame<Node> {
  using ValuedFrame<Node>::ValuedFrame;
  void takes(std::vector<syntax::Field> fields) {
    this->node.takes = std::move(fields), this->node.has_takes = true;
  }
  void type(syntax::Type of) { this->node.type = std::move(of); }
};

using ParamFrame = DeclarationFrame<syntax::Param>;
using ExportFrame = DeclarationFrame<syntax::Export>;

struct FunctionFrame : StatementFrame<syntax::Function> {
  using StatementFrame<syntax::Function>::StatementFrame;
  void takes(std::vector<syntax::Field> fields) { node.takes = std::move(fields); }
  void type(syntax::Type of) { node.result = std::move(of); }
};

template <typename Node>
struct BodiedFrame : StatementFrame<Node> {
  using StatementFrame<Node>::StatementFrame;
  void body(syntax::Body made) { this->node.body = std::move(made); }
};

using KindFrame = BodiedFrame<syntax::Kind>;

struct BlockFrame : BodiedFrame<syntax::Block> {
  using BodiedFrame<syntax::Block>::BodiedFrame;
  void body(syntax::Body made) { node.body = std::move(made), node.has_body = true; }
};

struct ForFrame : BodiedFrame<syntax::For> {
  using BodiedFrame<syntax::For>::BodiedFrame;
  void variable(syntax::Name name) { node.variables.push_back(std::move(name)); }
  void value(ExprPtr source, Height) { node.source = std::move(source); }
};

struct IfFrame : StatementFrame<syntax::If> {
  template <typename In, typename Outer>
  IfFrame(const In& in, Outer& outer) : StatementFrame<syntax::If>(in, outer) {
    context.enter(begin);
  }
  IfFrame(const IfFrame&) = delete;
  IfFrame& operator=(const IfFrame&) = delete;
  ~IfFrame() { context.leave(); }
  bool has_then = false;
  void value(ExprPtr condition, Height) { node.condition = std::move(condition); }
  void body(syntax::Body made) {
    if (!has_then) {
      has_then = true;
      node.then = std::move(made);
    } else {
      node.has_else = true;
      node.otherwise = std::move(made);
    }
  }
  // `else if`
  void statement(syntax::Statement next) {
    node.has_else = true;
    node.otherwise.span = next.span;
    node.otherwise.statements.push_back(std::move(next));
  }
};

// The statements between two braces.
struct BodyFrame : NestedFrame {
  std::size_t outer_open;
  syntax::Body made;
  template <typename In, typename Outer>
  BodyFrame(const In& in, Outer& outer) : NestedFrame(in, outer), outer_open(context.opened().size()) {}
  BodyFrame(const BodyFrame&) = delete;
  BodyFrame& operator=(const BodyFrame&) = delete;
  ~BodyFrame() { context.close(outer_open); }
  void statement(syntax::Statement next) { made.statements.push_back(std::move(next)); }
  void end(std::uint32_t at) { made.span = context.span(begin + 1, at); }
  template <typename In, typename Outer>
  void success(const In&, Outer& outer) {
    outer.body(std::move(made));
  }
};

// The whole file, or one expression and nothing else.
struct FileFrame {
  Context& context;
  syntax::Body body;
  ExprPtr expression;
  void statement(syntax::Statement next) { body.statements.push_back(std::move(next)); }
  void value(ExprPtr made, Height) { expression = std::move(made); }
};

}  // namespace cairn::frames
