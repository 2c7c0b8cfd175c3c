#include "runtime/array/simulator/listener.h"

#include <httplib.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

namespace cairn::array::simulator {
namespace {

constexpr const char* kRealMethod = "X-Cairn-Real-Method";
constexpr int kPatienceMs = 5000;  // with a silent client

// The connection that this thread serves, so that a handler can end it without an answer.
thread_local int connection_in_hand = -1;

bool ready(int number, short what, int patience_ms = kPatienceMs) {
  pollfd waiting{number, what, 0};
  return poll(&waiting, 1, patience_ms) > 0;
}

// For the next request of a kept connection; looks up now and then whether the server stops. `pending`:
// whether some of it has been read already.
template <class Pending>
bool next_request(int number, const std::atomic<socket_t>& server, Pending pending) {
  for (int waited = 0; waited < kPatienceMs; waited += 100) {
    if (pending() || ready(number, POLLIN, 100)) return true;
    if (server == INVALID_SOCKET) return false;
  }
  return false;
}

class TlsStream final : public httplib::Stream {
 public:
  TlsStream(SSL* tls, int number) : tls_(tls), number_(number) {}
  bool is_readable() const override { return SSL_pending(tls_) > 0 || ready(number_, POLLIN); }
  bool is_writable() const override { return ready(number_, POLLOUT); }
  ssize_t read(char* to, std::size_t size) override {
    if (!is_readable()) return -1;
    return SSL_read(tls_, to, static_cast<int>(std::min<std::size_t>(size, 1u << 20)));
  }
  ssize_t write(const char* from, std::size_t size) override {
    if (!is_writable()) return -1;
    return SSL_write(tls_, from, static_cast<int>(std::min<std::size_t>(size, 1u << 20)));
  }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return number_; }

 private:
  SSL* const tls_;
  const int number_;
};

class SocketStream final : public httplib::Stream {
 public:
  explicit SocketStream(int number) : number_(number) {}
  bool is_readable() const override { return ready(number_, POLLIN); }
  bool is_writable() const override { return ready(number_, POLLOUT); }
  ssize_t read(char* to, std::size_t size) override {
    return is_readable() ? recv(number_, to, size, 0) : -1;
  }
  ssize_t write(const char* from, std::size_t size) override {
    return is_writable() ? send(number_, from, size, MSG_NOSIGNAL) : -1;
  }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return number_; }

 private:
  const int number_;
};

// The library's own server waits for the end of kept connections: an engine keeps those to its drivers.
class SocketServer final : public httplib::Server {
  bool process_and_close_socket(socket_t number) override {
    connection_in_hand = number;
    SocketStream stream(number);
    for (bool open = true; open && next_request(number, svr_sock_, [] { return false; });) {
      bool closed = false;
      open = process_request(stream, false, closed, nullptr) && !closed;
    }
    connection_in_hand = -1;
    shutdown(number, SHUT_RDWR);
    close(number);
    return true;
  }
};

// The server library leaves the body of a GET unread; the array's 1.x client sends its parameters there. Such
// a request is shown to the library as a POST that remembers what it was.
class TlsServer final : public httplib::SSLServer {
 public:
  using httplib::SSLServer::SSLServer;

 private:
  bool process_and_close_socket(socket_t number) override {
    const std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(ssl_context()), SSL_free);
    const timeval patience{kPatienceMs / 1000, 0};
    setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(number, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    connection_in_hand = number;
    if (SSL_set_fd(tls.get(), number) == 1 && SSL_accept(tls.get()) == 1) {
      TlsStream stream(tls.get(), number);
      const auto with_body = [](httplib::Request& request) {
        // Neither a length nor chunks: there is no body (RFC 9112, 6.3); the library would wait for one.
        if (!request.has_header("Content-Length") && !request.has_header("Transfer-Encoding")) {
          request.headers.emplace("Content-Length", "0");
        }
        if (request.method != "GET" || request.get_header_value<std::uint64_t>("Content-Length") == 0) return;
        request.headers.emplace(kRealMethod, request.method);
        request.method = "POST";
      };
      const auto pending = [&] { return SSL_pending(tls.get()) > 0; };
      for (bool open = true; open && next_request(number, svr_sock_, pending);) {
        bool closed = false;
        open = process_request(stream, false, closed, with_body) && !closed;
      }
      SSL_shutdown(tls.get());
    }
    connection_in_hand = -1;
    shutdown(number, SHUT_RDWR);
    close(number);
    return true;
  }
};

class Serving final : public Listener {
 public:
  Serving(std::unique_ptr<httplib::Server> server, Clock& clock, Handler handler, std::string socket_path)
      : server_(std::move(server)),
        clock_(clock),
        handler_(std::move(handler)),
        socket_path_(std::move(socket_path)) {
    server_->set_keep_alive_max_count(10000);
    server_->set_tcp_nodelay(true);
    const auto serve = [this](const httplib::Request& request, httplib::Response& response) {
      answer(request, response);
    };
    server_->Get(".*", serve);
    server_->Post(".*", serve);
    server_->Put(".*", serve);
    server_->Patch(".*", serve);
    server_->Delete(".*", serve);
  }
  ~Serving() override {
    stopping_.request_stop();
    server_->stop();
    if (thread_.joinable()) thread_.join();
    if (!socket_path_.empty()) ::unlink(socket_path_.c_str());
  }

  bool listen(const std::string& address, int port) {
    if (!socket_path_.empty()) {
      server_->set_address_family(AF_UNIX);
      if (!server_->bind_to_port(socket_path_, 80)) return false;
      ::chmod(socket_path_.c_str(), 0600);
    } else if (port == 0) {
      if ((port_ = server_->bind_to_any_port(address)) < 0) return false;
    } else {
      port_ = port;
      if (!server_->bind_to_port(address, port)) return false;
    }
    thread_ = std::thread([this] { server_->listen_after_bind(); });
    while (!server_->is_running()) std::this_thread::yield();  // stop() before that would be lost
    return true;
  }
  int port() const override { return port_; }

 private:
  void answer(const httplib::Request& request, httplib::Response& response) {
    Asked asked{
        .method = request.method, .path = request.path, .query = {}, .headers = {}, .body = request.body};
    if (const std::size_t at = request.target.find('?'); at != std::string::npos) {
      asked.query = request.target.substr(at + 1);
    }
    for (const auto& [name, value] : request.headers) asked.headers.emplace_back(name, value);
    if (const std::string method = request.get_header_value(kRealMethod); !method.empty())
      asked.method = method;
    Answer answer = handler_(asked);
    if (answer.latency_ms > 0) {
      clock_.sleep_for(std::chrono::milliseconds(answer.latency_ms), stopping_.get_token());
    }
    response.status = answer.status;
    std::string type = "application/json";
    for (const auto& [name, value] : answer.headers) {
      if (name == "Content-Type") {
        type = value;
      } else {
        response.headers.emplace(name, value);
      }
    }
    if (answer.fate == Fate::whole) {
      response.set_content(answer.body, type);
      return;
    }
    if (answer.fate == Fate::dropped && connection_in_hand >= 0) shutdown(connection_in_hand, SHUT_RDWR);
    const std::string half = answer.body.substr(0, answer.body.size() / 2);
    response.set_content_provider(std::max<std::size_t>(answer.body.size(), 1), type,
                                  [half](std::size_t at, std::size_t, httplib::DataSink& sink) {
                                    if (at == 0 && !half.empty()) return sink.write(half.data(), half.size());
                                    return false;
                                  });
  }

  const std::unique_ptr<httplib::Server> server_;
  Clock& clock_;
  const Handler handler_;
  const std::string socket_path_;
  std::stop_source stopping_;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<Listener>> Listener::over_tls(const std::string& address, int port,
                                                     const Certificate& certificate, Clock& clock,
                                                     Handler handler) {
  auto server = std::make_unique<TlsServer>(certificate.certificate.get(), certificate.key.get());
  if (!server->is_valid()) {
    return Failure{.message = "could not serve TLS", .causes = {"OpenSSL refused the certificate"}};
  }
  auto serving = std::make_unique<Serving>(std::move(server), clock, std::move(handler), "");
  if (!serving->listen(address, port)) {
    return Failure{.message = "could not listen on " + address + ":" + std::to_string(port),
                   .causes = {"the port is taken, or the address is not this machine's"},
                   .help = "choose another port, or 0 for any"};
  }
  return std::unique_ptr<Listener>(std::move(serving));
}

Result<std::unique_ptr<Listener>> Listener::on_socket(const std::string& path, Clock& clock,
                                                      Handler handler) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  httplib::Client there(path);
  there.set_address_family(AF_UNIX);
  there.set_connection_timeout(1);
  if (std::filesystem::is_socket(path, error)) {
    if (there.Post("/Plugin.Activate")) {
      return Failure{.message = "could not serve " + path,
                     .causes = {"somebody serves it already"},
                     .help = "give the plugin another name, or stop the other one"};
    }
    ::unlink(path.c_str());
  }
  auto serving = std::make_unique<Serving>(std::make_unique<SocketServer>(), clock, std::move(handler), path);
  if (!serving->listen(path, 0)) {
    return Failure{
        .message = "could not listen on " + path,
        .causes = {"the folder is missing or not ours to write"},
        .help = "run as a user who may write " + std::filesystem::path(path).parent_path().string()};
  }
  return std::unique_ptr<Listener>(std::move(serving));
}

}  // namespace cairn::array::simulator
