// What `docker buildx build --progress plain` says, read line by line.

#include <algorithm>

#include <fmt/format.h>

#include "runtime/platform/docker/buildx.h"

namespace cairn::docker {

namespace {

bool only_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

// "0.214 hello": the text behind the seconds; nothing when it begins otherwise.
std::optional<std::string> output_in(const std::string& words) {
  const std::size_t space = std::min(words.find(' '), words.size());
  const std::string_view seconds = std::string_view(words).substr(0, space);
  const std::size_t dot = seconds.find('.');
  if (dot == seconds.npos || !only_digits(seconds.substr(0, dot)) || !only_digits(seconds.substr(dot + 1)))
    return std::nullopt;
  return space < words.size() ? words.substr(space + 1) : std::string();
}

bool internal(const std::string& name) {
  return name.starts_with("[internal]") || name.starts_with("[auth]");
}

std::string without_colours(const std::string& line) {
  std::string plain;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\x1b') {
      plain += line[i];
    } else if (const std::size_t end = line.find('m', i); end != line.npos) {
      i = end;
    }
  }
  return plain;
}

}  // namespace

void BuildxProgress::feed(const std::string& raw) {
  const std::string line = without_colours(raw);
  if (line.find_first_not_of(" \t\r") == line.npos) return;
  const std::size_t space = std::min(line.find(' '), line.size());
  if (line.front() == '#' && only_digits(std::string_view(line).substr(1, space - 1))) {
    about(line.substr(1, space - 1), space < line.size() ? line.substr(space + 1) : std::string());
    return;
  }
  flush();
  if (line == "------") {  // around the output of the step that failed, once more
    repeats_ = !repeats_;
    return;
  }
  // Old engines take no traces of builds, and old plugins say so each time.
  if (repeats_ || line.find(" traces export: ") != line.npos) return;
  errors_.push_back(line);
  line_(line);
}

void BuildxProgress::about(const std::string& number, const std::string& words) {
  if (number == "0") return;  // which builder
  const auto [known, is_new] = names_.try_emplace(number, words);
  const std::string& name = known->second;
  if (is_new) {
    flush();
    begun_ = number;
    return;
  }
  if (words == "CACHED" && begun_ == number) {
    begun_.clear();
    if (!internal(name)) line_(name + ": cached");
    return;
  }
  flush();
  if (words.starts_with("ERROR: ")) {
    failed_step_ = name;
    line_(fmt::format("{}: {}", name, words.substr(7)));
  } else if (words.starts_with("WARN: ")) {
    line_(words);
  } else if (const std::optional<std::string> output = output_in(words)) {
    line_("| " + *output);
  }
}

void BuildxProgress::flush() {
  if (begun_.empty()) return;
  const std::string& name = names_[begun_];
  begun_.clear();
  if (!internal(name)) line_(name);
}

}  // namespace cairn::docker
