#include <fmt/format.h>

#include "cli/invocation.h"

namespace cairn::cli {
namespace {

// The words after `cairn`, and the options of each command, read off the command line's own description.
std::string commands_of(const CLI::App& app) {
  std::string words;
  for (const CLI::App* command : app.get_subcommands({}))
    words += (words.empty() ? "" : " ") + command->get_name();
  return words;
}
std::string options_of(const CLI::App& command) {
  std::string words;
  for (const CLI::Option* option : command.get_options())
    for (const std::string& name : option->get_lnames()) words += (words.empty() ? "--" : " --") + name;
  return words;
}

std::string bash(const CLI::App& app) {
  std::string cases;
  for (const CLI::App* command : app.get_subcommands({}))
    cases += fmt::format("    {}) words=\"{}\" ;;\n", command->get_name(), options_of(*command));
  return fmt::format(R"(_cairn() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "{}" -- "$current")); return
  fi
  case "${{COMP_WORDS[1]}}" in
{}  esac
  COMPREPLY=($(compgen -W "$words" -- "$current") $(compgen -f -X '!*.stack' -- "$current"))
}}
complete -o filenames -F _cairn cairn
)",
                     commands_of(app), cases);
}

std::string zsh(const CLI::App& app) {
  std::string rows;
  for (const CLI::App* command : app.get_subcommands({})) {
    std::string text = command->get_description();
    for (std::size_t at = text.find('\''); at != std::string::npos; at = text.find('\'', at + 4))
      text.replace(at, 1, "'\\''");
    rows += fmt::format("    '{}:{}'\n", command->get_name(), text);
  }
  std::string cases;
  for (const CLI::App* command : app.get_subcommands({}))
    cases += fmt::format("    {}) compadd -- {}; _files -g '*.stack' ;;\n", command->get_name(),
                         options_of(*command));
  return fmt::format(
      "#compdef cairn\n_cairn() {{\n  local -a commands=(\n{}  )\n  if (( CURRENT == 2 )); then _describe "
      "command commands; return; fi\n  case \"$words[2]\" in\n{}  esac\n}}\n_cairn \"$@\"\n",
      rows, cases);
}

std::string fish(const CLI::App& app) {
  std::string out = "complete -c cairn -f\n";
  for (const CLI::App* command : app.get_subcommands({})) {
    std::string text = command->get_description();
    for (std::size_t at = text.find('\''); at != std::string::npos; at = text.find('\'', at + 2))
      text.replace(at, 1, "\\'");
    out +=
        fmt::format("complete -c cairn -n __fish_use_subcommand -a {} -d '{}'\n", command->get_name(), text);
    for (const CLI::Option* option : command->get_options())
      for (const std::string& name : option->get_lnames())
        out += fmt::format("complete -c cairn -n '__fish_seen_subcommand_from {}' -l {}\n",
                           command->get_name(), name);
  }
  return out;
}

}  // namespace

void add_completion(CLI::App& app, Invocation&) {
  CLI::App* command = app.add_subcommand("completion", "print completions for a shell");
  const auto shell = std::make_shared<std::string>();
  command->add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->callback([shell, &app] {
    fmt::print("{}", *shell == "bash" ? bash(app) : *shell == "zsh" ? zsh(app) : fish(app));
  });
}

}  // namespace cairn::cli
