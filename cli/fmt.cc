#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "cli/invocation.h"
#include "grammar/diff.h"
#include "grammar/format.h"
#include "grammar/parse.h"
#include "grammar/render.h"
#include "interpreter/inputs_real.h"

namespace cairn::cli {
namespace {

struct FmtOptions {
  std::vector<std::string> files;
  bool check = false, diff = false;
};

void format_one(const std::string& path, const FmtOptions& options, Invocation& invocation) {
  const bool standard = path == "-";
  std::string text;
  if (standard) {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else {
    std::error_code error;
    const std::filesystem::path place =
        std::filesystem::weakly_canonical(std::filesystem::absolute(path), error);
    ReadAnswer answer = real_inputs({.root = place.parent_path().string(), .run_id = {}, .now_ms = 0})
                            ->read_file(place.filename().string());
    if (!answer.text)
      return complain(invocation, wrong_input, fmt::format("cannot read `{}`: {}", path, answer.why_not));
    text = std::move(*answer.text);
  }
  Sources sources;
  Diagnostics diagnostics;
  const std::uint32_t id = sources.add(standard ? "standard input" : path, path, text);
  const syntax::File file = parse(sources, id, diagnostics);
  if (diagnostics.has_errors()) {
    fmt::print(stderr, "{}", render(sources, diagnostics, use_colour(invocation, 2)));
    invocation.exit_code = wrong_input;
    return;
  }
  const std::string formatted = format(sources, file);
  if (options.check || options.diff) {
    if (formatted == text) return;
    if (options.diff)
      fmt::print("{}", unified_diff(path, text, formatted));
    else
      fmt::print("{}\n", path);
    if (options.check && invocation.exit_code == passed) invocation.exit_code = step_failed;
    return;
  }
  if (standard) {
    fmt::print("{}", formatted);
  } else if (formatted != text) {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    if (!(out << formatted)) complain(invocation, wrong_input, fmt::format("`{}` cannot be written", path));
  }
}

}  // namespace

void add_fmt(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("fmt", "write files in the one canonical form");
  const auto options = std::make_shared<FmtOptions>();
  command->add_option("files", options->files, "the files; `-` is standard input")->required();
  command->add_flag("--check", options->check,
                    "change nothing; name the files that would change, exit 1 if there are any");
  command->add_flag("--diff", options->diff, "change nothing; print what would change");
  command->callback([options, &invocation] {
    for (const std::string& path : options->files) format_one(path, *options, invocation);
  });
}

}  // namespace cairn::cli
