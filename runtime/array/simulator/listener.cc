#include "runtime/array/simulator/listener.h"

#include <arpa/inet.h>
#include <httplib.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <filesystem>
#include <thread>

namespace cairn::array::simulator {
namespace {

// Ends the connection that `request` came in on without an answer. The server library keeps its sockets to itself,
// so it is found among the open files by its other end.
void drop_connection(const httplib::Request& request) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", error)) {
    const int number = std::atoi(entry.path().filename().c_str());
    sockaddr_in peer{}, own{};
    socklen_t peer_size = sizeof peer, own_size = sizeof own;
    if (getpeername(number, reinterpret_cast<sockaddr*>(&peer), &peer_size) != 0 || peer.sin_family != AF_INET) {
      continue;
    }
    if (getsockname(number, reinterpret_cast<sockaddr*>(&own), &own_size) != 0) continue;
    if (ntohs(peer.sin_port) == request.remote_port && ntohs(own.sin_port) == request.local_port) {
      shutdown(number, SHUT_RDWR);
      return;
    }
  }
}

class Serving final : public Listener {
 public:
  Serving(std::unique_ptr<httplib::Server> server, Clock& clock, Handler handler, std::string socket_path)
      : server_(std::move(server)), clock_(clock), handler_(std::move(handler)), socket_path_(std::move(socket_path)) {
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
    Asked asked{.method = request.method, .path = request.path, .query = {}, .headers = {}, .body = request.body};
    if (const std::size_t at = request.target.find('?'); at != std::string::npos) {
      asked.query = request.target.substr(at + 1);
    }
    for (const auto& [name, value] : request.headers) asked.headers.emplace_back(name, value);
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
    if (answer.fate == Fate::dropped) drop_connection(request);
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
                                                     const Certificate& certificate, Clock& clock, Handler handler) {
  auto server = std::make_unique<httplib::SSLServer>(certificate.certificate.get(), certificate.key.get());
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

Result<std::unique_ptr<Listener>> Listener::on_socket(const std::string& path, Clock& clock, Handler handler) {
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
  auto serving = std::make_unique<Serving>(std::make_unique<httplib::Server>(), clock, std::move(handler), path);
  if (!serving->listen(path, 0)) {
    return Failure{.message = "could not listen on " + path,
                   .causes = {"the folder is missing or not ours to write"},
                   .help = "run as a user who may write " + std::filesystem::path(path).parent_path().string()};
  }
  return std::unique_ptr<Listener>(std::move(serving));
}

}  // namespace cairn::array::simulator
