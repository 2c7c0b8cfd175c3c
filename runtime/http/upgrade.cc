// libcurl connects (unix, TCP, TLS) and then lends its connection (CURLOPT_CONNECT_ONLY): the request and the
// head of the answer are written and read here. It has its own multi handle, since a connection that was lent
// stays with the one that made it.
#include "runtime/http/upgrade.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "runtime/effects/file_descriptor.h"
#include "runtime/http/broken_pipe.h"
#include "runtime/http/exchange.h"

namespace cairn::http {
namespace {

constexpr std::size_t largest_head = 64 << 10;

class Connection final : public Duplex {
 public:
  Connection(const Request& request, const std::string& socket_path)
      : exchange_(std::make_unique<Exchange>(request, false)), multi_(curl_multi_init()) {
    exchange_->socket_path = socket_path;
  }
  ~Connection() override {
    if (exchange_->easy != nullptr) curl_multi_remove_handle(multi_, exchange_->easy);
    exchange_.reset();
    curl_multi_cleanup(multi_);
  }

  Result<> connect(std::stop_token stop) {
    if (multi_ == nullptr || !prepare(*exchange_) ||
        curl_easy_setopt(exchange_->easy, CURLOPT_CONNECT_ONLY, 1L) != CURLE_OK ||
        curl_multi_add_handle(multi_, exchange_->easy) != CURLM_OK) {
      exchange_->outcome = CURLE_OUT_OF_MEMORY;
      return failure_of(*exchange_);
    }
    const std::stop_callback wake(stop, [this] { curl_multi_wakeup(multi_); });
    for (int running = 1; running > 0;) {
      curl_multi_perform(multi_, &running);
      if (stop.stop_requested()) {
        exchange_->given_up = true;
        return failure_of(*exchange_);
      }
      if (running > 0) curl_multi_poll(multi_, nullptr, 0, 60'000, nullptr);
    }
    int left = 0;
    const CURLMsg* message = curl_multi_info_read(multi_, &left);
    exchange_->outcome = message == nullptr ? CURLE_COULDNT_CONNECT : message->data.result;
    curl_easy_getinfo(exchange_->easy, CURLINFO_OS_ERRNO, &exchange_->system_error);
    exchange_->request_sent = false;  // only the connection was made
    if (exchange_->outcome == CURLE_OK &&
        curl_easy_getinfo(exchange_->easy, CURLINFO_ACTIVESOCKET, &socket_) != CURLE_OK)
      exchange_->outcome = CURLE_COULDNT_CONNECT;
    if (exchange_->outcome != CURLE_OK) return failure_of(*exchange_);
    return Done{};
  }

  int descriptor() const override { return static_cast<int>(socket_); }

  Result<std::size_t> write_some(std::string_view bytes) override {
    std::size_t sent = 0;
    if (bytes.empty()) return sent;
    exchange_->request_sent = true;
    const CURLcode outcome = curl_easy_send(exchange_->easy, bytes.data(), bytes.size(), &sent);
    if (outcome == CURLE_OK || outcome == CURLE_AGAIN) return sent;
    return broken(outcome);
  }

  Result<std::optional<std::string>> read_some() override {
    if (!read_ahead_.empty()) return std::optional<std::string>(std::exchange(read_ahead_, {}));
    std::string piece(64 << 10, '\0');
    std::size_t size = 0;
    const CURLcode outcome = curl_easy_recv(exchange_->easy, piece.data(), piece.size(), &size);
    if (outcome == CURLE_AGAIN) return std::optional<std::string>();
    if (outcome != CURLE_OK) return broken(outcome);
    piece.resize(size);
    return std::optional<std::string>(std::move(piece));
  }

  bool end_writing() override {
    if (exchange_->request.url.starts_with("https:")) return false;
    shutdown(descriptor(), SHUT_WR);
    return true;
  }

  // What was read beyond the head of the answer.
  void give_back(std::string bytes) { read_ahead_ = std::move(bytes); }

 private:
  Failure broken(CURLcode outcome) {
    exchange_->outcome = outcome;
    return failure_of(*exchange_).within("the connection broke off");
  }

  std::unique_ptr<Exchange> exchange_;
  CURLM* multi_;
  curl_socket_t socket_ = CURL_SOCKET_BAD;
  std::string read_ahead_;
};

std::string head_of(const Request& request) {
  const std::size_t scheme = request.url.find("://");
  const std::size_t host = scheme == std::string::npos ? 0 : scheme + 3;
  const std::size_t path = std::min(request.url.find('/', host), request.url.size());
  std::string head = fmt::format(
      "{} {} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: {}\r\n",
      request.method, path == request.url.size() ? "/" : request.url.substr(path),
      request.url.substr(host, path - host), request.body.size());
  for (const Header& header : request.headers) head += fmt::format("{}: {}\r\n", header.name, header.value);
  return head + "\r\n" + request.body;
}

// The status line and the headers; false: that is no HTTP.
bool read_head(std::string_view head, Response& into) {
  if (!head.starts_with("HTTP/1.") || head.size() < 12) return false;
  const auto [end, error] = std::from_chars(head.data() + 9, head.data() + 12, into.status);
  if (error != std::errc() || end != head.data() + 12) return false;
  while (!head.empty()) {
    const std::size_t newline = std::min(head.find("\r\n"), head.size());
    const std::string_view line = head.substr(0, newline);
    head.remove_prefix(std::min(newline + 2, head.size()));
    const std::size_t colon = line.find(':');
    if (colon == line.npos || line.starts_with("HTTP/")) continue;
    std::string_view value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    into.headers.push_back({std::string(line.substr(0, colon)), std::string(value)});
  }
  return true;
}

// Waits between the pieces of one exchange: until the connection is ready for `what`, the time is over, or
// stop is requested.
class Patience {
 public:
  Patience(const Request& request, std::stop_token stop)
      : place_(place_of(request)),
        deadline_(std::chrono::steady_clock::now() + request.timeout.value_or(std::chrono::minutes(1))),
        stopped_(eventfd(0, EFD_CLOEXEC)),
        stop_(stop),
        when_stopped_(stop, [this] { eventfd_write(stopped_.number(), 1); }) {}

  Result<> wait(int descriptor, short what) {
    std::array<pollfd, 2> waiting{{{descriptor, what, 0}, {stopped_.number(), POLLIN, 0}}};
    for (;;) {
      const auto left = std::chrono::ceil<Milliseconds>(deadline_ - std::chrono::steady_clock::now()).count();
      if (stop_.stop_requested())
        return Failure{.message = fmt::format("stopped waiting for {}", place_),
                       .is = FailureClass::cancelled};
      if (left <= 0)
        return Failure{.message = fmt::format("{} did not answer in time", place_),
                       .is = FailureClass::timeout};
      const auto at_most = static_cast<int>(std::min<std::int64_t>(left, 60'000));
      if (poll(waiting.data(), waiting.size(), at_most) > 0 && waiting[0].revents != 0) return Done{};
    }
  }

 private:
  const std::string place_;
  const Instant deadline_;
  const FileDescriptor stopped_;
  const std::stop_token stop_;
  const std::stop_callback<std::function<void()>> when_stopped_;
};

Result<> write_all(Connection& connection, std::string_view bytes, Patience& patience) {
  while (!bytes.empty()) {
    const Result<std::size_t> sent = connection.write_some(bytes);
    if (!sent) return sent.failure();
    bytes.remove_prefix(*sent);
    if (*sent > 0) continue;
    if (Result<> ready = patience.wait(connection.descriptor(), POLLOUT); !ready) return ready;
  }
  return Done{};
}

// Reads on until `enough(text)`, or the other side has ended.
template <class Enough>
Result<> read_until(Connection& connection, std::string& text, Patience& patience, Enough enough) {
  while (!enough(text)) {
    const Result<std::optional<std::string>> piece = connection.read_some();
    if (!piece) return piece.failure();
    if (!*piece) {
      if (Result<> ready = patience.wait(connection.descriptor(), POLLIN); !ready) return ready;
      continue;
    }
    if ((*piece)->empty()) return Done{};
    text += **piece;
  }
  return Done{};
}

}  // namespace

Result<Upgraded> upgrade_connection(const Request& request, const std::string& socket_path,
                                    std::stop_token stop) {
  const NoBrokenPipe no_broken_pipe;
  // The time for the answer is kept here; libcurl would count it from the connecting.
  Request connecting = request;
  connecting.timeout.reset();
  auto connection = std::make_unique<Connection>(connecting, socket_path);
  if (Result<> connected = connection->connect(stop); !connected) return connected.failure();
  Patience patience(request, stop);
  if (Result<> sent = write_all(*connection, head_of(request), patience); !sent) return sent.failure();

  std::string text;
  Result<> got = read_until(*connection, text, patience, [](const std::string& so_far) {
    return so_far.find("\r\n\r\n") != so_far.npos || so_far.size() > largest_head;
  });
  if (!got) return got.failure();
  Upgraded upgraded;
  const std::size_t end = text.find("\r\n\r\n");
  if (end == text.npos || !read_head(std::string_view(text).substr(0, end), upgraded.answer))
    return Failure{.message = fmt::format("what {} answered is no HTTP", place_of(request)),
                   .is = FailureClass::endpoint};
  text.erase(0, end + 4);
  if (upgraded.answer.status == 101 || upgraded.answer.status == 200) {
    connection->give_back(std::move(text));
    upgraded.connection = std::move(connection);
    return upgraded;
  }
  const std::string_view length = upgraded.answer.header("Content-Length");
  std::size_t size = request.max_response;
  if (!length.empty()) std::from_chars(length.data(), length.data() + length.size(), size);
  size = std::min(size, request.max_response);
  got = read_until(*connection, text, patience,
                   [&](const std::string& so_far) { return so_far.size() >= size; });
  if (!got) return got.failure();
  upgraded.answer.body = std::move(text);
  return upgraded;
}

}  // namespace cairn::http
