// The texts of secrets: read when a wanted node needs them, once per run, and known to the masker from then
// on.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "interpreter/late_source.h"
#include "runtime/scribe/masker.h"

namespace cairn::kinds {

struct SecretSources {
  std::function<std::optional<std::string>(const std::string& name)> environment;
  std::function<std::optional<std::string>(const std::string& path)> file;  // relative to the project
  std::function<std::string(std::size_t characters)> generate;              // letters and digits
  // Of an `up`: what was generated lives until `down`. Null place: not kept.
  std::string kept_in;  // a file, 0600; empty for a run
};

// Thread-safe.
class Secrets {
 public:
  Secrets(SecretSources sources, scribe::Masker& masker) : sources_(std::move(sources)), masker_(masker) {}

  // "env:X", "file:P", "generate:24".
  LateAnswer read(const SecretPlace& place);
  // What somebody has given us as a secret: the value of a param. Its secret texts are masked.
  void given(const std::string& param, const Value& value) { mask(param, value, value.secret); }

 private:
  void mask(const std::string& param, const Value& value, bool secret);
  LateAnswer find(const SecretPlace& place);
  std::string generated(const std::string& place, std::size_t characters);

  const SecretSources sources_;
  scribe::Masker& masker_;
  std::mutex mutex_;
  std::map<std::string, std::string> known_;
};

// Letters and digits from the system's generator.
std::string random_text(std::size_t characters);

}  // namespace cairn::kinds
