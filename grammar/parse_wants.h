// What had to stand where a must<> rule failed, and the control that says so. Private to parse.cc.
#pragma once

#include "grammar/parse_context.h"
#include "grammar/rules.h"

namespace cairn::reading {

namespace g = rules;

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

}  // namespace cairn::reading
