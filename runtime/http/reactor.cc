#include "runtime/http/reactor.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <deque>
#include <fstream>
#include <map>
#include <thread>

#include <fmt/format.h>

#include "runtime/effects/file_descriptor.h"
#include "runtime/http/broken_pipe.h"
#include "runtime/http/exchange.h"
#include "runtime/http/upgrade.h"

namespace cairn::http {

// What is asked of the thread goes through a queue; only the thread touches `multi_` (but for its wake-up).
class Reactor::Loop {
 public:
  Loop() {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    multi_ = curl_multi_init();
    thread_ = std::thread([this] { run(); });
  }
  ~Loop() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    curl_multi_wakeup(multi_);
    thread_.join();
    curl_multi_cleanup(multi_);
    curl_global_cleanup();
  }

  enum class Ask { begin, end, go_on };
  void ask(Ask what, std::shared_ptr<Exchange> exchange) {
    {
      const std::lock_guard lock(mutex_);
      asked_.push_back({what, std::move(exchange)});
    }
    curl_multi_wakeup(multi_);
  }

  // The path to give to the kernel: itself, or by way of its folder when it does not fit into a sockaddr_un.
  std::string reachable(const std::string& path) {
    if (path.size() < sizeof(sockaddr_un::sun_path)) return path;
    const std::size_t slash = path.rfind('/');
    const std::string folder = path.substr(0, slash + 1);
    const std::lock_guard lock(mutex_);
    FileDescriptor& open_folder = folders_[folder];
    if (!open_folder.open()) {
      open_folder = FileDescriptor(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    }
    if (!open_folder.open()) return path;
    return fmt::format("/proc/self/fd/{}/{}", open_folder.number(), path.substr(slash + 1));
  }

 private:
  struct Asked {
    Ask what;
    std::shared_ptr<Exchange> exchange;
  };

  void run() {
    const NoBrokenPipe no_broken_pipe;
    for (;;) {
      std::deque<Asked> asked;
      {
        const std::lock_guard lock(mutex_);
        if (ending_) break;
        asked.swap(asked_);
      }
      for (Asked& each : asked) obey(each);
      int running = 0;
      curl_multi_perform(multi_, &running);
      wake_readers();
      settle();
      curl_multi_poll(multi_, nullptr, 0, 60'000, nullptr);
    }
    while (!running_.empty()) finish(*running_.begin()->second, CURLE_ABORTED_BY_CALLBACK);
  }

  void obey(Asked& asked) {
    Exchange& exchange = *asked.exchange;
    const bool known = running_.contains(&exchange);
    switch (asked.what) {
      case Ask::begin:
        running_.emplace(&exchange, asked.exchange);
        exchange.fed = &fed_;
        if (!prepare(exchange) || curl_multi_add_handle(multi_, exchange.easy) != CURLM_OK) {
          finish(exchange, CURLE_OUT_OF_MEMORY);
        }
        break;
      case Ask::end:
        if (known) finish(exchange, CURLE_ABORTED_BY_CALLBACK);
        break;
      case Ask::go_on:
        if (known) go_on(exchange);
        break;
    }
  }

  static void go_on(Exchange& exchange) {
    int still = CURLPAUSE_CONT;
    {
      const std::lock_guard lock(exchange.mutex);
      if (exchange.receiving_paused && exchange.unread.size() > most_unread / 2) still |= CURLPAUSE_RECV;
      if (exchange.sending_paused && exchange.unsent.empty() && !exchange.body_complete)
        still |= CURLPAUSE_SEND;
      if ((still & CURLPAUSE_RECV) == 0) exchange.receiving_paused = false;
      if ((still & CURLPAUSE_SEND) == 0) exchange.sending_paused = false;
    }
    curl_easy_pause(exchange.easy, still);
  }

  void wake_readers() {
    for (Exchange* exchange : fed_) {
      const std::lock_guard lock(exchange->mutex);
      exchange->changed.notify_all();
    }
    fed_.clear();
  }

  void settle() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode outcome = message->data.result;
      Exchange* exchange = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange);
      finish(*exchange, outcome);
    }
  }

  void finish(Exchange& exchange, CURLcode outcome) {
    const auto found = running_.find(&exchange);
    const std::shared_ptr<Exchange> held = std::move(found->second);
    running_.erase(found);
    std::erase(fed_, &exchange);
    long system_error = 0, new_connections = 0;
    if (exchange.easy != nullptr) {
      curl_easy_getinfo(exchange.easy, CURLINFO_OS_ERRNO, &system_error);
      curl_easy_getinfo(exchange.easy, CURLINFO_NUM_CONNECTS, &new_connections);
      curl_multi_remove_handle(multi_, exchange.easy);
      curl_easy_cleanup(exchange.easy);
      exchange.easy = nullptr;
    }
    const std::lock_guard lock(exchange.mutex);
    exchange.outcome = outcome;
    exchange.system_error = system_error;
    exchange.new_connections = new_connections;
    exchange.finished = true;
    exchange.changed.notify_all();
  }

  CURLM* multi_ = nullptr;
  // The thread's own.
  std::map<Exchange*, std::shared_ptr<Exchange>> running_;
  std::vector<Exchange*> fed_;

  std::mutex mutex_;
  std::deque<Asked> asked_;
  std::map<std::string, FileDescriptor> folders_;
  bool ending_ = false;
  std::thread thread_;
};

namespace {

// The caller's end of an exchange: pumps its body, waits for its answer, and ends it when destroyed.
class Waiter {
 public:
  Waiter(std::shared_ptr<Reactor::Loop> loop, const Request& request, bool streamed)
      : loop_(std::move(loop)), exchange_(std::make_shared<Exchange>(request, streamed)) {}
  Waiter(Waiter&&) = default;
  ~Waiter() {
    if (exchange_ == nullptr || !begun_) return;
    {
      const std::lock_guard lock(exchange_->mutex);
      if (exchange_->finished) return;
      exchange_->given_up = true;
    }
    loop_->ask(Reactor::Loop::Ask::end, exchange_);
  }

  Exchange& exchange() { return *exchange_; }

  Result<> begin() {
    const Request& request = exchange_->request;
    if (!request.unix_socket.empty()) exchange_->socket_path = loop_->reachable(request.unix_socket);
    if (!request.body_file.empty()) {
      file_.open(request.body_file, std::ios::binary);
      struct stat facts = {};
      if (!file_ || ::stat(request.body_file.c_str(), &facts) != 0) {
        return Failure{.message = fmt::format("could not read `{}` to send it", request.body_file),
                       .nothing_done = true};
      }
      exchange_->body_size = facts.st_size;
    }
    exchange_->pumped = !request.body_file.empty() || request.body_source != nullptr;
    begun_ = true;
    loop_->ask(Reactor::Loop::Ask::begin, exchange_);
    return Done{};
  }

  enum class Woken { ready, stopped, late };
  // Until `ready()`, asked under the lock, is true. Feeds the body meanwhile.
  template <class Ready>
  Woken wait(std::unique_lock<std::mutex>& lock, const std::stop_token& stop, std::optional<Instant> deadline,
             Ready ready) {
    Exchange& exchange = *exchange_;
    const auto body_is_due = [&] {
      return exchange.pumped && !exchange.body_complete && !exchange.finished &&
             exchange.unsent.size() < most_unsent;
    };
    const auto something = [&] { return ready() || body_is_due(); };
    for (;;) {
      if (ready()) return Woken::ready;
      if (stop.stop_requested()) return Woken::stopped;
      if (body_is_due()) {
        lock.unlock();
        std::string piece = next_piece();
        lock.lock();
        exchange.body_complete = piece.empty();
        exchange.unsent += piece;
        if (exchange.sending_paused) loop_->ask(Reactor::Loop::Ask::go_on, exchange_);
        continue;
      }
      const bool in_time = deadline ? exchange.changed.wait_until(lock, stop, *deadline, something)
                                    : exchange.changed.wait(lock, stop, something);
      if (!in_time) return stop.stop_requested() ? Woken::stopped : Woken::late;
    }
  }

  // With the lock held: from now on it is certain whether the request was sent.
  Failure give_up() {
    exchange_->given_up = true;
    loop_->ask(Reactor::Loop::Ask::end, exchange_);
    return failure_of(*exchange_);
  }

  // With the lock held: everything that came and was not taken.
  std::string take() {
    std::string taken = std::move(exchange_->unread);
    exchange_->unread.clear();
    if (exchange_->receiving_paused) loop_->ask(Reactor::Loop::Ask::go_on, exchange_);
    return taken;
  }

 private:
  std::string next_piece() {
    if (exchange_->request.body_source) return exchange_->request.body_source();
    std::string piece(128u << 10, '\0');
    file_.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    piece.resize(static_cast<std::size_t>(file_.gcount()));
    return piece;
  }

  std::shared_ptr<Reactor::Loop> loop_;
  std::shared_ptr<Exchange> exchange_;
  std::ifstream file_;
  bool begun_ = false;
};

class OpenStream final : public Stream {
 public:
  explicit OpenStream(Waiter waiter) : waiter_(std::move(waiter)) {
    Exchange& exchange = waiter_.exchange();
    const std::lock_guard lock(exchange.mutex);
    status_ = exchange.status;
    headers_ = exchange.headers;
  }

  int status() const override { return status_; }
  const std::vector<Header>& headers() const override { return headers_; }

  Result<std::string> read(std::stop_token stop, std::optional<Instant> deadline) override {
    Exchange& exchange = waiter_.exchange();
    std::unique_lock lock(exchange.mutex);
    const Waiter::Woken woken =
        waiter_.wait(lock, stop, deadline, [&] { return !exchange.unread.empty() || exchange.finished; });
    if (woken == Waiter::Woken::stopped) {
      return Failure{.message = fmt::format("stopped reading from {}", place_of(exchange.request)),
                     .is = FailureClass::cancelled};
    }
    if (woken == Waiter::Woken::late) {
      return Failure{.message = fmt::format("{} said nothing in time", place_of(exchange.request)),
                     .is = FailureClass::timeout};
    }
    if (!exchange.unread.empty()) return waiter_.take();
    if (exchange.outcome == CURLE_OK) return std::string();
    return failure_of(exchange).within("the answer broke off");
  }

 private:
  Waiter waiter_;
  int status_ = 0;
  std::vector<Header> headers_;
};

}  // namespace

Reactor::Reactor() : loop_(std::make_shared<Loop>()) {}
Reactor::~Reactor() = default;

Result<Response> Reactor::send(const Request& request, std::stop_token stop) {
  Waiter waiter(loop_, request, false);
  if (Result<> begun = waiter.begin(); !begun) return begun.failure();
  Exchange& exchange = waiter.exchange();
  std::unique_lock lock(exchange.mutex);
  const Waiter::Woken woken = waiter.wait(lock, stop, {}, [&] { return exchange.finished; });
  if (woken != Waiter::Woken::ready) return waiter.give_up();
  if (exchange.outcome != CURLE_OK) return failure_of(exchange);
  return Response{exchange.status, std::move(exchange.headers), std::move(exchange.unread)};
}

Result<std::unique_ptr<Stream>> Reactor::open(const Request& request, std::stop_token stop) {
  Waiter waiter(loop_, request, true);
  if (Result<> begun = waiter.begin(); !begun) return begun.failure();
  Exchange& exchange = waiter.exchange();
  {
    std::unique_lock lock(exchange.mutex);
    const Waiter::Woken woken =
        waiter.wait(lock, stop, {}, [&] { return exchange.headers_complete || exchange.finished; });
    if (woken != Waiter::Woken::ready) return waiter.give_up();
    if (!exchange.headers_complete) return failure_of(exchange);
  }
  return std::unique_ptr<Stream>(std::make_unique<OpenStream>(std::move(waiter)));
}

Result<Upgraded> Reactor::upgrade(const Request& request, std::stop_token stop) {
  return upgrade_connection(
      request, request.unix_socket.empty() ? std::string() : loop_->reachable(request.unix_socket), stop);
}

}  // namespace cairn::http
