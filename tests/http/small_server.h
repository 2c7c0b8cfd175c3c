// A server of a few lines on a unix socket, for tests: reads one request, then does what the test says with
// the connection.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace cairn::http {

class SmallServer {
 public:
  // `answer(connection, request)` is called on a thread of its own for each request (its head and, when it
  // has a Content-Length, its body). It returns false to have the connection closed.
  using Answer = std::function<bool(int connection, const std::string& request)>;

  explicit SmallServer(Answer answer) : answer_(std::move(answer)) {
    std::string folder = (std::filesystem::temp_directory_path() / "cairn-http-XXXXXX").string();
    folder_ = mkdtemp(folder.data());
    path = folder_ + "/s";
    listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address));
    listen(listener_, 1024);
    thread_ = std::thread([this] { accept_all(); });
  }
  ~SmallServer() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    {
      const std::lock_guard lock(mutex_);
      for (const int each : connections_) shutdown(each, SHUT_RDWR);
    }
    for (std::thread& each : serving_) each.join();
    for (const int each : connections_) close(each);
    close(listener_);
    std::filesystem::remove_all(folder_);
  }

  static void say(int connection, const std::string& text) {
    for (std::size_t done = 0; done < text.size();) {
      const ssize_t sent = send(connection, text.data() + done, text.size() - done, MSG_NOSIGNAL);
      if (sent <= 0) return;
      done += static_cast<std::size_t>(sent);
    }
  }
  static std::string ok(const std::string& body) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }

  std::string path;
  std::atomic<int> accepted = 0;
  std::atomic<int> requests = 0;

 private:
  void accept_all() {
    for (;;) {
      const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) return;
      ++accepted;
      const std::lock_guard lock(mutex_);
      connections_.push_back(connection);
      serving_.emplace_back([this, connection] {
        while (one(connection)) {
        }
        shutdown(connection, SHUT_RDWR);
      });
    }
  }
  bool one(int connection) {
    std::string request;
    char bytes[4096];
    for (;;) {
      const std::size_t head = request.find("\r\n\r\n");
      if (head != std::string::npos) {
        const std::size_t length = request.find("Content-Length: ");
        const std::size_t body = length == std::string::npos
                                     ? 0
                                     : static_cast<std::size_t>(std::atol(request.c_str() + length + 16));
        const bool chunked = request.find("chunked") != std::string::npos;
        if (chunked ? request.ends_with("0\r\n\r\n") : request.size() >= head + 4 + body) break;
      }
      const ssize_t size = recv(connection, bytes, sizeof(bytes), 0);
      if (size <= 0) return false;
      request.append(bytes, static_cast<std::size_t>(size));
    }
    ++requests;
    return answer_(connection, request);
  }

  Answer answer_;
  std::string folder_;
  int listener_ = -1;
  std::mutex mutex_;
  std::vector<int> connections_;
  std::vector<std::thread> serving_;
  std::thread thread_;
};

}  // namespace cairn::http
