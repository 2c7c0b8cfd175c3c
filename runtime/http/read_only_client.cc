#include "runtime/http/read_only_client.h"

#include <fmt/format.h>

namespace cairn::http {

namespace {

bool reads(const Request& request) {
  return request.method == "GET" || request.method == "HEAD";
}

Failure refused(const Request& request) {
  return Failure{.message = fmt::format("refused to send {} while only looking", request.method),
                 .nothing_done = true};
}

}  // namespace

Result<Response> ReadOnlyClient::send(const Request& request, std::stop_token stop) {
  if (!reads(request)) return refused(request);
  return below_.send(request, std::move(stop));
}

Result<std::unique_ptr<Stream>> ReadOnlyClient::open(const Request& request, std::stop_token stop) {
  if (!reads(request)) return refused(request);
  return below_.open(request, std::move(stop));
}

}  // namespace cairn::http
