#include "runtime/http/client.h"

#include <strings.h>

namespace cairn::http {

std::string_view Response::header(std::string_view name) const {
  for (const Header& header : headers) {
    if (header.name.size() == name.size() && strncasecmp(header.name.data(), name.data(), name.size()) == 0) {
      return header.value;
    }
  }
  return {};
}

}  // namespace cairn::http
