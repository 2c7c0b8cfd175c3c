#include "interpreter/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "grammar/parse.h"
#include "grammar/suggest.h"
#include "interpreter/declare.h"
#include "stdlib/stdlib.h"

namespace cairn {
namespace {

constexpr std::size_t most_files = 1000;

std::string normal(const std::filesystem::path& path) {
  return path.lexically_normal().generic_string();
}

bool ends_like_compose(std::string_view path) {
  return path.ends_with(".yml") || path.ends_with(".yaml");
}

// The name that `use` binds when it has no `as`: the file's, without folder and ending.
std::string base_name(const std::string& path) {
  return std::filesystem::path(path).stem().string();
}

bool is_value_name(std::string_view name) {
  if (name.empty() || (name.front() >= '0' && name.front() <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

class Loader {
 public:
  Loader(Program& program, Inputs& inputs, const std::string& shown_folder)
      : program_(program), inputs_(inputs), shown_folder_(shown_folder) {}

  Module* load_main(const std::string& path) {
    const ReadAnswer answer = inputs_.read_file(path);
    if (!answer.text) {
      Diagnostic& error = program_.diagnostics.error(
          "S0204", Span{}, fmt::format("cannot read `{}{}`: {}", shown_folder_, path, answer.why_not));
      if (const std::string near = meant(path); !near.empty())
        error.help(fmt::format("did you mean `{}{}`?", shown_folder_, near));
      return nullptr;
    }
    return add(normal(path), normal(path), *answer.text, false);
  }

 private:
  struct Open {
    Module* module;
    std::string identity;
  };

  Module* add(const std::string& identity, const std::string& name, std::string text, bool embedded) {
    auto owned = std::make_unique<Module>();
    Module& module = *owned;
    module.name = name;
    module.embedded = embedded;
    module.main = program_.modules.empty();
    module.folder = embedded ? std::string() : normal(std::filesystem::path(identity).parent_path());
    module.file = program_.sources.add(embedded ? name : shown(name), embedded ? std::string() : identity,
                                       std::move(text));
    module.syntax = parse(program_.sources, module.file, program_.diagnostics);
    program_.modules.push_back(std::move(owned));
    loaded_.emplace_back(identity, &module);
    open_.push_back({&module, identity});
    for (const syntax::Statement& statement : module.syntax.body.statements)
      if (const syntax::Use* use = std::get_if<syntax::Use>(&statement.is))
        bind(module, *use, statement.span);
    open_.pop_back();
    return &module;
  }

  // The file of a folder that was named itself, or one of a name like this; empty when none is likely.
  std::string meant(const std::string& path) {
    const std::vector<std::string> inside = inputs_.glob("", path + "/*.stack");
    if (inside.size() == 1) return inside.front();
    const std::vector<std::string> beside = inputs_.glob("", "*.stack");
    if (std::find(beside.begin(), beside.end(), path + ".stack") != beside.end()) return path + ".stack";
    return suggest(path, beside).value_or("");
  }

  // "../lib.stack" below "examples/shop/" is "examples/lib.stack".
  std::string shown(const std::string& name) const {
    return shown_folder_.empty() ? name : normal(std::filesystem::path(shown_folder_) / name);
  }

  void bind(Module& module, const syntax::Use& use, Span span) {
    Module* used = resolve(module, use);
    UseBinding binding{use.as ? use.as->text : base_name(use.path), use.as ? use.as->span : use.path_span,
                       used};
    if (!is_value_name(binding.name)) {
      program_.diagnostics
          .error("S0208", span, fmt::format("`{}` is no name for a module", binding.name),
                 "needs a name of its own")
          .help(fmt::format("use \"{}\" as NAME", use.path));
      return;
    }
    module.uses.push_back(std::move(binding));
  }

  Module* resolve(Module& from, const syntax::Use& use) {
    Diagnostics& diagnostics = program_.diagnostics;
    const bool library = use.path.starts_with("std/");
    const bool relative = use.path.starts_with("./") || use.path.starts_with("../");
    if (!library && !relative) {
      Diagnostic& error =
          diagnostics.error("S0208", use.path_span,
                            fmt::format("`{}` is no file of the library and no relative path", use.path));
      if (stdlib::text_of(use.path))
        error.help(fmt::format("use \"std/{}\"", use.path));
      else
        error.help(fmt::format("use \"./{}\"", use.path));
      return nullptr;
    }
    const std::string identity = library ? use.path : normal(std::filesystem::path(from.folder) / use.path);
    for (std::size_t i = 0; i < open_.size(); ++i)
      if (open_[i].identity == identity) {
        report_cycle(i, use);
        return nullptr;
      }
    for (const auto& [known, module] : loaded_)
      if (known == identity) return module;
    if (loaded_.size() >= most_files) {
      if (!full_)
        diagnostics.error("S0209", use.path_span,
                          fmt::format("a program has more than {} files", most_files));
      full_ = true;
      return nullptr;
    }
    if (library) {
      const std::string name = use.path.substr(4);
      const std::optional<std::string_view> text =
          name.find('/') == std::string::npos ? stdlib::text_of(name) : std::nullopt;
      if (!text) {
        report_unknown_library(name, use);
        return nullptr;
      }
      return add(identity, use.path, std::string(*text), true);
    }
    if (ends_like_compose(use.path)) {
      diagnostics.error("S0208", use.path_span, "Compose files cannot be used yet", "not a .stack file");
      return nullptr;
    }
    if (from.embedded) {
      diagnostics.error("S0204", use.path_span, "a file of the library uses library files only");
      return nullptr;
    }
    const ReadAnswer answer = inputs_.read_file(identity);
    if (!answer.text) {
      Diagnostic& error = diagnostics.error(
          "S0204", use.path_span, fmt::format("cannot read `{}`: {}", identity, answer.why_not), "used here");
      if (!use.path.ends_with(".stack") && inputs_.exists(identity + ".stack"))
        error.help(fmt::format("use \"{}.stack\"", use.path));
      return nullptr;
    }
    return add(identity, identity, *answer.text, false);
  }

  void report_cycle(std::size_t first, const syntax::Use& use) {
    std::string path;
    for (std::size_t i = first; i < open_.size(); ++i) path += open_[i].module->name + " → ";
    path += open_[first].module->name;
    program_.diagnostics
        .error("S0205", use.path_span, fmt::format("`{}` uses itself: {}", open_[first].module->name, path),
               "completes the cycle")
        .help("move what both need into a third file");
  }

  void report_unknown_library(const std::string& name, const syntax::Use& use) {
    Diagnostic& error =
        program_.diagnostics.error("S0204", use.path_span, fmt::format("the library has no `{}`", name));
    std::string names;
    for (const stdlib::Embedded& file : stdlib::all())
      if (file.name.find('/') == std::string_view::npos)
        names += fmt::format("{}`std/{}`", names.empty() ? "" : ", ", file.name);
    if (!names.empty()) error.note("it has " + names);
  }

  Program& program_;
  Inputs& inputs_;
  const std::string& shown_folder_;
  std::vector<std::pair<std::string, Module*>> loaded_;  // by identity: the real path, or "std/x"
  std::vector<Open> open_;
  bool full_ = false;
};

}  // namespace

std::shared_ptr<Program> load(const std::string& path, const std::string& shown_folder, Inputs& inputs,
                              Sources& sources, Diagnostics& diagnostics) {
  auto program = std::make_shared<Program>(sources, diagnostics);
  if (Loader(*program, inputs, shown_folder).load_main(path) == nullptr) return nullptr;
  declare(*program);
  return program;
}

}  // namespace cairn
