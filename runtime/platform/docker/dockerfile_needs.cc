// Just enough of a Dockerfile to know which images it starts from.

#include <algorithm>
#include <set>
#include <sstream>

#include "runtime/platform/docker/build.h"

namespace cairn::docker {

namespace {

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// $NAME, ${NAME}, ${NAME:-otherwise}, ${NAME:+instead}.
std::string filled_in(const std::string& text, const std::map<std::string, std::string>& values) {
  std::string result;
  const auto value = [&](const std::string& name) {
    const auto found = values.find(name);
    return found == values.end() ? std::string() : found->second;
  };
  const auto is_name = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 >= text.size()) {
      result += text[i];
      continue;
    }
    std::size_t end = i + 1;
    if (text[end] == '{') {
      const std::size_t close = text.find('}', end);
      if (close == std::string::npos) return result + text.substr(i);
      const std::string inside = text.substr(end + 1, close - end - 1);
      const std::size_t colon = inside.find(':');
      const std::string known = value(inside.substr(0, colon));
      const std::string other =
          colon == std::string::npos || colon + 2 > inside.size() ? "" : inside.substr(colon + 2);
      const bool instead = colon != std::string::npos && inside.substr(colon, 2) == ":+";
      if (instead) {
        result += known.empty() ? "" : filled_in(other, values);
      } else {
        result += known.empty() ? filled_in(other, values) : known;
      }
      i = close;
    } else {
      while (end < text.size() && is_name(text[end])) ++end;
      result += value(text.substr(i + 1, end - i - 1));
      i = end - 1;
    }
  }
  return result;
}

std::string unquoted(std::string text) {
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front()) {
    return text.substr(1, text.size() - 2);
  }
  return text;
}

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

class Needs {
 public:
  explicit Needs(const std::map<std::string, Text>& args) {
    for (const auto& [name, value] : args) given_[name] = value.exposed();
  }

  void line(const std::string& text) {
    std::istringstream words(text);
    std::string verb, word;
    words >> verb;
    verb = upper(verb);
    if (verb == "ARG" && !in_stage_) {
      while (words >> word) {
        const std::size_t equals = word.find('=');
        const std::string name = word.substr(0, equals);
        if (equals != std::string::npos)
          values_[name] = filled_in(unquoted(word.substr(equals + 1)), values_);
        if (given_.contains(name)) values_[name] = given_[name];
      }
    } else if (verb == "FROM") {
      in_stage_ = true;
      std::vector<std::string> parts;
      while (words >> word) {
        if (!word.starts_with("--")) parts.push_back(word);
      }
      if (parts.empty()) return;
      image(filled_in(unquoted(parts[0]), values_));
      if (parts.size() >= 3 && upper(parts[1]) == "AS") stages_.insert(lower(parts[2]));
    } else if (verb == "COPY" || verb == "ADD" || verb == "RUN") {
      while (words >> word && word.starts_with("--")) flag(word);
    }
  }

  void image(const std::string& name) {
    if (name.empty() || name == "scratch" || is_number(name) || stages_.contains(lower(name))) return;
    if (std::find(found.images.begin(), found.images.end(), name) == found.images.end())
      found.images.push_back(name);
  }

  DockerfileNeeds found;

 private:
  void flag(const std::string& word) {
    if (word.starts_with("--from=")) return image(filled_in(word.substr(7), values_));
    if (!word.starts_with("--mount=")) return;
    std::istringstream options(word.substr(8));
    std::string type, id, target;
    for (std::string option; std::getline(options, option, ',');) {
      if (option.starts_with("from=")) image(filled_in(option.substr(5), values_));
      if (option.starts_with("type=")) type = option.substr(5);
      if (option.starts_with("id=")) id = unquoted(option.substr(3));
      for (const std::string_view name : {"target=", "dst=", "destination="})
        if (option.starts_with(name)) target = unquoted(option.substr(name.size()));
    }
    found.session_mounts = found.session_mounts || type == "secret" || type == "ssh";
    found.ssh = found.ssh || type == "ssh";
    // Without an id, a secret is called as its file.
    if (type == "secret") found.secrets.push_back(!id.empty() ? id : target.substr(target.rfind('/') + 1));
  }

  std::map<std::string, std::string> given_, values_;
  std::set<std::string> stages_;
  bool in_stage_ = false;
};

}  // namespace

DockerfileNeeds needs_of_dockerfile(const std::string& text, const std::map<std::string, Text>& args) {
  Needs needs(args);
  std::istringstream lines(text);
  std::string whole;
  bool directives = true;
  for (std::string line; std::getline(lines, line);) {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t'))
      line.pop_back();
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string::npos) continue;
    if (line[begin] == '#') {
      // "# syntax=docker/dockerfile:1", before anything else only.
      std::string comment = line.substr(begin + 1);
      comment.erase(std::remove(comment.begin(), comment.end(), ' '), comment.end());
      if (directives && lower(comment).starts_with("syntax=")) needs.image(comment.substr(7));
      continue;
    }
    directives = false;
    whole += line.substr(begin);
    if (whole.ends_with('\\')) {
      whole.back() = ' ';
      continue;
    }
    needs.line(whole);
    whole.clear();
  }
  if (!whole.empty()) needs.line(whole);
  return std::move(needs.found);
}

}  // namespace cairn::docker
