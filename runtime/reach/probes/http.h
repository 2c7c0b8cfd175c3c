// http(port, path = "/", status = 200): a request is answered as expected.
#pragma once

#include <string>
#include <vector>

#include "runtime/http/client.h"
#include "runtime/reach/probe_loop.h"

namespace cairn::reach {

struct HttpProbe {
  int port = 0;
  std::string host;         // of the world outside; empty: the target's
  std::string path = "/";   // with the query
  std::vector<int> status;  // one of these; empty: 200–399
  std::string contains;     // in the body; empty: any body
  bool https = false;
  http::Tls tls;
  std::vector<http::Header> headers;
};

// `client` and `clock` must outlive the look.
Look http_look(HttpProbe probe, ProbeTarget& target, http::HttpClient& client, Clock& clock = real_clock());

}  // namespace cairn::reach
