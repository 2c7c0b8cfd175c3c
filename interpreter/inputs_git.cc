#include "interpreter/inputs_git.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string_view>

namespace cairn {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t largest_git_file = 256u << 20;

std::optional<std::string> text_of(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error) || fs::file_size(path, error) > largest_git_file || error)
    return std::nullopt;
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::string_view first_line(std::string_view text) {
  text = text.substr(0, text.find('\n'));
  while (text.ends_with(' ') || text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

bool is_id(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// A ref's name may not leave the folder of refs.
bool is_ref(std::string_view name) {
  return name.starts_with("refs/") && name.find("..") == std::string_view::npos;
}

struct Packed {
  std::map<std::string, std::string, std::less<>> id_of;      // by ref
  std::map<std::string, std::string, std::less<>> commit_of;  // by ref: what an annotated tag stands for
};

Packed read_packed(const fs::path& common) {
  Packed packed;
  const std::optional<std::string> text = text_of(common / "packed-refs");
  if (!text) return packed;
  std::string_view rest = *text;
  std::string last;
  while (!rest.empty()) {
    const std::string_view line = first_line(rest);
    const std::size_t end = rest.find('\n');
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    if (line.front() == '^') {
      if (!last.empty() && is_id(line.substr(1))) packed.commit_of[last] = line.substr(1);
      continue;
    }
    const std::size_t blank = line.find(' ');
    if (blank == std::string_view::npos || !is_id(line.substr(0, blank))) continue;
    last = line.substr(blank + 1);
    packed.id_of[last] = line.substr(0, blank);
  }
  return packed;
}

std::optional<std::string> resolve(const GitPlace& place, const Packed& packed, std::string name) {
  for (int links = 0; links < 5; ++links) {
    if (!is_ref(name)) return std::nullopt;
    std::optional<std::string> text = text_of(fs::path(place.git_folder) / name);
    if (!text) text = text_of(fs::path(place.common_folder) / name);
    if (!text) {
      const auto found = packed.id_of.find(name);
      return found == packed.id_of.end() ? std::nullopt : std::optional(found->second);
    }
    const std::string_view line = first_line(*text);
    if (is_id(line)) return std::string(line);
    if (!line.starts_with("ref: ")) return std::nullopt;
    name = std::string(line.substr(5));
  }
  return std::nullopt;
}

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = number << 8 | static_cast<unsigned char>(bytes[at + i]);
  return number;
}

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

}  // namespace

std::optional<GitPlace> find_git(const std::string& folder) {
  std::error_code error;
  for (fs::path at = fs::absolute(folder, error).lexically_normal();; at = at.parent_path()) {
    const fs::path git = at / ".git";
    GitPlace place;
    place.work_tree = at.string();
    if (fs::is_directory(git, error)) {
      place.git_folder = git.string();
    } else if (const std::optional<std::string> text = text_of(git);
               text && first_line(*text).starts_with("gitdir: ")) {
      // A work tree or a submodule: the file says where its folder is.
      place.git_folder = (at / std::string(first_line(*text).substr(8))).lexically_normal().string();
    }
    if (!place.git_folder.empty() && fs::exists(fs::path(place.git_folder) / "HEAD", error)) {
      place.common_folder = place.git_folder;
      if (const std::optional<std::string> common = text_of(fs::path(place.git_folder) / "commondir"))
        place.common_folder =
            (fs::path(place.git_folder) / std::string(first_line(*common))).lexically_normal().string();
      return place;
    }
    if (at == at.root_path() || at.empty()) return std::nullopt;
  }
}

GitFacts read_git(const GitPlace& place) {
  GitFacts facts;
  const Packed packed = read_packed(place.common_folder);
  const std::optional<std::string> head = text_of(fs::path(place.git_folder) / "HEAD");
  if (!head) return facts;
  const std::string_view line = first_line(*head);
  if (line.starts_with("ref: ")) {
    const std::string name(line.substr(5));
    constexpr std::string_view heads = "refs/heads/";
    if (name.starts_with(heads)) facts.branch = name.substr(heads.size());
    facts.sha = resolve(place, packed, name);
  } else if (is_id(line)) {
    facts.sha = std::string(line);
  }
  if (!facts.sha) return facts;
  std::vector<std::string> tags;
  constexpr std::string_view below = "refs/tags/";
  for (const auto& [name, id] : packed.id_of) {
    if (!name.starts_with(below)) continue;
    const auto commit = packed.commit_of.find(name);
    if ((commit == packed.commit_of.end() ? id : commit->second) == *facts.sha)
      tags.push_back(name.substr(below.size()));
  }
  // Of a loose annotated tag the file names the tag object, not the commit: it is found once it is packed.
  std::error_code error;
  const fs::path loose = fs::path(place.common_folder) / "refs" / "tags";
  for (fs::recursive_directory_iterator at(loose, fs::directory_options::skip_permission_denied, error), end;
       !error && at != end; at.increment(error)) {
    const std::optional<std::string> text = text_of(at->path());
    if (text && first_line(*text) == *facts.sha)
      tags.push_back(at->path().lexically_relative(loose).string());
  }
  if (!tags.empty()) facts.tag = *std::max_element(tags.begin(), tags.end());
  return facts;
}

std::optional<std::vector<GitEntry>> read_git_index(const GitPlace& place) {
  const std::optional<std::string> whole = text_of(fs::path(place.git_folder) / "index");
  if (!whole) return std::vector<GitEntry>{};  // nothing was ever added
  const std::string_view bytes = *whole;
  if (bytes.size() < 12 + 20 || !bytes.starts_with("DIRC")) return std::nullopt;
  const std::uint32_t version = number_at(bytes, 4);
  const std::uint32_t count = number_at(bytes, 8);
  if (version < 2 || version > 4) return std::nullopt;
  std::vector<GitEntry> entries;
  std::size_t at = 12;
  std::string previous;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (at + 62 > bytes.size()) return std::nullopt;
    GitEntry entry;
    entry.mode = number_at(bytes, at + 24);
    entry.size = number_at(bytes, at + 36);
    entry.blob = hex(bytes.substr(at + 40, 20));
    const unsigned flags = static_cast<unsigned>(static_cast<unsigned char>(bytes[at + 60])) << 8 |
                           static_cast<unsigned char>(bytes[at + 61]);
    std::size_t name = at + 62 + ((flags & 0x4000u) != 0 ? 2 : 0);
    if (version == 4) {
      // The name takes over the beginning of the one before: how much is cut from its end comes first.
      std::size_t cut = 0;
      for (bool more = true, start = true; more; start = false) {
        if (name >= bytes.size() || cut > previous.size()) return std::nullopt;
        const unsigned char byte = static_cast<unsigned char>(bytes[name++]);
        cut = (start ? 0 : (cut + 1) << 7) | (byte & 0x7fu);
        more = (byte & 0x80u) != 0;
      }
      if (cut > previous.size()) return std::nullopt;
      previous.resize(previous.size() - cut);
    } else {
      previous.clear();
    }
    const std::size_t end = bytes.find('\0', name);
    if (end == std::string_view::npos) return std::nullopt;
    previous.append(bytes.substr(name, end - name));
    entry.path = previous;
    at = version == 4 ? end + 1 : at + ((end - at) / 8 + 1) * 8;
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::string git_blob(const std::string& content) {
  const std::string head = fmt::format("blob {}", content.size());
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_DigestInit_ex(context, EVP_sha1(), nullptr);
  EVP_DigestUpdate(context, head.c_str(), head.size() + 1);  // with its NUL
  EVP_DigestUpdate(context, content.data(), content.size());
  EVP_DigestFinal_ex(context, digest.data(), &length);
  EVP_MD_CTX_free(context);
  return hex({reinterpret_cast<const char*>(digest.data()), length});
}

}  // namespace cairn
