#include "interpreter/doc.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "grammar/source.h"
#include "grammar/suggest.h"

namespace cairn {
namespace {

constexpr std::size_t text_width = 96;

bool may_be_left_out(const Type& type) {
  if (type.form == Type::Form::one_of) return std::any_of(type.of.begin(), type.of.end(), may_be_left_out);
  return type.form == Type::Form::null;
}

// A default as it is written in the declaration.
std::string written(const syntax::Expr& value, const Sources& sources) {
  return std::string(sources.text(value.span));
}

std::string shown_takes(const std::vector<TakesDecl>& takes, const Sources& sources) {
  std::string text;
  for (const TakesDecl& one : takes) {
    if (!text.empty()) text += ", ";
    text += one.name + ": " + show(one.type) + (one.variadic ? "..." : "");
    if (one.default_value != nullptr) text += " = " + written(*one.default_value, sources);
  }
  return text;
}

std::string signature(const FunctionDecl& function, const Sources& sources) {
  return fmt::format("{}({}): {}", function.name, shown_takes(function.takes, sources),
                     show(function.result));
}

std::string signature(const ExportDecl& exported, const Sources& sources) {
  return exported.callable ? fmt::format("{}({}): {}", exported.name, shown_takes(exported.takes, sources),
                                         show(exported.type))
                           : fmt::format("{}: {}", exported.name, show(exported.type));
}

std::string default_of(const ParamDecl& param, const Sources& sources) {
  if (param.default_value != nullptr) return written(*param.default_value, sources);
  return may_be_left_out(param.type) || param.deferred ? "" : "required";
}

std::string escaped(std::string text) {
  for (std::size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2))
    text.replace(at, 1, "\\|");
  return text;
}

std::string on_one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

// Fills lines up to the width; what is between ``` keeps its lines.
std::string filled(std::string_view text, std::string_view indent) {
  std::string result;
  std::string line;
  bool code = false;
  const auto flush = [&] {
    if (!line.empty()) result += fmt::format("{}{}\n", indent, line);
    line.clear();
  };
  while (!text.empty()) {
    std::string_view row = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), row.size() + 1));
    if (row.starts_with("```")) {
      flush();
      code = !code;
      continue;
    }
    if (code) {
      result += fmt::format("{}  {}\n", indent, row);
      continue;
    }
    if (row.empty()) {
      flush();
      result += "\n";
      continue;
    }
    if (row.starts_with("Example: ")) flush();
    while (!row.empty()) {
      const std::string_view word = row.substr(0, row.find(' '));
      row.remove_prefix(std::min(row.size(), word.size() + 1));
      if (!line.empty() && indent.size() + line.size() + 1 + word.size() > text_width) flush();
      line += (line.empty() ? "" : " ") + std::string(word);
    }
  }
  flush();
  return result;
}

// Those of the kind itself before those it inherits, each group by its base kind's name.
template <class Declared>
bool is_own(const Declared& declared, const KindDecl& kind) {
  return declared.span.file == kind.span.file;
}

std::string kind_markdown(const KindDecl& kind, const Sources& sources) {
  std::string text = fmt::format("## {}\n\n", kind.name);
  if (kind.inherits == "volume")
    text += fmt::format("A `{}` can stand wherever a `{}` can.\n\n", kind.name, kind.inherits);
  text += kind.doc + "\n";
  if (!kind.params.empty()) text += "\n| setting | type | default | |\n|---|---|---|---|\n";
  for (const ParamDecl& param : kind.params) {
    const std::string value = default_of(param, sources);
    const std::string shown = value.empty()         ? ""
                              : value == "required" ? "**required**"
                                                    : "`" + escaped(value) + "`";
    const std::string name = param.takes.empty()
                                 ? param.name
                                 : fmt::format("{}({})", param.name, shown_takes(param.takes, sources));
    text += fmt::format("| `{}` | `{}` | {} | {} |\n", escaped(name), escaped(show(param.type)), shown,
                        escaped(on_one_line(param.doc)));
  }
  if (!kind.exports.empty()) text += "\n| export | |\n|---|---|\n";
  for (const ExportDecl& exported : kind.exports)
    text += fmt::format("| `{}` | {} |\n", escaped(signature(exported, sources)),
                        escaped(on_one_line(exported.doc)));
  return text + "\n";
}

std::string explained(const ParamDecl& param, const KindDecl& kind, const Sources& sources) {
  std::string text = fmt::format("{}.{}: {}\n", kind.name, param.name, show(param.type));
  text += "\n" + filled(param.doc, "  ") + "\n";
  const std::string value = default_of(param, sources);
  if (value == "required")
    text += "  It has to be given.\n";
  else if (!value.empty())
    text += fmt::format("  Without it: {}\n", value);
  if (param.known) text += "  Its value has to be known before the run.\n";
  if (param.deferred) text += "  It is asked again and again while the step runs.\n";
  return text;
}

std::string explained(const ExportDecl& exported, const KindDecl& kind, const Sources& sources) {
  std::string text =
      fmt::format("{}.{}\n\n{}", kind.name, signature(exported, sources), filled(exported.doc, "  "));
  if (exported.late) text += "\n  It is known when the run has come that far.\n";
  return text;
}

std::string explained(const KindDecl& kind, const Sources& sources) {
  std::string text = fmt::format("{} (kind)\n\n{}", kind.name, filled(kind.doc, "  "));
  const auto rows = [&](bool own) {
    std::string all;
    for (const ParamDecl& param : kind.params) {
      if (is_own(param, kind) != own) continue;
      const std::string value = default_of(param, sources);
      all += fmt::format("  {:<20} {}{}\n", param.name, show(param.type),
                         value.empty()         ? ""
                         : value == "required" ? ", required"
                                               : " = " + value);
    }
    return all;
  };
  if (const std::string own = rows(true); !own.empty()) text += "\nsettings\n" + own;
  if (const std::string inherited = rows(false); !inherited.empty())
    text += fmt::format("\nsettings of every {}\n{}",
                        kind.inherits == "container" ? "service and run" : kind.inherits, inherited);
  if (!kind.exports.empty()) text += "\nexports\n";
  for (const ExportDecl& exported : kind.exports) text += fmt::format("  {}\n", signature(exported, sources));
  return text + fmt::format("\n`cairn explain {}.{}` says more about one of them.\n", kind.name,
                            kind.params.empty() ? "name" : kind.params.front().name);
}

std::string explained(const FunctionDecl& function, const Sources& sources) {
  return fmt::format("{}\n\n{}", signature(function, sources), filled(function.doc, "  "));
}

NothingToExplain nothing(std::string message, std::string_view name,
                         const std::vector<std::string>& candidates, std::string_view before) {
  const std::optional<std::string> near = suggest(name, candidates);
  return {std::move(message), near ? fmt::format("did you mean `{}{}`?", before, *near) : std::string()};
}

}  // namespace

std::string reference_markdown(Vocabulary& vocabulary, const Sources& sources) {
  std::string text =
      "# Kinds and functions\n\nWritten by `cairn doc` from the declarations in `stdlib/`: do not edit. A "
      "type `T?` may be null, that is, not given;\n`T | list(T)` takes one or several.\n\n# Kinds\n\n";
  for (const std::string& name : vocabulary.kind_names())
    text += kind_markdown(*vocabulary.kind(name), sources);
  text += "# Functions\n\n";
  for (const std::string& name : vocabulary.function_names()) {
    const FunctionDecl& function = *vocabulary.function(name);
    text += fmt::format("### {}\n\n`{}`\n\n{}\n\n", name, signature(function, sources), function.doc);
  }
  while (text.ends_with("\n\n")) text.pop_back();
  return text;
}

std::variant<std::string, NothingToExplain> explain_name(Vocabulary& vocabulary, const Sources& sources,
                                                         std::string_view name) {
  const std::size_t point = name.find('.');
  const std::string_view first = name.substr(0, point);
  const KindDecl* kind = vocabulary.kind(first);
  if (kind != nullptr && kind->base) kind = nullptr;
  if (point == std::string_view::npos) {
    const FunctionDecl* function = vocabulary.function(name);
    if (kind == nullptr && function == nullptr) {
      std::vector<std::string> candidates = vocabulary.kind_names();
      for (std::string& one : vocabulary.function_names()) candidates.push_back(std::move(one));
      return nothing(fmt::format("no kind or function named `{}`", name), name, candidates, "");
    }
    if (kind == nullptr) return explained(*function, sources);
    return explained(*kind, sources) + (function != nullptr ? "\n" + explained(*function, sources) : "");
  }
  if (kind == nullptr)
    return nothing(fmt::format("no kind named `{}`", first), first, vocabulary.kind_names(), "");
  const std::string_view member = name.substr(point + 1);
  const ParamDecl* param = kind->param(member);
  const ExportDecl* exported = kind->find_export(member);
  if (param != nullptr && exported != nullptr)
    return explained(*param, *kind, sources) + "\n" + explained(*exported, *kind, sources);
  if (param != nullptr) return explained(*param, *kind, sources);
  if (exported != nullptr) return explained(*exported, *kind, sources);
  std::vector<std::string> candidates;
  for (const ParamDecl& one : kind->params) candidates.push_back(one.name);
  for (const ExportDecl& one : kind->exports) candidates.push_back(one.name);
  return nothing(fmt::format("`{}` has no setting or export named `{}`", first, member), member, candidates,
                 fmt::format("{}.", first));
}

}  // namespace cairn
