// What a simulated engine has: plain data. The files beside this one are what its calls do with it.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "runtime/effects/clock.h"
#include "runtime/http/client.h"
#include "tests/sim/engine/file_tree.h"
#include "tests/sim/engine/process.h"

namespace cairn::sim {

using Json = nlohmann::json;

// The body of an answer that is written while it is read.
struct Pipe {
  std::deque<std::string> waiting;
  bool ended = false;                       // no more will come
  bool cut = false;                         // the connection broke
  std::stop_source wake{std::nostopstate};  // of who waits for it
  void write(std::string bytes);
  void end();
  void tear();
};

struct LogEntry {
  bool to_stderr = false;
  std::int64_t stamp = 0;  // nanoseconds since 1970; no two of one container are the same
  std::string text;        // a line with its end, or the last without
};

struct Mount {
  std::string type, source, target;  // type: bind, volume, tmpfs; source: a path or a volume's name
  bool read_only = false;
};

struct Endpoint {
  std::string network;  // its id
  std::vector<std::string> aliases;
  std::string address;  // while the container runs
  std::string gateway;
};

struct Container;

// A program in a container, and what it sees of it.
struct Program;

struct Exec {
  std::string id, container;
  Json body;
  std::shared_ptr<Program> program;
  std::shared_ptr<Pipe> output;
  std::optional<int> exit_code;
  bool started = false;
  std::uint64_t generation = 0;
};

struct Container {
  std::string id, name, image;                // the image's id
  Json config, host_config;                   // as asked for, over the image's own
  std::map<std::string, Endpoint> endpoints;  // by the network's name, or id while it is not known
  std::vector<Mount> mounts;
  std::vector<std::string> nameless_volumes;
  FileTree files;                         // what it wrote, over the image's
  std::map<std::string, FileTree> tmpfs;  // by target
  std::set<std::string> removed_files;

  std::string status = "created";
  int exit_code = 0;
  std::string error;
  std::int64_t created = 0, started = 0, finished = 0;  // nanoseconds since 1970; 0: never
  int restarts = 0;
  bool stays_ended = false;  // somebody has signalled it: its restart policy is over
  std::string health;        // empty: it has no check
  std::string last_health_output;
  int failed_checks = 0;

  std::shared_ptr<Program> program;  // while it runs
  std::uint64_t generation = 0;      // of its program: what was scheduled for an earlier one is void
  std::set<int> listens;
  std::map<int, int> published;  // port of the container → of the machine
  std::vector<LogEntry> log;
  std::string unfinished[2];  // lines without their ends
  std::vector<std::shared_ptr<Pipe>> log_followers;
  struct Waiter {
    std::shared_ptr<Pipe> pipe;
    std::string condition;
  };
  std::vector<Waiter> waiters;

  bool running() const { return program != nullptr; }
};

struct Network {
  std::string id, name, driver = "bridge";
  std::map<std::string, std::string> labels;
  bool internal = false, predefined = false;
  std::int64_t created = 0;
  int subnet = 0;  // 172.(subnet).0.0/16
  int next_address = 2;
};

struct Volume {
  std::string name, driver = "local";
  std::map<std::string, std::string> labels;
  Json options;
  std::int64_t created = 0;
  FileTree files;
};

struct Image {
  std::string id;
  std::set<std::string> tags;
  std::vector<std::string> digests;
  Json config;
  std::shared_ptr<const FileTree> files;
};

struct Subscriber {
  std::shared_ptr<Pipe> pipe;
  Json filters;
};

struct EngineOptions {
  int api_minor = 41;  // of API 1.x
  // What registries have: image references, as short as people write them. Everything on 127.0.0.1:1 is
  // refused a connection.
  std::set<std::string> pullable = {};
  // Whose is an object that a changing call is about? Empty: nobody asks.
  std::function<void(const std::string& method, const std::string& path,
                     const std::map<std::string, std::string>& labels, const std::string& name)>
      on_change = {};
  // What nobody can take back has been done: a command begun in a container, by the container's id and the
  // command's words; a reference pushed. Empty: nobody counts.
  std::function<void(const std::string& what)> on_deed = {};
};

struct State {
  explicit State(EngineOptions its_options) : options(std::move(its_options)) {}

  EngineOptions options;
  Instant now{};
  std::int64_t wall_base = 1'700'000'000'000'000'000;            // nanoseconds since 1970 at Instant{}
  std::uint64_t made = 0;                                        // objects so far: where ids come from
  std::map<std::string, std::unique_ptr<Container>> containers;  // by id
  std::map<std::string, Network> networks;
  std::map<std::string, Volume> volumes;
  std::map<std::string, std::shared_ptr<Image>> images;
  std::map<std::string, Exec> execs;
  std::vector<Subscriber> subscribers;
  std::multimap<Instant, std::function<void()>> schedule;

  std::int64_t wall() const { return wall_base + now.time_since_epoch().count(); }
  std::string new_id();  // 64 hexadecimal digits
  void at(Instant when, std::function<void()> what) { schedule.emplace(when, std::move(what)); }
};

// One call, taken apart.
struct Asked {
  std::string method;
  std::vector<std::string> path;  // behind the version: {"containers", "json"}; decoded
  std::map<std::string, std::string> query;
  std::vector<std::string> changes;  // of /commit: a parameter that comes more than once
  std::string body;
  std::string of(const std::string& name) const;
  bool flag(const std::string& name) const;
};

struct Reply {
  int status = 200;
  std::string body = {};
  std::vector<http::Header> headers = {};
  std::shared_ptr<Pipe> stream = {};  // instead of `body`
};
Reply refused(int status, const std::string& message);
Reply answered(int status, const Json& body);

std::string stamp(std::int64_t nanoseconds);  // RFC 3339; 0: "0001-01-01T00:00:00Z"
std::map<std::string, std::string> labels_in(const Json& object);
// Whether labels are as {"label": ["key=value", "key"]} wants them.
bool has_labels(const std::map<std::string, std::string>& labels, const Json& filters);

}  // namespace cairn::sim
