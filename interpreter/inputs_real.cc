#include "interpreter/inputs_real.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <utility>

#include "interpreter/inputs_files.h"
#include "interpreter/inputs_git.h"

namespace cairn {
namespace {

constexpr std::size_t largest_dotenv = 1'000'000;
constexpr std::size_t deepest_glob = 64;

bool is_name(std::string_view name) {
  if (name.empty() || (name.front() >= '0' && name.front() <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  return begin == std::string_view::npos ? std::string_view()
                                         : text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

// Between double quotes `\n`, `\t`, `\"` and `\\` are read; between single ones nothing is.
std::string unquoted(std::string_view value) {
  const char quote = value.empty() ? '\0' : value.front();
  if (quote != '"' && quote != '\'') {
    const std::size_t comment = value.find(" #");
    return std::string(trimmed(value.substr(0, comment)));
  }
  std::string text;
  for (std::size_t i = 1; i < value.size() && value[i] != quote; ++i) {
    if (quote == '"' && value[i] == '\\' && i + 1 < value.size()) {
      const char next = value[++i];
      text += next == 'n' ? '\n' : next == 't' ? '\t' : next;
    } else {
      text += value[i];
    }
  }
  return text;
}

// `NAME=value` lines, `export ` before them, `#` comments. Nothing in a value is substituted.
std::map<std::string, std::string> parse_dotenv(std::string_view text) {
  std::map<std::string, std::string> variables;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.starts_with("export ")) line = trimmed(line.substr(7));
    const std::size_t equals = line.find('=');
    if (line.starts_with('#') || equals == std::string_view::npos) continue;
    const std::string_view name = trimmed(line.substr(0, equals));
    if (is_name(name)) variables[std::string(name)] = unquoted(trimmed(line.substr(equals + 1)));
  }
  return variables;
}

class RealInputs final : public Inputs {
 public:
  explicit RealInputs(RealInputsOptions options)
      : options_(std::move(options)),
        root_(std::filesystem::absolute(options_.root).lexically_normal().string()) {
    if (const ReadAnswer dotenv = root_.read(".env", largest_dotenv); dotenv.text)
      dotenv_ = parse_dotenv(*dotenv.text);
  }

  ReadAnswer read_file(const std::string& path) override { return root_.read(path, options_.largest_file); }
  bool exists(const std::string& path) override { return root_.exists(path); }

  std::vector<std::string> glob(const std::string& folder, const std::string& pattern) override {
    std::vector<std::string> found;
    const std::string whole = folder.empty() || pattern.starts_with('/') ? pattern : folder + "/" + pattern;
    const std::optional<std::string> wanted = root_.below(whole);
    const std::optional<std::string> base = root_.below(folder);
    if (!wanted || !base) return found;
    // Only what can fit is walked: from the last folder before the first name with a mark in it.
    const std::size_t mark = wanted->find_first_of("*?[");
    const std::size_t slash = mark == std::string::npos ? wanted->rfind('/') : wanted->rfind('/', mark);
    std::size_t looked_at = 0;
    walk(slash == std::string::npos ? std::string() : wanted->substr(0, slash), *wanted, 0, looked_at, found);
    if (!base->empty() && !pattern.starts_with('/'))
      for (std::string& path : found) path = std::filesystem::path(path).lexically_relative(*base).string();
    std::sort(found.begin(), found.end());
    return found;
  }

  std::optional<std::string> environment(const std::string& name) override {
    if (const char* value = std::getenv(name.c_str())) return value;
    const auto found = dotenv_.find(name);
    return found == dotenv_.end() ? std::nullopt : std::optional(found->second);
  }

  std::optional<std::string> git_sha() override { return git().sha; }
  std::optional<std::string> git_branch() override { return git().branch; }
  std::optional<std::string> git_tag() override { return git().tag; }

  std::optional<bool> git_changed(const std::vector<std::string>& paths) override {
    const std::optional<GitPlace> place = find_git(root_.path());
    if (!place || git().sha.value_or("").size() == 64) return std::nullopt;
    const std::optional<std::vector<GitEntry>> entries = read_git_index(*place);
    if (!entries) return std::nullopt;
    const std::string above =
        std::filesystem::path(root_.path()).lexically_relative(place->work_tree).string();
    for (const std::string& path : paths) {
      const std::optional<std::string> wanted = root_.below(path);
      if (!wanted) continue;
      for (const GitEntry& entry : *entries) {
        // Links and submodules are not files of the project.
        constexpr std::uint32_t kind = 0170000, regular = 0100000;
        if ((entry.mode & kind) != regular) continue;
        std::string_view inner = entry.path;
        if (above != ".") {
          if (!inner.starts_with(above + "/")) continue;
          inner.remove_prefix(above.size() + 1);
        }
        const bool below = wanted->empty() || inner == *wanted ||
                           (inner.starts_with(*wanted) && inner[wanted->size()] == '/');
        if (below && differs(std::string(inner), entry)) return true;
      }
    }
    return false;
  }

  std::int64_t now_ms() override { return options_.now_ms; }
  std::string run_id() override { return options_.run_id; }

 private:
  const GitFacts& git() {
    if (!git_) {
      const std::optional<GitPlace> place = find_git(root_.path());
      git_ = place ? read_git(*place) : GitFacts{};
    }
    return *git_;
  }

  bool differs(const std::string& path, const GitEntry& entry) const {
    const ReadAnswer now = root_.read(path, options_.largest_file);
    return !now.text || static_cast<std::uint32_t>(now.text->size()) != entry.size ||
           git_blob(*now.text) != entry.blob;
  }

  void walk(const std::string& folder, const std::string& pattern, std::size_t deep, std::size_t& looked_at,
            std::vector<std::string>& found) const {
    if (deep > deepest_glob) return;
    for (const Folder::Entry& entry : root_.entries(folder)) {
      if (++looked_at > options_.most_files) return;
      const std::string path = folder.empty() ? entry.name : folder + "/" + entry.name;
      // Hidden folders (.git, .cairn) are entered only by a pattern that names one.
      const bool hidden =
          entry.name.starts_with('.') && pattern.find("/.") == std::string::npos && !pattern.starts_with('.');
      if (hidden) continue;
      if (entry.folder)
        walk(path, pattern, deep + 1, looked_at, found);
      else if (fits_pattern(path, pattern))
        found.push_back(path);
    }
  }

  RealInputsOptions options_;
  Folder root_;
  std::map<std::string, std::string> dotenv_;
  std::optional<GitFacts> git_;
};

}  // namespace

std::unique_ptr<Inputs> real_inputs(RealInputsOptions options) {
  return std::make_unique<RealInputs>(std::move(options));
}

}  // namespace cairn
