#include "grammar/parse.h"

#include "grammar/attach.h"
#include "grammar/foreign.h"
#include "grammar/parse_frames.h"
#include "grammar/rules.h"

namespace cairn {

namespace {

namespace g = rules;
namespace f = frames;
using tao::pegtl::change_state;

// ---- what had to stand where a must<> rule failed
// -------------------------------------------------------------

template <Wanted W>
struct Wants {
  static constexpr Wanted value = W;
};

// The rules that a must<> names. One that is missing here cannot be raised: the control below does not
// compile.
template <typename Rule>
struct Expects;
// These match always.
template <typename... Rules>
struct Expects<tao::pegtl::opt<Rules...>> : Wants<Wanted::statement> {};
template <typename... Rules>
struct Expects<tao::pegtl::star<Rules...>> : Wants<Wanted::statement> {};
template <>
struct Expects<g::gap> : Wants<Wanted::statement> {};
template <>
struct Expects<g::gaps> : Wants<Wanted::statement> {};
template <>
struct Expects<g::value> : Wants<Wanted::statement> {};
template <>
struct Expects<g::raw_run> : Wants<Wanted::statement> {};
template <>
struct Expects<g::long_start> : Wants<Wanted::statement> {};
template <>
struct Expects<g::long_raw_run> : Wants<Wanted::statement> {};
template <>
struct Expects<g::expression> : Wants<Wanted::value> {};
template <>
struct Expects<g::right_operand> : Wants<Wanted::operand> {};
template <>
struct Expects<g::each_source> : Wants<Wanted::operand> {};
template <>
struct Expects<g::element_end> : Wants<Wanted::element_end> {};
template <>
struct Expects<g::list_close> : Wants<Wanted::list_close> {};
template <>
struct Expects<g::map_close> : Wants<Wanted::map_close> {};
template <>
struct Expects<g::call_close> : Wants<Wanted::call_close> {};
template <>
struct Expects<g::takes_close> : Wants<Wanted::takes_close> {};
template <>
struct Expects<g::group_close> : Wants<Wanted::group_close> {};
template <>
struct Expects<g::index_close> : Wants<Wanted::index_close> {};
template <>
struct Expects<g::short_close> : Wants<Wanted::text_close> {};
template <>
struct Expects<g::raw_close> : Wants<Wanted::raw_close> {};
template <>
struct Expects<g::long_close> : Wants<Wanted::long_close> {};
template <>
struct Expects<g::long_raw_close> : Wants<Wanted::long_close> {};
template <>
struct Expects<g::hole_close> : Wants<Wanted::hole_close> {};
template <>
struct Expects<g::variable> : Wants<Wanted::variable> {};
template <>
struct Expects<g::variables> : Wants<Wanted::variable> {};
template <>
struct Expects<g::each_in> : Wants<Wanted::word_in> {};
template <>
struct Expects<g::for_in> : Wants<Wanted::word_in> {};
template <>
struct Expects<g::each_colon> : Wants<Wanted::each_colon> {};
template <>
struct Expects<g::choice_colon> : Wants<Wanted::choice_colon> {};
template <>
struct Expects<g::argument> : Wants<Wanted::value> {};
template <>
struct Expects<g::map_entry> : Wants<Wanted::map_entry> {};
template <>
struct Expects<g::map_is> : Wants<Wanted::map_is> {};
template <>
struct Expects<g::map_arrow> : Wants<Wanted::map_arrow> {};
template <>
struct Expects<g::member_name> : Wants<Wanted::member> {};
template <>
struct Expects<g::type> : Wants<Wanted::type> {};
template <>
struct Expects<g::type_item> : Wants<Wanted::type> {};
template <>
struct Expects<g::type_close> : Wants<Wanted::type_close> {};
template <>
struct Expects<g::field> : Wants<Wanted::field> {};
template <>
struct Expects<g::field_colon> : Wants<Wanted::field_colon> {};
template <>
struct Expects<g::use_path> : Wants<Wanted::use_path> {};
template <>
struct Expects<g::use_name> : Wants<Wanted::use_name> {};
template <>
struct Expects<g::param_name> : Wants<Wanted::param_name> {};
template <>
struct Expects<g::let_name> : Wants<Wanted::let_name> {};
template <>
struct Expects<g::setting_is> : Wants<Wanted::let_is> {};
template <>
struct Expects<g::let_is> : Wants<Wanted::let_is> {};
template <>
struct Expects<g::function_name> : Wants<Wanted::function_name> {};
template <>
struct Expects<g::takes> : Wants<Wanted::takes> {};
template <>
struct Expects<g::function_colon> : Wants<Wanted::function_colon> {};
template <>
struct Expects<g::kind_name> : Wants<Wanted::kind_name> {};
template <>
struct Expects<g::kind_parent> : Wants<Wanted::kind_name> {};
template <>
struct Expects<g::export_name> : Wants<Wanted::export_name> {};
template <>
struct Expects<g::own_body> : Wants<Wanted::body> {};
template <>
struct Expects<g::else_body> : Wants<Wanted::body> {};
template <>
struct Expects<g::block_rest> : Wants<Wanted::block_rest> {};
template <>
struct Expects<g::statement> : Wants<Wanted::statement> {};
template <>
struct Expects<g::statement_end> : Wants<Wanted::statement_end> {};
template <>
struct Expects<g::lone_end> : Wants<Wanted::lone_end> {};

template <typename Rule>
struct control : tao::pegtl::normal<Rule> {
  template <typename In, typename State>
  [[noreturn]] static void raise(const In& in, State& state) {
    state.context.fail(Expects<Rule>::value, state.context.offset(in.current()));
  }
};

// ---- actions
// ---------------------------------------------------------------------------------------------------

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
    frame.context.map_colon(frame.entry.key->span, frame.context.offset(in.begin()));
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

// Types.
template <>
struct action<g::type> : change_state<f::TypeFrame> {};
template <>
struct action<g::type_item> : change_state<f::TypeItemFrame> {};
template <>
struct action<g::type_text> {
  template <typename In>
  static void apply(const In& in, f::TypeItemFrame& frame) {
    const std::string_view text = in.string_view();
    frame.item.form = syntax::TypeItem::Form::literal;
    frame.item.name = {std::string(text.substr(1, text.size() - 2)), span_of(in, frame)};
  }
};
template <>
struct action<g::type_name> {
  template <typename In>
  static void apply(const In& in, f::TypeItemFrame& frame) {
    frame.item.name = name_of(in, frame);
  }
};
template <>
struct action<g::type_member> {
  template <typename In>
  static void apply(const In& in, f::TypeItemFrame& frame) {
    frame.item.member = name_of(in, frame);
  }
};
template <>
struct action<g::type_optional> {
  static void apply0(f::TypeItemFrame& frame) { frame.item.optional = true; }
};
template <>
struct action<g::takes> : change_state<f::TakesFrame> {};
template <>
struct action<g::field> : change_state<f::FieldFrame> {};
template <>
struct action<g::field_name> {
  template <typename In>
  static void apply(const In& in, f::FieldFrame& frame) {
    frame.field.name = name_of(in, frame);
  }
};
template <>
struct action<g::variadic> {
  static void apply0(f::FieldFrame& frame) { frame.field.variadic = true; }
};

// Statements.
struct node_name {
  template <typename In, typename Frame>
  static void apply(const In& in, Frame& frame) {
    frame.node.name = name_of(in, frame);
  }
};
template <>
struct action<g::setting> : change_state<f::SettingFrame> {};
template <>
struct action<g::setting_name> : node_name {};
template <>
struct action<g::slip_equals> {
  template <typename In>
  static void apply(const In& in, f::SettingFrame& frame) {
    const Span span = span_of(in, frame);
    frame.context.slip("S0103", span.begin, span.end, "a setting is written with one `=`")
        .help("write `" + frame.node.name.text + " = …`; `==` compares");
  }
};
template <>
struct action<g::use> : change_state<f::UseFrame> {};
template <>
struct action<g::use_path> {
  template <typename In>
  static void apply(const In& in, f::UseFrame& frame) {
    const std::string_view text = in.string_view();
    frame.node.path = std::string(text.substr(1, text.size() - 2));
    frame.node.path_span = span_of(in, frame);
  }
};
template <>
struct action<g::use_name> {
  template <typename In>
  static void apply(const In& in, f::UseFrame& frame) {
    frame.node.as = name_of(in, frame);
  }
};
template <>
struct action<g::param> : change_state<f::ParamFrame> {};
template <>
struct action<g::known> {
  static void apply0(f::ParamFrame& frame) { frame.node.known = true; }
};
template <>
struct action<g::param_name> : node_name {};
template <>
struct action<g::let> : change_state<f::LetFrame> {};
template <>
struct action<g::let_name> : node_name {};
template <>
struct action<g::function> : change_state<f::FunctionFrame> {};
template <>
struct action<g::function_name> : node_name {};
template <>
struct action<g::kind> : change_state<f::KindFrame> {};
template <>
struct action<g::native> {
  static void apply0(f::KindFrame& frame) { frame.node.native = true; }
};
template <>
struct action<g::base> {
  static void apply0(f::KindFrame& frame) { frame.node.base = true; }
};
template <>
struct action<g::kind_name> : node_name {};
template <>
struct action<g::kind_parent> {
  template <typename In>
  static void apply(const In& in, f::KindFrame& frame) {
    frame.node.inherits = name_of(in, frame);
  }
};
template <>
struct action<g::export_> : change_state<f::ExportFrame> {};
template <>
struct action<g::late> {
  static void apply0(f::ExportFrame& frame) { frame.node.late = true; }
};
template <>
struct action<g::export_name> : node_name {};
template <>
struct action<g::for_> : change_state<f::ForFrame> {};
template <>
struct action<g::if_> : change_state<f::IfFrame> {};
template <>
struct action<g::block> : change_state<f::BlockFrame> {};
template <>
struct action<g::head_kind> {
  template <typename In>
  static void apply(const In& in, f::BlockFrame& frame) {
    frame.node.kind = name_of(in, frame);
    frame.node.head = frame.node.kind.span;
  }
};
template <>
struct action<g::head_member> {
  template <typename In>
  static void apply(const In& in, f::BlockFrame& frame) {
    frame.node.member = name_of(in, frame);
    frame.node.head.end = frame.node.member->span.end;
  }
};
template <>
struct action<g::head_name> {
  template <typename In>
  static void apply(const In& in, f::BlockFrame& frame) {
    frame.node.name = name_of(in, frame);
    frame.node.head.end = frame.node.name->span.end;
  }
};
template <>
struct action<g::slip_quoted> {
  template <typename In>
  static void apply(const In& in, f::BlockFrame& frame) {
    const Span span = span_of(in, frame);
    const std::string_view text = in.string_view();
    frame.context.quoted_head(frame.node.head, span);
    frame.node.head.end = span.end;
    if (!frame.node.name) frame.node.name = syntax::Name{std::string(text.substr(1, text.size() - 2)), span};
  }
};
template <>
struct action<g::slip_head> {
  template <typename In>
  static void apply(const In& in, f::BlockFrame& frame) {
    frame.context.sign_before_body(frame.node.head, frame.context.offset(in.begin()));
  }
};
template <>
struct action<g::slip_line> {
  template <typename In>
  static void apply(const In& in, f::Frame& frame) {
    frame.context.body_on_next_line(frame.context.offset(in.begin()), frame.context.offset(in.end()));
  }
};

// Bodies.
template <>
struct action<g::braces> : change_state<f::BodyFrame> {};
template <>
struct action<g::close_brace> {
  template <typename In>
  static void apply(const In& in, f::BodyFrame& frame) {
    frame.end(frame.context.offset(in.begin()));
  }
};
template <>
struct action<g::slip_unclosed> {
  template <typename In>
  static void apply(const In& in, f::BodyFrame& frame) {
    frame.end(frame.context.offset(in.begin()));
    frame.context.unclosed();
  }
};
template <>
struct action<g::stray_close> {
  template <typename In>
  static void apply(const In& in, f::FileFrame& frame) {
    frame.context.stray_brace(frame.context.offset(in.begin()));
  }
};

template <typename Rule>
void run(Context& context, f::FileFrame& frame) {
  tao::pegtl::memory_input<tao::pegtl::tracking_mode::lazy, tao::pegtl::eol::lf, const char*> in(
      context.text().data(), context.text().size(), "");
  try {
    (void)tao::pegtl::parse<Rule, action, control>(in, frame);
  } catch (const Mistake&) {
    // Reported where it was thrown; what was read before it is in the frame.
  }
}

}  // namespace

syntax::File parse(const Sources& sources, std::uint32_t file, Diagnostics& diagnostics) {
  const std::string& text = sources.at(file).text;
  const auto end = static_cast<std::uint32_t>(text.size());
  syntax::File made;
  made.file = file;
  made.body.span = {file, 0, end};
  if (refuse_binary(text, file, diagnostics)) return made;
  Diagnostics found;
  Context context(text, file, found);
  f::FileFrame frame{context, {}, nullptr};
  run<g::file>(context, frame);
  if (found.has_errors() && explain_foreign(text, file, diagnostics)) return made;
  made.body.statements = std::move(frame.body.statements);
  made.comments = context.take_comments();
  attach_comments(made, text);
  for (const Diagnostic& each : found.sorted()) diagnostics.add(each);
  return made;
}

syntax::ExprPtr parse_expression(const Sources& sources, std::uint32_t file, Diagnostics& diagnostics) {
  const std::string& text = sources.at(file).text;
  const Span all{file, 0, static_cast<std::uint32_t>(text.size())};
  if (!refuse_binary(text, file, diagnostics)) {
    Diagnostics found;
    Context context(text, file, found);
    f::FileFrame frame{context, {}, nullptr};
    run<g::lone>(context, frame);
    for (const Diagnostic& each : found.sorted()) diagnostics.add(each);
    if (frame.expression != nullptr && !found.has_errors()) return std::move(frame.expression);
  }
  return f::Frame::make(all, syntax::Poison{});
}

}  // namespace cairn
