#include "runtime/kinds/container/input.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <array>
#include <memory>

#include "runtime/effects/file_descriptor.h"
#include "runtime/http/broken_pipe.h"
#include "runtime/platform/docker/containers.h"

namespace cairn::kinds {
namespace {

// Until all is written and the engine has closed the connection, which it does at the container's end. Over
// TLS, where no half of a connection can be closed, until all is written.
void write_all(http::Duplex& connection, std::string_view input, std::stop_token stop) {
  const http::NoBrokenPipe no_signal;
  const FileDescriptor asked(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  const std::stop_callback ask(stop, [&] { (void)eventfd_write(asked.number(), 1); });
  for (bool open = true; !stop.stop_requested();) {
    const Result<std::optional<std::string>> said = connection.read_some();
    if (!said || (*said && (*said)->empty())) return;
    if (*said) continue;
    if (open && !input.empty()) {
      const Result<std::size_t> taken = connection.write_some(input);
      if (!taken) return;
      input.remove_prefix(*taken);
    }
    if (open && input.empty()) {
      if (!connection.end_writing()) return;
      open = false;
    }
    std::array<pollfd, 2> waits = {
        pollfd{connection.descriptor(), static_cast<short>(open ? POLLIN | POLLOUT : POLLIN), 0},
        pollfd{asked.number(), POLLIN, 0}};
    (void)poll(waits.data(), waits.size(), -1);
  }
}

}  // namespace

Result<Done> ContainerInput::hand_over(docker::Engine& engine, const std::string& container,
                                       const Text& input, std::stop_token stop) {
  const docker::Call attach{.method = "POST",
                            .path = fmt::format("/containers/{}/attach", container),
                            .query = {{"stream", "1"}, {"stdin", "1"}}};
  Result<http::Upgraded> attached = engine.upgrade(attach, stop);
  if (!attached) return Failure(attached.failure()).within("could not hand over `stdin`");
  if (attached->connection == nullptr)
    return docker::refusal("could not hand over `stdin`", attached->answer);
  const std::shared_ptr<http::Duplex> connection = std::move(attached->connection);
  if (writer_.start(
          [connection, text = input.exposed()](std::stop_token end) { write_all(*connection, text, end); }))
    return Done{};
  return Failure{.message = "could not hand over `stdin`",
                 .causes = {"the system gives no more threads"},
                 .help = "run fewer things at once: `-j`, or raise the limit (`ulimit -u`)"};
}

}  // namespace cairn::kinds
