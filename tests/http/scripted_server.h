// A server on a unix socket for one test: each connection is handed to the test's own function.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace cairn::tests {

class ScriptedServer {
 public:
  // `serve` gets the connection's descriptor and the request's bytes up to and with the empty line.
  explicit ScriptedServer(std::function<void(int, const std::string&)> serve) : serve_(std::move(serve)) {
    folder_ = std::filesystem::temp_directory_path() / ("cairn-http-XXXXXX");
    std::string name = folder_.string();
    folder_ = mkdtemp(name.data());
    listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path().copy(address.sun_path, sizeof address.sun_path - 1);
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        listen(listener_, 64) != 0)
      std::abort();
    acceptor_ = std::jthread([this] { accept_all(); });
  }
  ~ScriptedServer() {
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    close(listener_);
    connections_.clear();
    std::filesystem::remove_all(folder_);
  }

  std::string path() const { return (folder_ / "socket").string(); }

 private:
  void accept_all() {
    while (true) {
      const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) return;
      connections_.emplace_back([this, connection] {
        std::string request;
        char byte = 0;
        while (!request.ends_with("\r\n\r\n") && read(connection, &byte, 1) == 1) request += byte;
        if (!request.empty()) serve_(connection, request);
        close(connection);
      });
    }
  }

  std::function<void(int, const std::string&)> serve_;
  std::filesystem::path folder_;
  int listener_ = -1;
  std::vector<std::jthread> connections_;
  std::jthread acceptor_;
};

inline void say(int connection, const std::string& text) {
  (void)!write(connection, text.data(), text.size());
}

}  // namespace cairn::tests
