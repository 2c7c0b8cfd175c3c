// File systems that live in image files: made, mounted through loop devices, unmounted. A loop device is
// attached with autoclear: the kernel detaches it with the last mount or open file, so that a process which
// is killed at any point leaves none behind.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "runtime/effects/clock.h"
#include "runtime/effects/result.h"

namespace cairn::clone {

struct MountPoint {
  std::string where, device, type;
  std::string image;  // behind a loop device; empty: it is none
};
std::vector<MountPoint> mount_points();  // from /proc/self/mountinfo

// "xfs", "btrfs", "ext4" by its superblock; empty: nothing that we know.
std::string file_system_in(const std::string& image);
bool all_zeros(const std::string& image);  // holes, or zeros at the places where file systems begin

// Runs mkfs on the file itself: needs no root. `type`: "xfs" (with reflink), "btrfs" or "ext4".
Result<> make_file_system(const std::string& image, const std::string& type);

// What would be needed, when this process may not mount; help says how to get it.
Result<> may_mount();

// Mounts the file system in `image` at `where` (made when missing); returns the loop device. The image is
// grown into when it is larger than its file system.
Result<std::string> mount_image(const std::string& image, const std::string& where);

// Unmounts and waits while others still hold it: containers that start copy the mount table for a moment.
// Fine when nothing is mounted there.
Result<> unmount(const std::string& where, Clock& clock, std::stop_token stop,
                 Nanoseconds patience = std::chrono::seconds(5));

}  // namespace cairn::clone
