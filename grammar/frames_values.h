// The states that build the tree. Each syntax node has a frame that lives while its rule matches and hands
// the finished node up in success(); when the rule fails or throws, the frame dies and nothing reached the
// outer one. Here those of values. Private to parse.cc.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "grammar/literals.h"
#include "grammar/parse_context.h"
#include "grammar/syntax.h"

namespace cairn::frames {

using syntax::Expr;
using syntax::ExprPtr;

// How deep a finished expression is; a tree deeper than the limit would end the stack of whoever walks it.
using Height = std::uint32_t;
constexpr Height height_limit = 1000;

struct Frame {
  Context& context;
  std::uint32_t begin;

  template <typename In, typename Outer>
  Frame(const In& in, Outer& outer) : context(outer.context), begin(context.offset(in.current())) {}

  template <typename In>
  Span to(const In& in) const {
    return context.span(begin, context.offset(in.current()));
  }
  template <typename Node>
  static ExprPtr make(Span span, Node node) {
    auto made = std::make_unique<Expr>();
    made->span = span;
    made->is = std::move(node);
    return made;
  }
};

// A frame that counts as one level of nesting.
struct NestedFrame : Frame {
  template <typename In, typename Outer>
  NestedFrame(const In& in, Outer& outer) : Frame(in, outer) {
    context.enter(begin);
  }
  NestedFrame(const NestedFrame&) = delete;
  NestedFrame& operator=(const NestedFrame&) = delete;
  ~NestedFrame() { context.leave(); }
};

// A frame whose rule opens a bracket.
struct BracketFrame : Frame {
  std::size_t outer_open;
  template <typename In, typename Outer>
  BracketFrame(const In& in, Outer& outer) : Frame(in, outer), outer_open(context.opened().size()) {}
  BracketFrame(const BracketFrame&) = delete;
  BracketFrame& operator=(const BracketFrame&) = delete;
  ~BracketFrame() { context.close(outer_open); }
};

// Holds one expression.
struct ValueFrame : Frame {
  using Frame::Frame;
  ExprPtr held;
  Height height = 0;
  void value(ExprPtr expression, Height its) { held = std::move(expression), height = its; }
  void poison(std::uint32_t from, std::uint32_t end) {
    held = make(context.span(from, end), syntax::Poison{});
  }
};

// ---- expressions

struct TextFrame : BracketFrame {
  using BracketFrame::BracketFrame;
  syntax::TextForm form = syntax::TextForm::plain;
  std::vector<TextPiece> pieces;
  Height height = 0;

  void source(std::string_view text, Span span) {
    if (!pieces.empty() && pieces.back().from == TextPiece::From::source) {
      pieces.back().text += text;
      pieces.back().span.end = span.end;
    } else {
      pieces.push_back({TextPiece::From::source, std::string(text), nullptr, span});
    }
  }
  void hole(ExprPtr expression, Height its, Span span) {
    pieces.push_back({TextPiece::From::hole, {}, std::move(expression), span});
    height = std::max(height, its);
  }
  template <typename In, typename Outer>
  void success(const In& in, Outer& outer) {
    const bool is_long = form == syntax::TextForm::long_plain || form == syntax::TextForm::long_raw;
    if (is_long) remove_indentation(pieces);
    outer.value(make(to(in), syntax::Text{form, join_pieces(std::move(pieces))}), height + 1);
  }
};

struct HoleFrame : ValueFrame {
  std::size_t outer_open;
  template <typename In, typename Outer>
  HoleFrame(const In& in, Outer& outer) : ValueFrame(in, outer), outer_open(context.opened().size()) {}
  HoleFrame(const HoleFrame&) = delete;
  HoleFrame& operator=(const HoleFrame&) = delete;
  ~HoleFrame() { context.close(outer_open); }
  template <typename In, typename Outer>
  void success(const In& in, Outer& outer) {
    outer.hole(std::move(held), height, to(in));
  }
};

// Two values, one behind the other: what a loop runs over and its condition, a key and what it stands for.
struct PairFrame : Frame {
  using Frame::Frame;
  ExprPtr first, second;
  Height height = 0;
  void value(ExprPtr expression, Height its) {
    (first == nullptr ? first : second) = std::move(expression);
    height = std::max(height, its);
  }
};

struct EachFrame : PairFrame {
  using PairFrame::PairFrame;
  syntax::Each each;
  void variable(syntax::Name name) { each.variables.push_back(std::move(name)); }
  template <typename In, typename Outer>
  void success(const In&, Outer& outer) {
    each.source = std::move(first);
    each.condition = std::move(second);
    outer.head(std::move(each), height);
  }
};

struct ListFrame : BracketFrame {
  using BracketFrame::BracketFrame;
  std::optional<syntax::Each> each;
  std::vector<ExprPtr> items;
  Height height = 0;
  void head(syntax::Each of, Height its) { each = std::move(of), height = std::max(height, its); }
  void value(ExprPtr item, Height its) { items.push_back(std::move(item)), height = std::max(height, its); }
  void poison(std::uint32_t from, std::uint32_t end) {
    value(make(context.span(from, end), syntax::Poison{}), 0);
  }
  template <typename In, typename Outer>
  void success(const In& in, Outer& outer) {
    ExprPtr made = each ? make(to(in), syntax::ListFor{std::move(*each), std::move(items.front())})
                        : make(to(in), syntax::ListLiteral{std::move(items)});
    outer.value(std::move(made), height + 1);
  }
};

struct MapEntryFrame : PairFrame {
  using PairFrame::PairFrame;
  syntax::MapEntry entry;
  template <typename In, typename Outer>
  void success(const In&, Outer& outer) {
    entry.key = std::move(first);
    entry.value = std::move(second);
    outer.entry(std::move(entry), height);
  }
};

struct MapFrame : BracketFrame {
  using BracketFrame::BracketFrame;
  std::optional<syntax::Each> each;
  std::vector<syntax::MapEntry> entries;
  std::vector<ExprPtr> pair;
  Height height = 0;
  bool colon_reported = false;
  void head(syntax::Each of, Height its) { each = std::move(of), height = std::max(height, its); }
  void entry(syntax::MapEntry made, Height its) {
    entries.push_back(std::move(made)), height = std::max(height, its);
  }
  void value(ExprPtr expression, Height its) {
    pair.push_back(std::move(expression)), height = std::max(height, its);
  }
  template <typename In, typename Outer>
  void success(const In& in, Outer& outer) {
    ExprPtr made =
        each ? make(to(in), syntax::MapFor{std::move(*each), std::move(pair[0]), std::move(pair[1])})
             : make(to(in), syntax::MapLiteral{std::move(entries)});
    outer.value(std::move(made), height + 1);
  }
};

struct GroupFrame : ValueFrame {
  std::size_t outer_open;
  template <typename In, typename Outer>
  GroupFrame(const In& in, Outer& outer) : ValueFrame(in, outer), outer_open(context.opened().size()) {}
  GroupFrame(const GroupFrame&) = delete;
  GroupFrame& operator=(const GroupFrame&) = delete;
  ~GroupFrame() { context.close(outer_open); }
  template <typename In, typename Outer>
  void success(const In& in, Outer& outer) {
    outer.value(make(to(in), syntax::Group{std::move(held)}), height + 1);
  }
};

struct ArgumentFrame : ValueFrame {
  using ValueFrame::ValueFrame;
  std::optional<syntax::Name> name;
  template <typename In, typename Outer>
  void success(const In& in, Outer& outer) {
    outer.argument({std::move(name), std::move(held), to(in)}, height);
  }
};

struct CallFrame : BracketFrame {
  using BracketFrame::BracketFrame;
  syntax::Arguments arguments;
  Height height = 0;
  void argument(syntax::Argument made, Height its) {
    arguments.items.push_back(std::move(made));
    height = std::max(height, its);
  }
  void poison(std::uint32_t from, std::uint32_t end) {
    const Span span = context.span(from, end);
    argument({std::nullopt, make(span, syntax::Poison{}), span}, 0);
  }
  template <typename In, typename Outer>
  void success(const In& in, Outer& outer) {
    arguments.span = to(in);
    outer.call(std::move(arguments), height);
  }
};

struct ReferenceFrame : Frame {
  using Frame::Frame;
  syntax::Name name;
  std::optional<syntax::Arguments> arguments;
  Height height = 0;
  void call(syntax::Arguments made, Height its) { arguments = std::move(made), height = its; }
  template <typename In, typename Outer>
  void success(const In& in, Outer& outer) {
    ExprPtr made = arguments ? make(to(in), syntax::Call{std::move(name), std::move(*arguments)})
                             : make(to(in), syntax::NameRef{std::move(name)});
    outer.value(std::move(made), height + 1);
  }
};

struct MemberFrame : Frame {
  using Frame::Frame;
  syntax::Name name;
  std::optional<syntax::Arguments> arguments;
  Height height = 0;
  void call(syntax::Arguments made, Height its) { arguments = std::move(made), height = its; }
  template <typename In, typename Outer>
  void success(const In& in, Outer& outer) {
    outer.member(std::move(name), std::move(arguments), height, context.offset(in.current()));
  }
};

struct IndexFrame : ValueFrame {
  std::size_t outer_open;
  template <typename In, typename Outer>
  IndexFrame(const In& in, Outer& outer) : ValueFrame(in, outer), outer_open(context.opened().size()) {}
  IndexFrame(const IndexFrame&) = delete;
  IndexFrame& operator=(const IndexFrame&) = delete;
  ~IndexFrame() { context.close(outer_open); }
  template <typename In, typename Outer>
  void success(const In& in, Outer& outer) {
    outer.index(std::move(held), height, context.offset(in.current()));
  }
};

struct ChoiceFrame : Frame {
  using Frame::Frame;
  std::vector<ExprPtr> branches;
  Height height = 0;
  void value(ExprPtr branch, Height its) {
    branches.push_back(std::move(branch)), height = std::max(height, its);
  }
  template <typename In, typename Outer>
  void success(const In&, Outer& outer) {
    outer.choice(std::move(branches[0]), std::move(branches[1]), height);
  }
};

struct Infix {
  syntax::BinaryOp op;
  Span span;
  int binds;  // tighter is more
};

// Operands and the operators between them, folded by precedence while they come.
struct OperationFrame : NestedFrame {
  using NestedFrame::NestedFrame;

  void prefix(syntax::UnaryOp op, Span span) { prefixes_.push_back({op, span}); }
  void value(ExprPtr primary, Height its) { current_ = std::move(primary), height_ = its; }
  void member(syntax::Name name, std::optional<syntax::Arguments> arguments, Height its, std::uint32_t end) {
    const Span span = context.span(current_->span.begin, end);
    current_ = make(span, syntax::Member{std::move(current_), std::move(name), std::move(arguments)});
    higher(its);
  }
  void index(ExprPtr at, Height its, std::uint32_t end) {
    const Span span = context.span(current_->span.begin, end);
    current_ = make(span, syntax::Index{std::move(current_), std::move(at)});
    higher(its);
  }
  // Comes before its right operand; everything that binds at least as tight is complete.
  void infix(Infix infix) {
    const bool second = !operators_.empty() && fold(infix.binds) && infix.binds == comparison;
    if (second) chained_ = true;
    operators_.push_back(infix);
  }
  void operand_done() {
    while (!prefixes_.empty()) {
      const auto [op, at] = prefixes_.back();
      prefixes_.pop_back();
      const Span span = cover(at, current_->span);
      current_ = make(span, syntax::Unary{op, std::move(current_)});
      higher(0);
    }
    if (chained_) chained_comparison();
    operands_.push_back({std::move(current_), height_});
  }
  void choice(ExprPtr then, ExprPtr otherwise, Height its) {
    fold(0);
    auto& [condition, height] = operands_.back();
    const Span span = cover(condition->span, otherwise->span);
    condition = make(span, syntax::Conditional{std::move(condition), std::move(then), std::move(otherwise)});
    height = std::max(height, its) + 1;
  }
  template <typename In, typename Outer>
  void success(const In&, Outer& outer) {
    fold(0);
    outer.value(std::move(operands_.back().first), operands_.back().second);
  }

  static constexpr int comparison = 3;

 private:
  void higher(Height other) {
    height_ = std::max(height_, other) + 1;
    check(height_, current_->span);
  }
  void check(Height height, Span span) {
    if (height > height_limit) context.too_long(span);
  }
  // `a < b < c`: the right one is complete now, the left one is the last operand.
  void chained_comparison() {
    chained_ = false;
    const auto* left = std::get_if<syntax::Binary>(&operands_.back().first->is);
    if (left == nullptr) return;
    context.chained_comparison(left->left->span, left->right->span, operators_.back().span, current_->span);
  }
  // Makes nodes of all operators that bind at least as tight as `binds`; says whether a comparison was among
  // them.
  bool fold(int binds) {
    bool compared = false;
    while (!operators_.empty() && operators_.back().binds >= binds) {
      const Infix infix = operators_.back();
      operators_.pop_back();
      auto [right, right_height] = std::move(operands_.back());
      operands_.pop_back();
      auto& [left, left_height] = operands_.back();
      const Span span = cover(left->span, right->span);
      left = make(span, syntax::Binary{infix.op, std::move(left), std::move(right), infix.span});
      left_height = std::max(left_height, right_height) + 1;
      check(left_height, span);
      compared = compared || infix.binds == comparison;
    }
    return compared;
  }

  std::vector<std::pair<syntax::UnaryOp, Span>> prefixes_;
  ExprPtr current_;
  Height height_ = 0;
  bool chained_ = false;
  std::vector<std::pair<ExprPtr, Height>> operands_;
  std::vector<Infix> operators_;
};

}  // namespace cairn::frames
