// What a FlashArray accepts as a name or a size, checked before anything is sent, so that the message can say
// what to change. Rules: Purity name rules as the array's public clients enforce them (Ansible purefa_volume,
// OpenStack cinder), sizes from "FlashArray REST v1.19", POST volume.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/effects/result.h"

namespace cairn::array {

inline constexpr std::size_t kLongestName = 63;             // of a volume, host or pod, without its container
inline constexpr std::size_t kLongestSuffix = 63;           // of a snapshot
inline constexpr std::uint64_t kSmallestVolume = 1u << 20;  // bytes
inline constexpr std::uint64_t kLargestVolume = std::uint64_t{4} << 50;  // bytes
inline constexpr std::uint64_t kSector = 512;                            // a size is a multiple of it

// A volume: [pod "::"] [volume group "/"] name.
struct VolumeName {
  std::string pod, group, name;
};
VolumeName parse_volume_name(std::string_view full);

// "volume.suffix"; nothing when there is no dot.
struct SnapshotName {
  std::string volume, suffix;
};
std::optional<SnapshotName> parse_snapshot_name(std::string_view full);

// A failure names the rule that is broken and proposes a name that would do.
Result<> check_volume_name(std::string_view full);
Result<> check_host_name(std::string_view name);
Result<> check_suffix(std::string_view suffix);
Result<> check_size(std::uint64_t bytes);

// The nearest acceptable name: other characters become "-", what is too long ends in a hash of the whole.
std::string acceptable_name(std::string_view wanted);

}  // namespace cairn::array
