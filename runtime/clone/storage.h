// The file systems of one machine as clones need them: this machine's, or those of an engine elsewhere
// through an agent there.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "runtime/clone/method.h"
#include "runtime/clone/pool.h"
#include "runtime/clone/tree.h"

namespace cairn::clone {

// Thread-safe. All paths are paths of its machine. A request to stop ends with a Failure of class cancelled,
// and what was begun is removed.
class Storage {
 public:
  virtual ~Storage() = default;
  // As probe_method().
  virtual Result<Choice> probe(const std::string& source, const std::string& target_folder,
                               std::stop_token stop) = 0;
  // As fill_folder() and overwrite_tree().
  virtual Result<Cloned> fill(const std::string& source, const std::string& target, Method method,
                              std::stop_token stop) = 0;
  virtual Result<Cloned> overwrite(const std::string& source, const std::string& target, Method method,
                                   std::stop_token stop) = 0;
  // As clone::clone_into().
  virtual Result<Cloned> clone_into(const Pool& pool, const std::string& source, const std::string& target,
                                    std::stop_token stop) = 0;
  // As remove_tree(); its parent goes, too, when nothing else is in it and it is a project's folder of
  // `pool`.
  virtual Result<> remove_clone(const Pool& pool, const std::string& path, std::stop_token stop) = 0;
  virtual Result<Usage> usage(const std::string& path, std::stop_token stop) = 0;
  // As usable_pool(): its name, place and type are known, not how full it is.
  virtual Result<std::optional<Pool>> pool(const std::string& folder, std::stop_token stop) = 0;
  virtual Result<std::vector<PoolClone>> clones(const Pool& pool, std::stop_token stop) = 0;
};

// This one; lives as long as the process.
Storage& this_machine();

}  // namespace cairn::clone
