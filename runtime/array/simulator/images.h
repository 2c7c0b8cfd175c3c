// Volumes as image files in one folder: sparse, `SERIAL.img`. A copy shares its extents with the source where
// the file system can (FICLONE: XFS with reflink, btrfs) and is a whole copy where it cannot; description()
// says which. The target of a copy keeps its inode, as an overwritten volume keeps its serial, so a loop
// device on it sees the new content, and a file system mounted from it sees it change underneath, exactly as
// with a real array.
#pragma once

#include <memory>

#include "runtime/array/simulator/media.h"

namespace cairn::array::simulator {

class Images final : public Media {
 public:
  // Makes the folder when it is not there and finds out by trying whether it can share extents.
  static Result<std::unique_ptr<Images>> in(const std::string& folder);

  Result<> create(const std::string& serial, std::uint64_t bytes) override;
  Result<> copy(const std::string& from, const std::string& to) override;
  Result<> resize(const std::string& serial, std::uint64_t bytes) override;
  Result<> remove(const std::string& serial) override;
  std::string user_of(const std::string& serial) override;
  std::string description() const override;

  bool shares_extents() const { return shares_; }
  std::string path_of(const std::string& serial) const { return folder_ + "/" + serial + ".img"; }

 private:
  Images(std::string folder, bool shares) : folder_(std::move(folder)), shares_(shares) {}
  Result<> fill(const std::string& from, const std::string& to);

  const std::string folder_;
  const bool shares_;
};

}  // namespace cairn::array::simulator
