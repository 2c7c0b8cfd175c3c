// The grammar, one rule a line. It knows settings, blocks and a few words of control, and no vocabulary at
// all. Private to parse.cc.
//
// Conventions. A rule takes care of the blanks inside it, never of those around it. must<> stands only behind
// a commit point: a token that no other alternative can start with. So nothing that was built is ever given
// up except by an exception, which `recovered` (recovery.h) catches. A newline is blank only where an
// expression cannot end: after a binary operator, `?`, `:`, `=>`, a separator or an opening bracket, and
// before a closing one. Rules under "slips" match well-known mistakes that are reported by their action and
// read on from as meant.
#pragma once

#include <tao/pegtl.hpp>
#include <tao/pegtl/contrib/analyze_traits.hpp>

#include "grammar/parse_context.h"

namespace cairn::rules {

using namespace tao::pegtl;

// Matches Rule; when that ends in a reported mistake, goes on behind what is wrong (Context::resume), and the
// state gets a poison in place of what did not parse.
template <typename Rule, Level L>
struct recovered {
  using rule_t = recovered;
  using subs_t = type_list<Rule>;

  template <apply_mode A, rewind_mode, template <typename...> class Action,
            template <typename...> class Control, typename In, typename State>
  static bool match(In& in, State& state) {
    Context& context = state.context;
    const Context::Mark mark = context.begin_recoverable(L, in.current());
    try {
      return Control<Rule>::template match<A, rewind_mode::dontcare, Action, Control>(in, state);
    } catch (const Mistake&) {
      const char* next = context.resume(L, mark);
      if (next == nullptr) throw;
      in.iterator() = next;
    }
    if constexpr (requires { state.poison(std::uint32_t{}, std::uint32_t{}); }) {
      state.poison(mark.begin, context.offset(in.current()));
    }
    return true;
  }
};

// clang-format off

// ---- tokens --------------------------------------------------------------------------------------------------
struct space_or_tab : one<' ', '\t'> {};
struct newline      : sor<one<'\n'>, string<'\r', '\n'>> {};
struct comment      : seq<one<'#'>, star<not_one<'\n'>>> {};
struct line_end     : sor<seq<comment, opt<one<'\n'>>>, newline> {};
struct gap          : star<space_or_tab> {};                        // within a line
struct gaps         : star<sor<space_or_tab, line_end>> {};         // across lines
struct word_char    : ranges<'a', 'z', 'A', 'Z', '0', '9', '_', '_'> {};
struct word_hyphens : seq<plus<one<'-'>>, plus<word_char>> {};
struct word         : seq<ranges<'a', 'z', 'A', 'Z', '_', '_'>, star<word_char>, star<word_hyphens>> {};
struct word_stops   : not_at<sor<word_char, seq<plus<one<'-'>>, word_char>>> {};
template <char... C> struct keyword : seq<string<C...>, word_stops> {};
struct kw_use       : keyword<'u', 's', 'e'> {};
struct kw_as        : keyword<'a', 's'> {};
struct kw_param     : keyword<'p', 'a', 'r', 'a', 'm'> {};
struct kw_let       : keyword<'l', 'e', 't'> {};
struct kw_kind      : keyword<'k', 'i', 'n', 'd'> {};
struct kw_for       : keyword<'f', 'o', 'r'> {};
struct kw_in        : keyword<'i', 'n'> {};
struct kw_if        : keyword<'i', 'f'> {};
struct kw_else      : keyword<'e', 'l', 's', 'e'> {};
struct kw_export    : keyword<'e', 'x', 'p', 'o', 'r', 't'> {};
struct kw_true      : keyword<'t', 'r', 'u', 'e'> {};
struct kw_false     : keyword<'f', 'a', 'l', 's', 'e'> {};
struct kw_null      : keyword<'n', 'u', 'l', 'l'> {};
struct kw_native    : keyword<'n', 'a', 't', 'i', 'v', 'e'> {};
struct kw_base      : keyword<'b', 'a', 's', 'e'> {};
struct kw_known     : keyword<'k', 'n', 'o', 'w', 'n'> {};
struct kw_late      : keyword<'l', 'a', 't', 'e'> {};
struct kw_function  : keyword<'f', 'u', 'n', 'c', 't', 'i', 'o', 'n'> {};
struct reserved     : sor<kw_use, kw_as, kw_param, kw_let, kw_kind, kw_for, kw_in, kw_if, kw_else, kw_export, kw_true, kw_false, kw_null> {};
struct name         : seq<not_at<reserved>, word> {};
struct is           : seq<one<'='>, not_at<one<'=', '>'>>> {};
struct plain_text   : seq<not_at<string<'"', '"', '"'>>, one<'"'>, star<not_one<'"', '\\', '\n', '$'>>, one<'"'>> {};
struct open_paren   : one<'('> {};
struct open_bracket : one<'['> {};
struct open_brace   : one<'{'> {};
struct close_paren  : one<')'> {};
struct close_bracket: one<']'> {};
struct close_brace  : one<'}'> {};

// ---- expressions ---------------------------------------------------------------------------------------------
struct expression;                                                  // with `? :`
struct operation;                                                   // without
// Between elements stand `,`, `;` or newlines; before the closing bracket nothing has to.
struct element_end  : at<sor<seq<gaps, sor<one<',', ';', ']', ')', '}'>, eof>>, seq<gap, line_end>>> {};
struct separator    : opt<gaps, one<',', ';'>> {};
template <typename Rule> struct element : seq<recovered<seq<must<Rule>, must<element_end>>, Level::element>, separator, gaps> {};
template <typename Rule, typename Close> struct elements : until<at<sor<Close, eof>>, element<Rule>> {};

struct hole_open    : string<'$', '{'> {};
struct hole_close   : one<'}'> {};
struct hole         : if_must<hole_open, gap, expression, gap, hole_close> {};
struct escape       : seq<one<'\\'>, sor<one<'n', 't', 'r', '"', '\\', '$'>, seq<one<'u'>, one<'{'>, plus<xdigit>, one<'}'>>>> {};
struct slip_escape  : seq<one<'\\'>, opt<not_one<'\n', '\r'>>> {};
struct text_dollar  : one<'$'> {};
struct short_run    : plus<not_one<'"', '\\', '\n', '$'>> {};
struct short_close  : one<'"'> {};
struct short_quote  : one<'"'> {};
struct short_text   : if_must<short_quote, star<sor<short_run, hole, escape, slip_escape, text_dollar>>, short_close> {};
struct raw_run      : star<not_one<'\'', '\n'>> {};
struct raw_close    : one<'\''> {};
struct raw_quote    : one<'\''> {};
struct raw_text     : if_must<raw_quote, raw_run, raw_close> {};
struct slip_start   : success {};                                   // text on the line of the opening quotes
struct long_start   : sor<seq<gap, newline>, slip_start> {};
struct long_quotes  : string<'"', '"', '"'> {};
struct long_close   : string<'"', '"', '"'> {};
struct long_run     : plus<not_one<'"', '\\', '$'>> {};
struct long_quote   : seq<not_at<long_close>, one<'"'>> {};
struct long_text    : if_must<long_quotes, long_start, star<sor<long_run, long_quote, hole, escape, slip_escape, text_dollar>>, long_close> {};
struct long_raw_quotes : string<'\'', '\'', '\''> {};
struct long_raw_close  : string<'\'', '\'', '\''> {};
struct long_raw_run    : star<not_at<long_raw_close>, any> {};
struct long_raw_text   : if_must<long_raw_quotes, long_start, long_raw_run, long_raw_close> {};
struct text         : sor<long_text, long_raw_text, short_text, raw_text> {};

// The whole of what looks like a number; literals.h decides what it is, and what is wrong with it.
struct number_tail  : sor<word_char, seq<plus<one<'-'>>, word_char>, seq<one<'.'>, digit>> {};
struct number       : seq<digit, star<number_tail>> {};

struct variable     : name {};
struct variables    : seq<variable, opt<if_must<seq<gap, one<','>>, gap, variable>>> {};
struct each_in      : kw_in {};
struct each_source  : seq<operation> {};
struct each_if      : seq<gaps, kw_if> {};
struct each_colon   : one<':'> {};
struct each         : seq<kw_for, not_at<gap, is>, must<gaps, variables, gaps, each_in, gaps, each_source>, opt<if_must<each_if, gaps, each_source>>, must<gaps, each_colon, gaps>> {};

struct list_close   : close_bracket {};
struct list_for     : if_must<each, expression, gaps, list_close> {};
struct list_items   : seq<elements<expression, list_close>, must<list_close>> {};
struct list_value   : seq<open_bracket, gaps, sor<list_for, list_items>> {};

struct map_close    : close_brace {};
struct map_arrow    : string<'=', '>'> {};
struct map_for      : if_must<each, expression, gap, map_arrow, gaps, expression, gaps, map_close> {};
struct map_word     : word {};
struct slip_colon   : seq<one<':'>, not_at<one<'='>>> {};            // `"a": 1`
struct map_is       : sor<is, slip_colon> {};
struct map_key      : sor<short_text, raw_text, map_word> {};
struct map_entry    : seq<map_key, must<gap, map_is, gap, expression>> {};
struct map_entries  : seq<elements<map_entry, map_close>, must<map_close>> {};
struct map_value    : seq<open_brace, gaps, sor<map_for, map_entries>> {};

struct group_close  : close_paren {};
struct group        : if_must<open_paren, gaps, expression, gaps, group_close> {};

struct argument_name: seq<word, at<gap, is>> {};
struct argument     : seq<opt<argument_name, gap, is, gap>, must<expression>> {};
struct call_close   : close_paren {};
struct call         : seq<open_paren, gaps, elements<argument, call_close>, must<call_close>> {};

struct true_value   : kw_true {};
struct false_value  : kw_false {};
struct null_value   : kw_null {};
struct value_name   : name {};
struct reference    : seq<value_name, opt<call>> {};
struct primary      : sor<text, number, list_value, map_value, group, true_value, false_value, null_value, reference> {};

struct member_name  : word {};
struct member       : seq<one<'.'>, must<member_name>, opt<call>> {};
struct index_close  : close_bracket {};
struct index        : if_must<open_bracket, gaps, expression, gaps, index_close> {};
struct prefix       : sor<one<'-'>, seq<one<'!'>, not_at<one<'='>>>> {};
struct operand      : seq<star<prefix>, primary, star<sor<member, index>>> {};

struct minus_sign   : seq<plus<space_or_tab>, one<'-'>, at<sor<space_or_tab, line_end>>> {};
struct sign         : sor<string<'|', '|'>, string<'&', '&'>, string<'=', '='>, string<'!', '='>, string<'<', '='>, string<'>', '='>, one<'<', '>', '+', '*', '%'>, seq<one<'/'>, not_at<one<'/', '*'>>>> {};
struct slip_operator: sor<keyword<'a', 'n', 'd'>, keyword<'o', 'r'>> {};
struct infix        : sor<minus_sign, seq<gap, sor<sign, slip_operator>>> {};
struct right_operand: operand {};
struct operations   : seq<operand, star<if_must<infix, gaps, right_operand>>> {};
struct operation    : seq<operations> {};
struct choice_colon : one<':'> {};
struct choice       : if_must<seq<gap, one<'?'>>, gaps, expression, gap, choice_colon, gaps, expression> {};
struct expression   : seq<operations, opt<choice>> {};

// ---- types ---------------------------------------------------------------------------------------------------
struct type;
struct type_text    : plain_text {};
struct type_name    : sor<name, kw_null> {};                        // `T | null` is `T?`
struct type_member  : name {};
struct type_close   : close_paren {};
struct type_of      : if_must<open_paren, gaps, type, gaps, type_close> {};
struct type_optional: one<'?'> {};
struct type_item    : seq<sor<type_text, seq<type_name, opt<sor<type_of, seq<one<'.'>, type_member>>>>>, opt<type_optional>> {};
struct type         : seq<type_item, star<if_must<seq<gap, one<'|'>, not_at<one<'|'>>>, gaps, type_item>>> {};

// ---- statements ----------------------------------------------------------------------------------------------
struct value        : recovered<seq<must<expression>>, Level::value> {};  // poison when it did not parse
struct has_type     : if_must<seq<gap, one<':'>>, gap, type> {};
struct has_value    : if_must<seq<gap, is>, gap, value> {};
struct braces;
struct slip_line    : seq<plus<gap, line_end>, gap, at<one<'{'>>> {};                          // `{` on the next line
struct own_body     : seq<opt<slip_line>, braces> {};

struct field_name   : word {};
struct variadic     : string<'.', '.', '.'> {};
struct field_colon  : one<':'> {};
struct field        : if_must<field_name, gap, field_colon, gap, type, opt<variadic>, opt<if_must<seq<gap, is>, gap, expression>>> {};
struct takes_close  : close_paren {};
struct takes        : seq<open_paren, gaps, elements<field, takes_close>, must<takes_close>> {};

struct slip_equals  : seq<string<'=', '='>, not_at<one<'='>>> {};    // `x == 3`
struct setting_is   : sor<is, slip_equals> {};
struct setting_name : seq<word, at<gap, setting_is>> {};
struct setting      : if_must<setting_name, gap, setting_is, gap, value> {};

struct use_path     : plain_text {};
struct use_name     : name {};
struct use          : if_must<kw_use, gap, use_path, opt<if_must<seq<gap, kw_as>, gap, use_name>>> {};

struct known        : seq<kw_known, gap, at<kw_param>> {};
struct param_name   : word {};
struct param        : seq<opt<known>, if_must<kw_param, gap, param_name, opt<takes>, opt<has_type>, opt<has_value>>> {};

struct let_name     : name {};
struct let_is       : is {};
struct let          : if_must<kw_let, gap, let_name, gap, let_is, gap, value> {};

struct function_name: name {};
struct function_colon : one<':'> {};
struct function     : if_must<seq<kw_native, gap, kw_function>, gap, function_name, takes, gap, function_colon, gap, type> {};

struct native       : seq<kw_native, gap, at<kw_kind>> {};
struct base         : seq<kw_base, gap, at<kw_kind>> {};
struct kind_name    : name {};
struct kind_parent  : name {};
struct kind         : seq<opt<sor<native, base>>, if_must<kw_kind, gap, kind_name, opt<if_must<seq<gap, one<':'>>, gap, kind_parent>>, gap, own_body>> {};

struct late         : seq<kw_late, gap, at<kw_export>> {};
struct export_name  : word {};
struct export_      : seq<opt<late>, if_must<kw_export, gap, export_name, opt<takes>, opt<has_type>, opt<has_value>>> {};

struct for_in       : kw_in {};
struct for_         : if_must<kw_for, gap, variables, gap, for_in, gap, expression, gap, own_body> {};

struct if_;
struct else_body    : sor<if_, own_body> {};
struct else_        : if_must<seq<gaps, kw_else>, gap, else_body> {};
struct if_          : seq<if_must<kw_if, gap, expression, gap, own_body>, opt<else_>> {};

struct head_kind    : name {};
struct head_member  : name {};
struct head_name    : name {};
struct slip_quoted  : seq<plain_text, at<star<sor<space_or_tab, plain_text>>, one<'{'>>> {};   // `service "db" {`
struct slip_head    : seq<one<'=', ':'>, at<gap, one<'{'>>> {};                                // `service db = {`
struct body_gap     : sor<seq<gap, opt<slip_head, gap>, at<one<'{'>>>, slip_line> {};
struct head_label   : sor<head_name, slip_quoted> {};
struct block_rest   : sor<seq<plus<space_or_tab>, head_label, star<gap, slip_quoted>, opt<body_gap, braces>>, seq<body_gap, braces>> {};
struct block        : seq<head_kind, opt<one<'.'>, head_member>, must<block_rest>> {};

struct statement    : sor<setting, use, param, let, function, kind, export_, for_, if_, block> {};
struct statement_end: seq<gap, sor<line_end, one<';', ','>, at<one<'}'>>, eof>> {};
struct fill         : star<sor<space_or_tab, line_end, one<';', ','>>> {};
struct item         : recovered<seq<must<statement>, must<statement_end>>, Level::statement> {};
struct slip_unclosed: eof {};
struct body         : seq<fill, until<at<sor<one<'}'>, eof>>, item, fill>> {};
struct braces       : seq<open_brace, body, sor<close_brace, slip_unclosed>> {};

struct stray_close  : one<'}'> {};
struct file_body    : seq<fill, until<eof, sor<stray_close, item>, fill>> {};
struct bom          : utf8::bom {};
struct file         : seq<opt<bom>, file_body> {};
struct lone_end     : eof {};
struct lone         : seq<opt<bom>, gaps, must<expression>, gaps, must<lone_end>> {};

// clang-format on
}  // namespace cairn::rules

template <typename Name, typename Rule, cairn::Level L>
struct tao::pegtl::analyze_traits<Name, cairn::rules::recovered<Rule, L>>
    : analyze_traits<Name, typename Rule::rule_t> {};
