// .dockerignore, by the rules of the docker client (moby/patternmatcher): the last pattern that matches a
// path or one of its parents decides; `!` takes back; `**` crosses folders.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cairn::docker {

class Dockerignore {
 public:
  Dockerignore() = default;
  explicit Dockerignore(std::string_view text);

  // `path` relative to the context, with `/`, without `.` and `..`.
  bool ignores(const std::string& path) const;
  // An ignored folder need not be looked into when nothing is taken back.
  bool takes_back() const { return takes_back_; }

 private:
  struct Pattern {
    std::string text;
    bool takes_back = false;
  };
  std::vector<Pattern> patterns_;
  bool takes_back_ = false;
};

}  // namespace cairn::docker
