// The disk of a run that is killed: what is written after the kill is not there, and of what was being
// written then, half is.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "tests/fakes/memory_disk.h"
#include "tests/sim/weather.h"

namespace cairn::sim {

class GatedDisk final : public Disk {
 public:
  GatedDisk(MemoryDisk& below, Gate& gate) : below_(below), gate_(gate) {}

  Result<std::unique_ptr<AppendFile>> open(const std::string& path) override {
    Result<std::unique_ptr<AppendFile>> file = below_.open(path);
    if (!file) return file.failure();
    return std::unique_ptr<AppendFile>(std::make_unique<File>(std::move(*file), gate_));
  }
  Result<std::string> read(const std::string& path) override { return below_.read(path); }
  Result<Done> replace(const std::string& path, std::string_view text) override {
    return gate_.pass() ? below_.replace(path, text) : Result<Done>(dead());
  }
  Result<Done> rename(const std::string& from, const std::string& to) override {
    return gate_.pass() ? below_.rename(from, to) : Result<Done>(dead());
  }
  Result<Done> sync_folder(const std::string& path) override { return below_.sync_folder(path); }

 private:
  class File final : public AppendFile {
   public:
    File(std::unique_ptr<AppendFile> below, Gate& gate) : below_(std::move(below)), gate_(gate) {}
    Result<Done> append(std::string_view bytes) override {
      const bool lived = !gate_.closed();
      if (gate_.pass()) return below_->append(bytes);
      if (lived) (void)below_->append(bytes.substr(0, bytes.size() / 2));
      return dead();
    }
    Result<Done> sync() override { return gate_.pass() ? below_->sync() : Result<Done>(dead()); }
    Result<Done> cut(std::uint64_t size) override {
      return gate_.pass() ? below_->cut(size) : Result<Done>(dead());
    }

   private:
    std::unique_ptr<AppendFile> below_;
    Gate& gate_;
  };
  static Failure dead() { return {.message = "the run was killed", .causes = {}}; }

  MemoryDisk& below_;
  Gate& gate_;
};

}  // namespace cairn::sim
