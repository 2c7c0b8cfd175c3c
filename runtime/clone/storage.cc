#include "runtime/clone/storage.h"

#include <unistd.h>

#include <filesystem>

namespace cairn::clone {
namespace {

class ThisMachine final : public Storage {
 public:
  Result<Choice> probe(const std::string& source, const std::string& target_folder,
                       std::stop_token) override {
    return probe_method(source, target_folder);
  }
  Result<Cloned> fill(const std::string& source, const std::string& target, Method method,
                      std::stop_token stop) override {
    return fill_folder(source, target, method, std::move(stop));
  }
  Result<Cloned> overwrite(const std::string& source, const std::string& target, Method method,
                           std::stop_token stop) override {
    return overwrite_tree(source, target, method, std::move(stop));
  }
  Result<Cloned> clone_into(const Pool& pool, const std::string& source, const std::string& target,
                            std::stop_token stop) override {
    return clone::clone_into(pool, source, target, std::move(stop));
  }
  Result<> remove_clone(const Pool& pool, const std::string& path, std::stop_token) override {
    if (Result<> gone = remove_tree(path); !gone.ok()) return gone;
    // The last one takes the project's folder with it; others' clones keep it.
    const std::string project = std::filesystem::path(path).parent_path().string();
    if (project != pool.where && lies_in(pool, project)) (void)::rmdir(project.c_str());
    return Done{};
  }
  Result<Usage> usage(const std::string& path, std::stop_token) override { return usage_of_tree(path); }
  Result<std::optional<Pool>> pool(const std::string& folder, std::stop_token) override {
    return usable_pool(folder);
  }
  Result<std::vector<PoolClone>> clones(const Pool& pool, std::stop_token) override {
    return clones_in(pool);
  }
};

}  // namespace

Storage& this_machine() {
  static ThisMachine machine;
  return machine;
}

}  // namespace cairn::clone
