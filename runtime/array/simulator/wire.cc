#include "runtime/array/simulator/wire.h"

namespace cairn::array::simulator {

Result<http::Response> Wire::send(const http::Request& request, std::stop_token stop) {
  if (stop.stop_requested()) {
    return Failure{.message = "stopped", .is = FailureClass::cancelled, .nothing_done = true};
  }
  const std::size_t host = request.url.find("://");
  const std::size_t path = request.url.find('/', host == std::string::npos ? 0 : host + 3);
  const std::size_t query = request.url.find('?');
  Asked asked{
      .method = request.method,
      .path = percent_decoded(request.url.substr(path, query == std::string::npos ? query : query - path)),
      .query = query == std::string::npos ? "" : request.url.substr(query + 1),
      .headers = {},
      .body = request.body};
  for (const http::Header& header : request.headers) asked.headers.emplace_back(header.name, header.value);
  Answer answer = simulator_.handle(asked);
  if (answer.fate != Fate::whole) {
    return Failure{.message = "the connection ended before the answer was whole",
                   .is = FailureClass::endpoint};
  }
  http::Response response{.status = answer.status, .headers = {}, .body = std::move(answer.body)};
  for (auto& [name, value] : answer.headers) response.headers.push_back({std::move(name), std::move(value)});
  return response;
}

Result<std::unique_ptr<http::Stream>> Wire::open(const http::Request& request, std::stop_token) {
  return Failure{.message = "there is nothing to stream at " + request.url, .nothing_done = true};
}

}  // namespace cairn::array::simulator
