#include "runtime/array/names.h"

#include <fmt/format.h>

namespace cairn::array {
namespace {

bool letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool inner(char c) {
  return letter_or_digit(c) || c == '-' || c == '_';
}

bool only_digits(std::string_view text) {
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
  }
  return !text.empty();
}

// FNV-1a: a name has to be the same in every run and on every machine.
std::uint32_t hash_of(std::string_view text) {
  std::uint32_t hash = 2166136261u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

// What is wrong with one part of a name; empty when nothing is.
std::string fault_in(std::string_view name, std::size_t longest) {
  if (name.empty()) return "a name cannot be empty";
  if (name.size() > longest) {
    return fmt::format("it has {} characters, the array takes at most {}", name.size(), longest);
  }
  for (const char c : name) {
    if (inner(c)) continue;
    if (c == '.') return "a dot separates a volume from its snapshot, so a name cannot contain one";
    return fmt::format("`{}` is not a letter, digit, `-` or `_`", c);
  }
  if (!letter_or_digit(name.front()) || !letter_or_digit(name.back())) {
    return "a name begins and ends with a letter or a digit";
  }
  return {};
}

Failure bad_name(std::string_view what, std::string_view name, std::string fault) {
  Failure failure{.message = fmt::format("the array cannot have a {} named `{}`", what, name),
                  .causes = {std::move(fault)},
                  .nothing_done = true};
  if (!name.empty()) failure.help = fmt::format("call it `{}`", acceptable_name(name));
  return failure;
}

}  // namespace

VolumeName parse_volume_name(std::string_view full) {
  VolumeName name;
  if (const std::size_t pod = full.find("::"); pod != std::string_view::npos) {
    name.pod = full.substr(0, pod);
    full.remove_prefix(pod + 2);
  }
  if (const std::size_t group = full.find('/'); group != std::string_view::npos) {
    name.group = full.substr(0, group);
    full.remove_prefix(group + 1);
  }
  name.name = full;
  return name;
}

std::optional<SnapshotName> parse_snapshot_name(std::string_view full) {
  const std::size_t dot = full.rfind('.');
  if (dot == std::string_view::npos) return {};
  return SnapshotName{std::string(full.substr(0, dot)), std::string(full.substr(dot + 1))};
}

Result<> check_volume_name(std::string_view full) {
  const VolumeName name = parse_volume_name(full);
  const bool has_pod = full.find("::") != std::string_view::npos;
  const bool has_group = full.find('/') != std::string_view::npos;
  for (const auto& [part, present] :
       {std::pair<std::string_view, bool>{name.pod, has_pod}, {name.group, has_group}, {name.name, true}}) {
    if (!present) continue;
    if (std::string fault = fault_in(part, kLongestName); !fault.empty()) {
      return bad_name("volume", full, std::move(fault));
    }
  }
  if (only_digits(name.name)) {
    return bad_name("volume", full, "a name needs at least one letter or `-`");
  }
  return Done{};
}

Result<> check_host_name(std::string_view name) {
  if (std::string fault = fault_in(name, kLongestName); !fault.empty()) {
    return bad_name("host", name, std::move(fault));
  }
  return Done{};
}

Result<> check_suffix(std::string_view suffix) {
  if (std::string fault = fault_in(suffix, kLongestSuffix); !fault.empty()) {
    return bad_name("snapshot suffix", suffix, std::move(fault));
  }
  if (only_digits(suffix)) {
    return bad_name("snapshot suffix", suffix,
                    "the array numbers snapshots itself, so a suffix needs at least one letter or `-`");
  }
  return Done{};
}

Result<> check_size(std::uint64_t bytes) {
  const auto refuse = [&](std::string cause, std::string help) {
    return Failure{.message = fmt::format("the array cannot have a volume of {} bytes", bytes),
                   .causes = {std::move(cause)},
                   .help = std::move(help),
                   .nothing_done = true};
  };
  if (bytes < kSmallestVolume) return refuse("the smallest volume has 1 MiB", "ask for 1MiB or more");
  if (bytes > kLargestVolume) return refuse("the largest volume has 4 PiB", "ask for 4PiB or less");
  if (bytes % kSector != 0) {
    const std::uint64_t up = (bytes / kSector + 1) * kSector;
    return refuse("a size is a multiple of 512 bytes", fmt::format("{} bytes would do", up));
  }
  return Done{};
}

std::string acceptable_name(std::string_view wanted) {
  std::string name;
  for (const char c : wanted) name += inner(c) ? c : '-';
  while (!name.empty() && !letter_or_digit(name.front())) name.erase(name.begin());
  if (name.size() > kLongestName) {
    name.resize(kLongestName - 9);
    name += fmt::format("-{:08x}", hash_of(wanted));
  }
  while (!name.empty() && !letter_or_digit(name.back())) name.pop_back();
  if (name.empty()) name = "volume";
  if (only_digits(name)) name = "v" + name;
  return name;
}

}  // namespace cairn::array
