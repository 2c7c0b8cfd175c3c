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

Result<Upgraded> HttpClient::upgrade(const Request& request, std::stop_token) {
  return Failure{.message = "this client cannot give a connection away: " + request.url,
                 .nothing_done = true};
}

}  // namespace cairn::http
