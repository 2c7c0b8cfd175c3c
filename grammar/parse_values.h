// What each rule of a value does with the frames that build the tree. Private to parse.cc.
#pragma once

#include "grammar/frames_values.h"
#include "grammar/rules.h"

namespace cairn::reading {

namespace g = rules;
namespace f = frames;
using tao::pegtl::change_state;

template <typename Rule>
struct action : tao::pegtl::nothing<Rule> {};

template <typename In, typename State>
Span span_of(const In& in, const State& state) {
  return state.context.span(state.context.offset(in.begin()), state.context.offset(in.end()));
}
template <typename In, typename State>
syntax::Name name_of(const In& in, const State& state) {
  return {in.string(), span_of(in, state)};
}

template <>
struct action<g::comment> {
  template <typename In, typename State>
  static void apply(const In& in, State& state) {
    state.context.comment(state.context.offset(in.begin()), state.context.offset(in.end()));
  }
};

// Opening brackets; the frame around closes them.
template <char Kind>
struct opens {
  template <typename In, typename State>
  static void apply(const In& in, State& state) {
    state.context.open(Kind, state.context.offset(in.begin()));
  }
};
template <>
struct action<g::open_paren> : opens<'('> {};
template <>
struct action<g::open_bracket> : opens<'['> {};
template <>
struct action<g::open_brace> : opens<'{'> {};
template <>
struct action<g::hole_open> : opens<'h'> {};

// Texts.
template <>
struct action<g::long_text> : change_state<f::TextFrame> {};
template <>
struct action<g::long_raw_text> : change_state<f::TextFrame> {};
template <>
struct action<g::short_text> : change_state<f::TextFrame> {};
template <>
struct action<g::raw_text> : change_state<f::TextFrame> {};
template <>
struct action<g::hole> : change_state<f::HoleFrame> {};
template <syntax::TextForm Form, char Kind>
struct opens_text {
  template <typename In>
  static void apply(const In& in, f::TextFrame& frame) {
    frame.form = Form;
    frame.context.open(Kind, frame.context.offset(in.begin()));
  }
};
template <>
struct action<g::short_quote> : opens_text<syntax::TextForm::plain, '"'> {};
template <>
struct action<g::raw_quote> : opens_text<syntax::TextForm::raw, '\''> {};
template <>
struct action<g::long_quotes> : opens_text<syntax::TextForm::long_plain, '3'> {};
template <>
struct action<g::long_raw_quotes> : opens_text<syntax::TextForm::long_raw, 'r'> {};

struct text_source {
  template <typename In>
  static void apply(const In& in, f::TextFrame& frame) {
    frame.source(in.string_view(), span_of(in, frame));
  }
};
template <>
struct action<g::short_run> : text_source {};
template <>
struct action<g::raw_run> : text_source {};
template <>
struct action<g::long_run> : text_source {};
template <>
struct action<g::long_quote> : text_source {};
template <>
struct action<g::long_raw_run> : text_source {};
template <>
struct action<g::text_dollar> : text_source {};

template <>
struct action<g::escape> {
  template <typename In>
  static void apply(const In& in, f::TextFrame& frame) {
    TextPiece piece{TextPiece::From::escape, {}, nullptr, span_of(in, frame)};
    if (!read_escape(in.string_view(), piece.text)) {
      frame.context
          .slip("S0113", piece.span.begin, piece.span.end, "`" + in.string() + "` is not a character")
          .note("`\\u{…}` takes 1 to 10FFFF, without D800 to DFFF");
    }
    frame.pieces.push_back(std::move(piece));
  }
};
template <>
struct action<g::slip_escape> {
  template <typename In>
  static void apply(const In& in, f::TextFrame& frame) {
    frame.context.bad_escape(frame.context.offset(in.begin()));
    frame.pieces.push_back({TextPiece::From::escape, in.string(), nullptr, span_of(in, frame)});
  }
};
template <>
struct action<g::slip_start> {
  template <typename In>
  static void apply(const In& in, f::TextFrame& frame) {
    frame.context.long_text_start(frame.context.offset(in.begin()));
  }
};

// Numbers and the three constants.
template <>
struct action<g::number> {
  template <typename In>
  static void apply(const In& in, f::OperationFrame& frame) {
    Diagnostic mistake;
    bool wrong = false;
    Number number = read_number(in.string_view(), mistake, wrong);
    const Span span = span_of(in, frame);
    if (wrong) {
      mistake.primary.span = span;
      frame.context.diagnostics().add(std::move(mistake));
      frame.value(f::Frame::make(span, syntax::Poison{}), 1);
      return;
    }
    std::visit([&](auto literal) { frame.value(f::Frame::make(span, literal), 1); }, number);
  }
};
template <typename Node, bool... Value>
struct constant {
  template <typename In>
  static void apply(const In& in, f::OperationFrame& frame) {
    frame.value(f::Frame::make(span_of(in, frame), Node{Value...}), 1);
  }
};
template <>
struct action<g::true_value> : constant<syntax::BoolLiteral, true> {};
template <>
struct action<g::false_value> : constant<syntax::BoolLiteral, false> {};
template <>
struct action<g::null_value> : constant<syntax::NullLiteral> {};

// Lists, maps, comprehensions.
template <>
struct action<g::each> : change_state<f::EachFrame> {};
template <>
struct action<g::list_value> : change_state<f::ListFrame> {};
template <>
struct action<g::map_value> : change_state<f::MapFrame> {};
template <>
struct action<g::map_entry> : change_state<f::MapEntryFrame> {};
template <>
struct action<g::map_word> {
  template <typename In>
  static void apply(const In& in, f::MapEntryFrame& frame) {
    const Span span = span_of(in, frame);
    syntax::Text text;
    text.parts.push_back({in.string(), nullptr, span});
    frame.entry.word = true;
    frame.value(f::Frame::make(span, std::move(text)), 1);
  }
};
template <>
struct action<g::slip_colon> {
  template <typename In>
  static void apply(const In& in, f::MapEntryFrame& frame) {
    frame.context.map_colon(frame.first->span, frame.context.offset(in.begin()));
  }
};
template <>
struct action<g::group> : change_state<f::GroupFrame> {};
template <>
struct action<g::variable> {
  template <typename In, typename Frame>
  static void apply(const In& in, Frame& frame) {
    frame.variable(name_of(in, frame));
  }
};

// References, calls, what follows them.
template <>
struct action<g::call> : change_state<f::CallFrame> {};
template <>
struct action<g::argument> : change_state<f::ArgumentFrame> {};
template <>
struct action<g::argument_name> {
  template <typename In>
  static void apply(const In& in, f::ArgumentFrame& frame) {
    frame.name = name_of(in, frame);
  }
};
template <>
struct action<g::reference> : change_state<f::ReferenceFrame> {};
template <>
struct action<g::value_name> {
  template <typename In>
  static void apply(const In& in, f::ReferenceFrame& frame) {
    frame.name = name_of(in, frame);
  }
};
template <>
struct action<g::member> : change_state<f::MemberFrame> {};
template <>
struct action<g::member_name> {
  template <typename In>
  static void apply(const In& in, f::MemberFrame& frame) {
    frame.name = name_of(in, frame);
  }
};
template <>
struct action<g::index> : change_state<f::IndexFrame> {};

// Operators.
template <>
struct action<g::expression> : change_state<f::OperationFrame> {};
template <>
struct action<g::operation> : change_state<f::OperationFrame> {};
template <>
struct action<g::choice> : change_state<f::ChoiceFrame> {};
template <>
struct action<g::prefix> {
  template <typename In>
  static void apply(const In& in, f::OperationFrame& frame) {
    frame.prefix(*in.begin() == '-' ? syntax::UnaryOp::negate : syntax::UnaryOp::logical_not,
                 span_of(in, frame));
  }
};
template <>
struct action<g::operand> {
  static void apply0(f::OperationFrame& frame) { frame.operand_done(); }
};
template <>
struct action<g::right_operand> : action<g::operand> {};

struct Operator {
  std::string_view sign;
  syntax::BinaryOp op;
  int binds;
};
constexpr Operator operators[] = {
    {"||", syntax::BinaryOp::logical_or, 1}, {"&&", syntax::BinaryOp::logical_and, 2},
    {"or", syntax::BinaryOp::logical_or, 1}, {"and", syntax::BinaryOp::logical_and, 2},
    {"==", syntax::BinaryOp::equal, 3},      {"!=", syntax::BinaryOp::not_equal, 3},
    {"<=", syntax::BinaryOp::less_equal, 3}, {">=", syntax::BinaryOp::greater_equal, 3},
    {"<", syntax::BinaryOp::less, 3},        {">", syntax::BinaryOp::greater, 3},
    {"+", syntax::BinaryOp::add, 4},         {"-", syntax::BinaryOp::subtract, 4},
    {"*", syntax::BinaryOp::multiply, 5},    {"/", syntax::BinaryOp::divide, 5},
    {"%", syntax::BinaryOp::modulo, 5}};

template <>
struct action<g::infix> {
  template <typename In>
  static void apply(const In& in, f::OperationFrame& frame) {
    std::string_view sign = in.string_view();
    const std::size_t blanks = sign.find_first_not_of(" \t");
    sign.remove_prefix(blanks);
    const std::uint32_t end = frame.context.offset(in.end());
    const Span span = frame.context.span(end - static_cast<std::uint32_t>(sign.size()), end);
    for (const Operator& each : operators) {
      if (each.sign == sign) frame.infix({each.op, span, each.binds});
    }
  }
};
template <>
struct action<g::slip_operator> {
  template <typename In>
  static void apply(const In& in, f::OperationFrame& frame) {
    const bool both = *in.begin() == 'a';
    const Span span = span_of(in, frame);
    frame.context.slip("S0131", span.begin, span.end, "`" + in.string() + "` is not an operator")
        .help(both ? "write `&&`" : "write `||`");
  }
};

}  // namespace cairn::reading
