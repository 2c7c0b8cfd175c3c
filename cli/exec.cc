// A program beside a running service: `exec` and `shell`. In a container by way of its engine; beside a
// process of this machine this program becomes that one, so that terminal, signals and exit code are its own.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <set>
#include <string_view>

#include "cli/brief_keeper.h"
#include "cli/live_services.h"
#include "runtime/effects/file_descriptor.h"
#include "runtime/http/reactor.h"
#include "runtime/platform/docker/exec_session.h"

namespace cairn::cli {
namespace {

// As shells say it.
constexpr int cannot_run = 126, not_found = 127, by_signal = 128;

struct ExecCommand {
  std::string service, run, user, working_dir;
  std::vector<std::string> command, environment;
  bool no_terminal = false;
};

std::optional<docker::TerminalSize> size_of_terminal() {
  winsize size{};
  if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) != 0) return std::nullopt;
  return docker::TerminalSize{size.ws_col, size.ws_row};
}

// Every key goes to the program; the terminal is as it was when this ends.
class RawTerminal {
 public:
  RawTerminal() {
    if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios raw = before_;
    cfmakeraw(&raw);
    changed_ = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
  }
  ~RawTerminal() {
    if (changed_) tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
  }
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

 private:
  termios before_{};
  bool changed_ = false;
};

bool write_whole(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// Signals that end us, and the terminal's change of size, as something to read. To be made before any thread.
FileDescriptor open_signals() {
  sigset_t taken;
  sigemptyset(&taken);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGWINCH}) sigaddset(&taken, signal);
  pthread_sigmask(SIG_BLOCK, &taken, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return FileDescriptor(signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK));
}

// Both ways until the program's output ends: its exit code, or 128 and the signal that ended us.
Result<int> talk(docker::ExecSession& session, int signals, bool terminal) {
  bool input_open = true;
  for (;;) {
    for (;;) {
      Result<std::optional<docker::OutputPiece>> piece = session.read();
      if (!piece) return piece.failure();
      if (!*piece) break;
      const int file = (*piece)->from == docker::Output::error ? STDERR_FILENO : STDOUT_FILENO;
      // Nobody reads any more: there is nothing left to do here.
      if (!write_whole(file, (*piece)->bytes)) return by_signal + SIGPIPE;
    }
    if (session.ended()) return session.exit_code({});
    std::array<pollfd, 3> waits = {pollfd{session.descriptor(), POLLIN, 0}, pollfd{signals, POLLIN, 0},
                                   pollfd{input_open ? STDIN_FILENO : -1, POLLIN, 0}};
    if (poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR)
      return Failure{.message = "cannot wait for input", .causes = {std::strerror(errno)}, .help = {}};
    signalfd_siginfo signal{};
    while (read(signals, &signal, sizeof signal) == sizeof signal) {
      if (signal.ssi_signo != SIGWINCH) return by_signal + static_cast<int>(signal.ssi_signo);
      if (const std::optional<docker::TerminalSize> size = size_of_terminal(); size && terminal)
        (void)session.resize(*size, {});
    }
    if (input_open && waits[2].revents != 0) {
      std::array<char, 16384> bytes;
      const ssize_t size = read(STDIN_FILENO, bytes.data(), bytes.size());
      if (size > 0) {
        // It may have closed its input; its output still tells what it did.
        input_open = session.write({bytes.data(), static_cast<std::size_t>(size)}).ok();
      } else if (size == 0 || (errno != EINTR && errno != EAGAIN)) {
        input_open = false;
        session.end_input();
      }
    }
  }
}

void in_container(const LiveService& service, const ExecCommand& command, int signals,
                  Invocation& invocation) {
  const bool terminal = !command.no_terminal && isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
  docker::ExecSpec spec{.command = command.command, .user = command.user, .working_dir = command.working_dir};
  for (const std::string& variable : command.environment) {
    const std::size_t equals = variable.find('=');
    spec.env[variable.substr(0, equals)] = Text(variable.substr(equals + 1));
  }
  if (const char* kind = std::getenv("TERM"); terminal && kind != nullptr)
    spec.env.emplace("TERM", Text(std::string(kind)));
  std::optional<docker::TerminalSize> size;
  if (terminal) size = size_of_terminal().value_or(docker::TerminalSize{80, 24});
  Result<docker::ExecSession> session =
      docker::ExecSession::start(*service.engine, service.container, spec, size, {});
  Result<int> code = 0;
  if (session) {
    std::optional<RawTerminal> raw;
    if (terminal) raw.emplace();
    code = talk(*session, signals, terminal);
  } else {
    code = session.failure();
  }
  if (code) {
    invocation.exit_code = *code;
    return;
  }
  std::string text = code.failure().message;
  for (const std::string& cause : code.failure().causes) text += "\n  = cause: " + cause;
  complain(invocation, code.failure().is == FailureClass::endpoint ? endpoint_failed : cannot_run, text,
           code.failure().help);
}

// The environment that the service was started with, as the kernel still has it. Programs that write their
// title over it (PostgreSQL does) leave nothing there.
std::vector<std::string> environment_of(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/environ", pid), std::ios::binary);
  std::vector<std::string> variables;
  for (std::string one; std::getline(file, one, '\0');)
    if (one.find('=') != std::string::npos && one.front() != '=') variables.push_back(one);
  return variables;
}

void beside_process(const LiveService& service, const ExecCommand& command, Invocation& invocation) {
  if (!command.user.empty())
    return complain(
        invocation, wrong_input,
        fmt::format("`{}` is a process of this machine: `--user` needs a container", service.node));
  std::vector<std::string> variables = environment_of(service.pid);
  if (variables.empty()) {
    fmt::print(stderr, "warning: the environment of `{}` cannot be read: cairn's own is used\n",
               service.node);
    for (char** one = environ; *one != nullptr; ++one) variables.push_back(*one);
  }
  if (const char* kind = std::getenv("TERM")) variables.push_back(fmt::format("TERM={}", kind));
  variables.insert(variables.end(), command.environment.begin(), command.environment.end());
  clearenv();
  for (const std::string& variable : variables) {
    const std::size_t equals = variable.find('=');
    setenv(variable.substr(0, equals).c_str(), variable.substr(equals + 1).c_str(), 1);
  }
  if (!service.working_dir.empty() && chdir(service.working_dir.c_str()) != 0)
    return complain(invocation, cannot_run,
                    fmt::format("cannot go to `{}`: {}", service.working_dir, std::strerror(errno)));
  if (!command.working_dir.empty() && chdir(command.working_dir.c_str()) != 0)
    return complain(invocation, cannot_run,
                    fmt::format("cannot go to `{}`: {}", command.working_dir, std::strerror(errno)));
  std::vector<char*> words;
  for (const std::string& word : command.command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  std::fflush(nullptr);
  execvp(words.front(), words.data());
  const int error = errno;
  complain(invocation, error == ENOENT ? not_found : cannot_run,
           fmt::format("cannot run `{}`: {}", command.command.front(), std::strerror(error)),
           fmt::format("it is looked for in the PATH of `{}`", service.node));
}

void exec(const ExecCommand& command, Invocation& invocation) {
  for (const std::string& variable : command.environment)
    if (variable.find('=') == std::string::npos || variable.front() == '=')
      return complain(invocation, wrong_input, fmt::format("`--env {}` is no variable", variable),
                      "write `--env NAME=value`");
  const std::optional<ProjectPlace> project = find_project(invocation);
  if (!project) return;
  LiveService found;
  {
    std::optional<sigset_t> before;
    sigset_t mask;
    if (pthread_sigmask(SIG_BLOCK, nullptr, &mask) == 0) before = mask;
    const FileDescriptor signals = open_signals();
    BriefKeeper keeper;
    http::Reactor http;
    const LiveServices live = live_services(*project, http, keeper.tunnels());
    const LiveService* service = only_one(live, command.service, command.run, invocation);
    if (service == nullptr) return;
    if (service->pid == 0) return in_container(*service, command, signals.number(), invocation);
    found = *service;
    signal(SIGPIPE, SIG_DFL);
    if (before) pthread_sigmask(SIG_SETMASK, &*before, nullptr);
  }
  beside_process(found, command, invocation);
}

void add_common(CLI::App& command, ExecCommand& options, Invocation& invocation) {
  add_project_option(command, invocation);
  command.add_option("service", options.service, "a service that runs")->required();
  command.add_option("--run", options.run, "of this run, or of `up`; needed when it runs several times");
  command.add_flag("-T,--no-tty", options.no_terminal, "no terminal, even when there is one");
  command.add_option("-u,--user", options.user, "in a container: as this user");
  command.add_option("-w,--workdir", options.working_dir, "the folder to start in");
  command.add_option("-e,--env", options.environment, "a further variable, as NAME=value")
      ->allow_extra_args(false);
}

}  // namespace

std::vector<std::string> cut_exec_command(std::vector<std::string>& arguments) {
  static const std::set<std::string_view> with_value = {"-f", "--file",    "--run", "-u",    "--user",
                                                        "-w", "--workdir", "-e",    "--env", "--color"};
  bool is_exec = false, has_service = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string word = arguments[i];
    if (word != "--" && word.size() > 1 && word.starts_with('-')) {
      if (with_value.contains(word)) ++i;
      continue;
    }
    if (!is_exec) {
      if (word != "exec") return {};
      is_exec = true;
    } else if (!has_service && word != "--") {
      has_service = true;
    } else {
      const auto begin = arguments.begin() + static_cast<std::ptrdiff_t>(i);
      std::vector<std::string> command(begin + (word == "--" ? 1 : 0), arguments.end());
      arguments.erase(begin, arguments.end());
      return command;
    }
  }
  return {};
}

void add_exec(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("exec", "run a program in a running service: exec SERVICE CMD…");
  const auto options = std::make_shared<ExecCommand>();
  add_common(*command, *options, invocation);
  command->callback([options, &invocation] {
    options->command = invocation.exec_command;
    if (options->command.empty())
      return complain(invocation, wrong_input, "there is nothing to run",
                      fmt::format("`cairn exec {} CMD…` runs a program, `cairn shell {}` a shell",
                                  options->service, options->service));
    exec(*options, invocation);
  });
}

void add_shell(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("shell", "a shell in a running service");
  const auto options = std::make_shared<ExecCommand>();
  add_common(*command, *options, invocation);
  command->callback([options, &invocation] {
    options->command = {"sh", "-c", "command -v bash >/dev/null 2>&1 && exec bash; exec sh"};
    exec(*options, invocation);
  });
}

}  // namespace cairn::cli
