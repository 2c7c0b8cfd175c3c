// A disk in memory that a test can cut the power of, or fill up.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "runtime/effects/disk.h"

namespace cairn {

class MemoryDisk final : public Disk {
 public:
  // The power goes: of each file only what was synced is left, and of the rest the first `torn_bytes`.
  void cut_power(std::size_t torn_bytes = 0) {
    std::lock_guard lock(mutex_);
    for (auto& [path, file] : files_) {
      file.text.resize(std::min(file.text.size(), file.synced + torn_bytes));
      file.synced = file.text.size();
    }
  }
  std::string text_of(const std::string& path) const {
    std::lock_guard lock(mutex_);
    const auto found = files_.find(path);
    return found == files_.end() ? "" : found->second.text;
  }
  void set_text(const std::string& path, std::string text) {
    std::lock_guard lock(mutex_);
    files_[path].text = std::move(text);
  }
  int syncs() const {
    std::lock_guard lock(mutex_);
    return syncs_;
  }
  // From now on only this many more bytes can be written; none: any number.
  void set_space(std::optional<std::size_t> bytes) {
    std::lock_guard lock(mutex_);
    space_ = bytes;
  }

  Result<std::unique_ptr<AppendFile>> open(const std::string& path) override {
    std::lock_guard lock(mutex_);
    files_[path];
    return std::unique_ptr<AppendFile>(std::make_unique<Open>(*this, path));
  }
  Result<std::string> read(const std::string& path) override {
    std::lock_guard lock(mutex_);
    const auto found = files_.find(path);
    if (found == files_.end())
      return Failure{"could not read `" + path + "`"}.because("No such file or directory");
    return found->second.text;
  }
  Result<Done> replace(const std::string& path, std::string_view text) override {
    std::lock_guard lock(mutex_);
    if (space_ && *space_ < text.size()) return Failure{"could not write `" + path + "`"};
    files_[path] = {std::string(text), text.size()};
    return Done{};
  }
  Result<Done> rename(const std::string& from, const std::string& to) override {
    std::lock_guard lock(mutex_);
    files_[to] = files_[from];
    files_.erase(from);
    return Done{};
  }
  Result<Done> sync_folder(const std::string&) override { return Done{}; }

 private:
  struct File {
    std::string text;
    std::size_t synced = 0;
  };
  class Open final : public AppendFile {
   public:
    Open(MemoryDisk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}
    Result<Done> append(std::string_view bytes) override {
      std::lock_guard lock(disk_.mutex_);
      const std::size_t fits = disk_.space_ ? std::min(bytes.size(), *disk_.space_) : bytes.size();
      disk_.files_[path_].text.append(bytes.substr(0, fits));
      if (disk_.space_) *disk_.space_ -= fits;
      if (fits < bytes.size())
        return Failure{"could not write to `" + path_ + "`"}.because("No space left on device");
      return Done{};
    }
    Result<Done> sync() override {
      std::lock_guard lock(disk_.mutex_);
      File& file = disk_.files_[path_];
      file.synced = file.text.size();
      ++disk_.syncs_;
      return Done{};
    }
    Result<Done> cut(std::uint64_t size) override {
      std::lock_guard lock(disk_.mutex_);
      File& file = disk_.files_[path_];
      file.text.resize(static_cast<std::size_t>(size));
      file.synced = std::min(file.synced, file.text.size());
      return Done{};
    }

   private:
    MemoryDisk& disk_;
    std::string path_;
  };

  mutable std::mutex mutex_;  // a test looks while a run writes
  std::map<std::string, File> files_;
  int syncs_ = 0;
  std::optional<std::size_t> space_;
};

}  // namespace cairn
