#include "cli/wrong_command_line.h"

#include <fmt/format.h>

#include <CLI/Error.hpp>
#include <CLI/Option.hpp>
#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "grammar/suggest.h"

namespace cairn::cli {
namespace {

// "cairn lint"
std::string name_of(const CLI::App& command) {
  const CLI::App* above = command.get_parent();
  return above == nullptr ? command.get_name() : name_of(*above) + " " + command.get_name();
}

const CLI::App& command_of(const CLI::App& app) {
  const std::vector<CLI::App*> given = app.get_subcommands();
  return given.empty() ? app : command_of(*given.front());
}

std::vector<std::string> options_of(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  if (const CLI::App* above = command.get_parent())
    for (const std::string& name : options_of(*above)) names.push_back(name);
  return names;
}

std::string look_at(const CLI::App& command) {
  return fmt::format("`{} --help` lists what it takes", name_of(command));
}

WrongCommandLine not_expected(const CLI::App& app) {
  const CLI::App& command = command_of(app);
  std::vector<std::string> left = app.remaining(true);
  std::string word = left.empty() ? std::string() : left.front();
  for (const std::string& each : left)
    if (each.starts_with('-')) word = each;  // what follows an unknown option is most likely its value
  word = word.substr(0, word.find('='));
  if (!word.starts_with('-'))
    return {fmt::format("`{}` cannot take `{}`", name_of(command), word), look_at(command)};
  const std::optional<std::string> near = suggest(word, options_of(command));
  return {fmt::format("`{}` has no option `{}`", name_of(command), word),
          near ? fmt::format("did you mean `{}`?", *near) : look_at(command)};
}

// "cairn pool" alone, or with a word that is none of its own.
WrongCommandLine part_missing(const CLI::App& app, const CLI::App& command) {
  // What other tools call it.
  static const std::map<std::string, std::string> others = {
      {"rm", "remove"}, {"delete", "remove"}, {"destroy", "remove"}, {"ls", "list"},
      {"ps", "list"},   {"new", "create"},    {"make", "create"},    {"add", "create"}};
  std::vector<std::string> known;
  for (const CLI::App* one : command.get_subcommands([](const CLI::App*) { return true; }))
    known.push_back(one->get_name());
  std::string list = fmt::format("`{} {}`", name_of(command), known.empty() ? "" : known.front());
  for (std::size_t i = 1; i < known.size(); ++i)
    list += fmt::format("{}`{}`", i + 1 == known.size() ? " or " : ", ", known[i]);
  const std::vector<std::string> left = app.remaining(true);
  const auto word =
      std::find_if(left.begin(), left.end(), [](const std::string& each) { return !each.starts_with('-'); });
  if (word == left.end()) return {fmt::format("`{}` alone does nothing", name_of(command)), "write " + list};
  const auto other = others.find(*word);
  std::optional<std::string> near =
      other != others.end() && std::find(known.begin(), known.end(), other->second) != known.end()
          ? other->second
          : suggest(*word, known);
  return {fmt::format("`{}` cannot `{}`", name_of(command), *word),
          near ? fmt::format("did you mean `{} {}`?", name_of(command), *near) : "write " + list};
}

// "--format: yaml not in {text,json,sarif}": the option, the value, and what there is.
std::optional<WrongCommandLine> not_one_of(const std::string& text) {
  const std::size_t colon = text.find(": "), is = text.find(" not in {");
  if (colon == std::string::npos || is == std::string::npos || is < colon) return std::nullopt;
  const std::string value = text.substr(colon + 2, is - colon - 2);
  std::vector<std::string> known;
  std::string list = text.substr(is + 9, text.rfind('}') - is - 9);
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    known.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  const std::optional<std::string> near = suggest(value, known);
  return WrongCommandLine{fmt::format("`{}` cannot be `{}`", text.substr(0, colon), value),
                          near ? fmt::format("did you mean `{}`?", *near)
                               : fmt::format("it is one of `{}`", fmt::join(known, "`, `"))};
}

// "--size: Value 10GiB not in range 1 to 1048576" in words.
std::string range_in(const std::string& text) {
  unsigned long long least = 0, most = 0;
  const std::size_t range = text.find("not in range ");
  if (std::sscanf(text.c_str() + range, "not in range %llu to %llu", &least, &most) != 2 || most > 10'000'000)
    return "above 0";
  return fmt::format("from {} to {}", least, most);
}

// What the option is, and where there is more.
std::string option_help(const CLI::App& command, const std::string& option) {
  for (const CLI::Option* each : command.get_options())
    if (each->get_name() == option) return fmt::format("{}; {}", each->get_description(), look_at(command));
  return look_at(command);
}

}  // namespace

WrongCommandLine explain(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& command = command_of(app);
  const std::string text = error.what();
  const std::size_t colon = text.find(": ");
  const std::string option = text.substr(0, colon);
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) return not_expected(app);
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    if (&command == &app)
      return {"say what to do", "`cairn run STAGE` runs a stage, `cairn --help` lists the commands"};
    if (command.get_require_subcommand_min() > 0) return part_missing(app, command);
    for (const CLI::Option* each : command.get_options())
      if (each->get_required() && each->count() == 0)
        return {fmt::format("`{}` needs {}", name_of(command), each->get_description()), look_at(command)};
  }
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr && colon != std::string::npos)
    for (const CLI::Option* each : command.get_options())
      if (each->get_name() == option)
        return {fmt::format("`{}` needs {}: {}", option,
                            each->get_items_expected_min() > 1
                                ? fmt::format("{} values", each->get_items_expected_min())
                                : "a value",
                            each->get_description()),
                look_at(command)};
  if (std::optional<WrongCommandLine> wrong = not_one_of(text)) return *wrong;
  if (text.find(" not in range ") != std::string::npos)
    return {fmt::format("`{}` takes a number {}", option, range_in(text)), option_help(command, option)};
  if (dynamic_cast<const CLI::ConversionError*>(&error) != nullptr)
    return {fmt::format("`{}` takes a number", option), look_at(command)};
  return {text, look_at(command)};
}

}  // namespace cairn::cli
