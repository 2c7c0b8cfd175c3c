// HTTP as a seam: everything that talks to an engine, an array or a web service goes through an HttpClient.
// The real one is the reactor (reactor.h: one thread, one curl_multi); tests put a simulator behind it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/effects/clock.h"
#include "runtime/effects/result.h"
#include "runtime/http/duplex.h"

namespace cairn::http {

struct Header {
  std::string name;
  std::string value;
};

struct Tls {
  bool verify = true;
  std::string ca_file, cert_file, key_file;  // PEM; empty: the system's, none, none
  std::string fingerprint;  // SHA-256 of the server's certificate as hex, instead of a chain; empty: not used
};

struct Request {
  std::string method = "GET";
  std::string url = {};          // "http://docker/v1.41/info"; never with credentials in it
  std::string unix_socket = {};  // path; empty: by the URL's host
  Tls tls = {};
  std::vector<Header> headers = {};
  std::string body = {};
  std::string body_file = {};  // sent instead of `body` when not empty
  // Asked for the next piece of the body, instead of both; empty string: the end. Always called by the thread
  // that waits in send(), open() or Stream::read(), which so may read files without holding up anybody else.
  std::function<std::string()> body_source = {};
  std::optional<Nanoseconds> timeout = {};  // of the whole exchange; streams: none
  Nanoseconds connect_timeout = std::chrono::seconds(10);
  std::size_t max_response = 256u << 20;  // bytes; more is a failure
  int max_redirects = 0;
};

struct Response {
  int status = 0;
  std::vector<Header> headers;
  std::string body;

  // Case-insensitive; empty when absent.
  std::string_view header(std::string_view name) const;
};

// A response whose body is read while it arrives. Destroying it ends the exchange.
class Stream {
 public:
  virtual ~Stream() = default;
  virtual int status() const = 0;
  virtual const std::vector<Header>& headers() const = 0;
  // The next piece; an empty string is the end. Blocks; `stop` or `deadline` ends the wait with a Failure of
  // class cancelled or timeout and leaves the stream usable.
  virtual Result<std::string> read(std::stop_token stop, std::optional<Instant> deadline = {}) = 0;
};

// The answer to a request to go on without HTTP.
struct Upgraded {
  Response answer;                     // whole, when the server said no
  std::unique_ptr<Duplex> connection;  // when it said yes (101, and 200 as older engines do); else none
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;
  // Any status is a Response; a Failure means that there was no (whole) answer. Failure::nothing_done is true
  // when the request was surely not sent.
  virtual Result<Response> send(const Request& request, std::stop_token stop) = 0;
  // Returns as soon as the headers are there.
  virtual Result<std::unique_ptr<Stream>> open(const Request& request, std::stop_token stop) = 0;
  // Sends the request with `Upgrade: tcp` on a connection of its own, which then is the caller's. Bodies come
  // from Request::body only. Clients that cannot do that fail with nothing_done.
  virtual Result<Upgraded> upgrade(const Request& request, std::stop_token stop);
};

}  // namespace cairn::http
