// What carries the bytes of the simulated array's volumes. One medium per serial number: the serial of a
// volume stays over rename and overwrite, and so does its medium's identity.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/effects/result.h"

namespace cairn::array::simulator {

class Media {
 public:
  virtual ~Media() = default;
  virtual Result<> create(const std::string& serial, std::uint64_t bytes) = 0;  // all zeros
  // `to` gets exactly the content and size of `from`; it is made when it is not there.
  virtual Result<> copy(const std::string& from, const std::string& to) = 0;
  virtual Result<> resize(const std::string& serial, std::uint64_t bytes) = 0;
  virtual Result<> remove(const std::string& serial) = 0;
  // Who on this machine has it open as a block device ("/dev/loop3 on /mnt/x"); empty: nobody.
  virtual std::string user_of(const std::string& serial) = 0;
  virtual std::string description() const = 0;  // "reflink images in /var/lib/x"
};

// For an array without bytes.
class NoMedia final : public Media {
 public:
  Result<> create(const std::string&, std::uint64_t) override { return Done{}; }
  Result<> copy(const std::string&, const std::string&) override { return Done{}; }
  Result<> resize(const std::string&, std::uint64_t) override { return Done{}; }
  Result<> remove(const std::string&) override { return Done{}; }
  std::string user_of(const std::string&) override { return {}; }
  std::string description() const override { return "no data, names only"; }
};

}  // namespace cairn::array::simulator
