// The types of the language (rules 26–31): what a setting accepts, what an expression gives.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "interpreter/value.h"

namespace cairn {

struct Type {
  enum class Form {
    poison,  // of something already reported: fits everything, gives no further error
    any,     // parsed JSON: checked when its value is known
    null,
    boolean,
    integer,  // `text` is, here and of float, string and path, the rule of a refinement ("port"), if any:
              // refinement.h
    floating,
    string,
    duration,
    size,
    path,
    secret,
    literal,   // the string `text`
    list,      // of.front(): element type
    map,       // of.front(): value type
    node,      // a reference; `text` is the kind ("volume", "postgres.server"); "" is any node
    made,      // what a constructor gives; `text` names the family ("check", "report_file", "retry", "mount")
    one_of,    // any of `of`; T? is one_of {T, null}
    variable,  // T in a native function's signature; `text` is its name
  };
  Form form = Form::any;
  std::string text;
  std::vector<Type> of;

  bool operator==(const Type&) const = default;
};

std::string show(const Type& type);  // as the language writes it: "string | int", "list(path)", "volume?"

}  // namespace cairn
