// A Storage that is asked for in messages: what cairn and the agent on an engine's machine say to each other
// about clones. Both ends are built together, so there is one version.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/clone/storage.h"

namespace cairn::clone {

// A question is its name and its arguments; an answer "done" with values, or "failed" with a Failure's parts.
using Message = std::vector<std::string>;

// On the wire: the number of texts, then each with its length; four bytes each, least first.
std::string written(const Message& message);
// Takes the first whole message off the front of `bytes`; nothing: more has to come. What can be no message
// is a Failure.
Result<std::optional<Message>> take_message(std::string& bytes);

constexpr const char* greeting = "here";  // the agent's first message
constexpr const char* stop_asking =
    "stop";  // to the agent: give up what was asked last; it is still answered

// The agent's end: does what is asked.
Message answer_to(Storage& storage, const Message& question, std::stop_token stop);

// Cairn's end.
class ToldStorage : public Storage {
 public:
  Result<Choice> probe(const std::string& source, const std::string& target_folder,
                       std::stop_token stop) override;
  Result<Cloned> fill(const std::string& source, const std::string& target, Method method,
                      std::stop_token stop) override;
  Result<Cloned> overwrite(const std::string& source, const std::string& target, Method method,
                           std::stop_token stop) override;
  Result<Cloned> clone_into(const Pool& pool, const std::string& source, const std::string& target,
                            std::stop_token stop) override;
  Result<> remove_clone(const Pool& pool, const std::string& path, std::stop_token stop) override;
  Result<Usage> usage(const std::string& path, std::stop_token stop) override;
  Result<std::optional<Pool>> pool(const std::string& folder, std::stop_token stop) override;
  Result<std::vector<PoolClone>> clones(const Pool& pool, std::stop_token stop) override;

 protected:
  // Brings the question over and its answer back.
  virtual Result<Message> ask(const Message& question, std::stop_token stop) = 0;

 private:
  Result<Message> values(const Message& question, std::size_t at_least, std::stop_token stop);
  Result<Cloned> cloned(const Message& question, std::stop_token stop);
};

}  // namespace cairn::clone
