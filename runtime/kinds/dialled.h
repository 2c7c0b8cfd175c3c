// Where a `tcp` or `http` probe of the file looks.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "interpreter/value.h"
#include "runtime/effects/result.h"

namespace cairn::kinds {

struct Dialled {
  std::string host = {};  // empty: the service itself
  int port = 0;
  // Of a whole URL only.
  std::optional<bool> https = {};
  std::string path = {};  // with the query; "/" when the URL has none

  bool operator==(const Dialled&) const = default;
};

// 5432 of the service itself, "http" (what `named` says of the ports that cairn has chosen for it),
// "10.0.0.5:443", "[fd00::5]:443", "https://acme.example/health".
Result<Dialled> dialled(const Value& value, const std::function<Result<int>(const std::string& name)>& named);

}  // namespace cairn::kinds
