// What each rule of a type, a statement and a body does with the frames. Private to parse.cc.
#pragma once

#include "grammar/frames_statements.h"
#include "grammar/parse_values.h"

namespace cairn::reading {

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

}  // namespace cairn::reading
