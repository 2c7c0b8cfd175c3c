#include "runtime/reach/agent_container.h"

#include <fmt/format.h>

#include "runtime/platform/docker/containers.h"
#include "runtime/platform/docker/images.h"

namespace cairn::reach {
namespace {

constexpr std::chrono::seconds kMadeWithin(2);  // of the moment in which nobody waited for it any more

// Where the program runs, in the words of images: it was built for this machine.
std::string our_platform() {
#if defined(__x86_64__)
  return "linux/amd64";
#elif defined(__aarch64__)
  return "linux/arm64";
#elif defined(__riscv)
  return "linux/riscv64";
#else
  return "linux";
#endif
}

}  // namespace

Result<Done> AgentContainer::make_image(std::string_view program, std::stop_token stop) {
  const std::string reference = identity_.name + ":latest";
  // One that an earlier life of this run has left would stay behind without a name.
  if (Result<> gone = docker::remove_image(engine_, reference, true, stop); !gone) return gone;
  std::vector<std::string> changes;
  for (const auto& [name, value] : docker::labels_of(identity_))
    changes.push_back(docker::label_change(name, value));
  docker::TarEntry file{.path = "cairn-agent", .content = Text(std::string(program)), .mode = 0555};
  image_ = reference;  // also when the answer is not waited for
  const Result<std::string> image =
      docker::import_files(engine_, "the agent", {std::move(file)}, identity_.name, changes, stop);
  if (!image) return image.failure();
  return Done{};
}

Result<std::unique_ptr<http::Duplex>> AgentContainer::start(std::string_view program,
                                                            docker::ContainerSpec spec,
                                                            std::stop_token stop) {
  if (image_.empty())
    if (Result<Done> made = make_image(program, stop); !made) return std::move(made.failure());
  spec.identity = identity_;
  spec.image = image_;
  spec.entrypoint = {{"/cairn-agent"}};
  spec.cap_drop = {"ALL"};
  spec.security_opt = {"no-new-privileges"};
  spec.read_only = true;
  spec.init = false;
  spec.stdin_open = spec.stdin_once = spec.auto_remove = true;
  // What it says is for cairn: nobody is to keep it.
  spec.logging = docker::Logging{"none", {}};
  Result<docker::CreatedContainer> made = docker::create_container(engine_, spec, stop);
  if (!made) {
    may_be_there_ = made.failure().is == FailureClass::cancelled ||
                    (made.failure().is == FailureClass::endpoint && !made.failure().nothing_done);
    return std::move(made.failure());
  }
  container_ = made->id;
  // Attached before the start: nothing it says is lost.
  const docker::Call attach{.method = "POST",
                            .path = fmt::format("/containers/{}/attach", container_),
                            .query = {{"stream", "1"}, {"stdin", "1"}, {"stdout", "1"}, {"stderr", "1"}}};
  Result<http::Upgraded> attached = engine_.upgrade(attach, stop);
  if (!attached) return std::move(attached.failure());
  if (attached->connection == nullptr)
    return docker::refusal("could not attach to the agent", attached->answer);
  if (Result<> started = docker::start_container(engine_, container_, stop); !started) {
    Failure& failure = started.failure();
    if (const auto there = docker::inspect_image(engine_, image_, stop); there && *there)
      if ((*there)->platform != our_platform())
        failure.help = fmt::format("the engine runs {} programs, this cairn brings one of {}",
                                   (*there)->platform, our_platform());
    return std::move(failure);
  }
  return std::move(attached->connection);
}

// Its making was given up in the middle: the engine may still be at it.
Result<Done> AgentContainer::find_what_was_made(std::stop_token stop) {
  for (const Instant end = engine_.clock().now() + kMadeWithin;;) {
    const auto there = docker::inspect_container(engine_, identity_.name, stop);
    if (!there) return there.failure();
    if (*there) {
      const bool ours =
          docker::owner_of((*there)->labels, (*there)->name, identity_.project) == docker::Owner::ours &&
          docker::identity_in((*there)->labels).run == identity_.run;
      if (ours) container_ = (*there)->id;
      return Done{};
    }
    if (engine_.clock().now() >= end || !engine_.clock().sleep_for(Milliseconds(50), stop)) return Done{};
  }
}

Result<Done> AgentContainer::remove(std::stop_token stop) {
  Result<Done> gone = Done{};
  if (std::exchange(may_be_there_, false)) gone = find_what_was_made(stop);
  if (!gone) return gone;
  if (!container_.empty()) gone = docker::remove_container(engine_, container_, stop);
  // By its name, which nobody else has; forced, since it may be that an engine keeps its container for a
  // moment.
  if (gone && !image_.empty()) gone = docker::remove_image(engine_, image_, true, stop);
  return gone;
}

}  // namespace cairn::reach
