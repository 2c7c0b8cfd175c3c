#include "runtime/platform/docker/dockerignore.h"

#include <filesystem>
#include <optional>

namespace cairn::docker {

namespace {

// Does the class at the front of `pattern` ("[a-z]…") take `c`? How long the class is; nothing: it is no
// class.
std::optional<std::size_t> class_length(std::string_view pattern, char c, bool& takes) {
  std::size_t i = 1;
  const bool negated = i < pattern.size() && pattern[i] == '^';
  if (negated) ++i;
  bool found = false;
  for (bool first = true; i < pattern.size() && (first || pattern[i] != ']'); first = false) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
    const char low = pattern[i++];
    char high = low;
    if (i + 1 < pattern.size() && pattern[i] == '-' && pattern[i + 1] != ']') {
      high = pattern[i + 1];
      i += 2;
    }
    found = found || (low <= c && c <= high);
  }
  if (i >= pattern.size()) return {};
  takes = found != negated && c != '/';
  return i + 1;
}

bool matches(std::string_view pattern, std::string_view path) {
  while (!pattern.empty()) {
    if (pattern.starts_with("**")) {
      std::string_view rest = pattern.substr(2);
      if (rest.starts_with('/')) rest.remove_prefix(1);
      if (rest.empty()) return true;
      // Any number of whole folders, none included.
      for (std::size_t at = 0;;) {
        if (matches(rest, path.substr(at))) return true;
        const std::size_t slash = path.find('/', at);
        if (slash == path.npos) return false;
        at = slash + 1;
      }
    }
    if (pattern[0] == '*') {
      for (std::size_t size = 0;; ++size) {
        if (matches(pattern.substr(1), path.substr(size))) return true;
        if (size >= path.size() || path[size] == '/') return false;
      }
    }
    if (path.empty()) return false;
    std::size_t length = 1;
    bool takes = false;
    if (pattern[0] == '?') {
      takes = path[0] != '/';
    } else if (pattern[0] == '[') {
      const std::optional<std::size_t> whole = class_length(pattern, path[0], takes);
      if (!whole) return false;
      length = *whole;
    } else {
      if (pattern[0] == '\\' && pattern.size() > 1) {
        pattern.remove_prefix(1);
      }
      takes = pattern[0] == path[0];
    }
    if (!takes) return false;
    pattern.remove_prefix(length);
    path.remove_prefix(1);
  }
  return path.empty();
}

std::string trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == text.npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1));
}

}  // namespace

Dockerignore::Dockerignore(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view raw = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (raw.starts_with('#')) continue;
    Pattern pattern{trimmed(raw), false};
    if (pattern.text.starts_with('!')) {
      pattern.takes_back = true;
      pattern.text = trimmed(std::string_view(pattern.text).substr(1));
    }
    if (pattern.text.empty()) continue;
    pattern.text = std::filesystem::path(pattern.text).lexically_normal().string();
    while (pattern.text.size() > 1 && pattern.text.ends_with('/')) pattern.text.pop_back();
    if (pattern.text.starts_with('/')) pattern.text.erase(0, 1);
    if (pattern.text.empty() || pattern.text == ".") continue;
    takes_back_ = takes_back_ || pattern.takes_back;
    patterns_.push_back(std::move(pattern));
  }
}

bool Dockerignore::ignores(const std::string& path) const {
  bool ignored = false;
  for (const Pattern& pattern : patterns_) {
    if (pattern.takes_back != ignored) continue;
    for (std::size_t end = path.find('/');; end = path.find('/', end + 1)) {
      if (matches(pattern.text, std::string_view(path).substr(0, end))) {
        ignored = !pattern.takes_back;
        break;
      }
      if (end == std::string::npos) break;
    }
  }
  return ignored;
}

}  // namespace cairn::docker
