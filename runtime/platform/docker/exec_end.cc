#include "runtime/platform/docker/exec_end.h"

#include <fmt/format.h>

#include <charconv>
#include <sstream>

namespace cairn::docker {
namespace {

// Only what every shell has by itself. `read` drops the zero bytes between the entries of an environment. The
// parent of a program that was run from outside is outside: 0, or in the machine's own process space the
// engine's shim. Says how many it has found, and their sessions.
constexpr const char* kFindAndSignal = R"(mark=$1 signal=$2 whom=$3 sessions=" $4 "
seen= found=0
look() {
  for folder in /proc/[0-9]*; do
    pid=${folder#/proc/} stat= line= marked=no
    [ "$pid" != $$ ] || continue
    read -r stat <"$folder/stat" || continue
    set -- ${stat##*) }
    [ "$1" != Z ] || continue
    parent=$2 session=$4
    if [ "$whom" != sessions ]; then
      while IFS= read -r line || [ -n "$line" ]; do
        case $line in *"CAIRN_EXEC=$mark"*) marked=yes; break ;; esac
      done <"$folder/environ"
    fi
    if [ $marked = yes ] && [ "$whom" = main ]; then
      name=
      [ "$parent" = 0 ] || read -r name <"/proc/$parent/comm"
      case $parent:$name in 0:* | *:containerd-shim*) ;; *) marked=no ;; esac
    fi
    if [ $marked = yes ]; then
      case $sessions in *" $session "*) ;; *) sessions="$sessions$session " ;; esac
    fi
    seen="$seen $pid:$session:$marked"
  done
  for one in $seen; do
    pid=${one%%:*} rest=${one#*:}
    session=${rest%%:*} marked=${rest#*:}
    if [ "$whom" != main ]; then
      case $sessions in *" $session "*) marked=yes ;; esac
    fi
    [ $marked = yes ] || continue
    found=$((found + 1))
    kill "-$signal" "$pid"
  done
}
look 2>/dev/null
echo "$found $sessions"
)";

enum class Whom { main, all, sessions };

const char* name_of(Whom whom) {
  return whom == Whom::main ? "main" : whom == Whom::all ? "all" : "sessions";
}

constexpr std::chrono::seconds kEndPatience(10);  // of one look, and until what was killed is gone
constexpr Milliseconds kBetweenKills(20);
constexpr Milliseconds kUntilAnotherLook(250);

class Finder {
 public:
  Finder(Engine& engine, const MarkedExec& exec) : engine_(engine), exec_(exec) {}

  // How many were found and signalled; their sessions are known from then on. None when the container does
  // not run any more.
  Result<int> signal(const std::string& name, Whom whom, std::stop_token stop) {
    const std::string plain = name.starts_with("SIG") ? name.substr(3) : name;
    std::string known;
    for (const std::string& session : sessions_) known += (known.empty() ? "" : " ") + session;
    std::string said;
    const Result<int> code = run_exec(
        engine_, exec_.container,
        {.command = {"sh", "-c", kFindAndSignal, "sh", exec_.mark, plain, name_of(whom), known},
         .user = exec_.user,
         .working_dir = "/"},
        [&](const OutputPiece& piece) {
          if (piece.from == Output::standard) said += piece.bytes;
        },
        stop, engine_.clock().now() + kEndPatience);
    std::istringstream words(said);
    int found = 0;
    if (code && *code == 0 && words >> found) {
      for (std::string session; words >> session;) sessions_.insert(session);
      return found;
    }
    const auto facts = inspect_container(engine_, exec_.container, stop);
    if (facts && (!*facts || !(*facts)->running)) return 0;
    if (!code) return code.failure();
    return Failure{.message = "could not look for it in the container",
                   .causes = {fmt::format("`sh` exited {}", *code)}};
  }

  Result<> kill_until_none_is_left(Whom whom) {
    const Instant give_up = engine_.clock().now() + kEndPatience;
    for (;;) {
      const Result<int> found = signal("KILL", whom, {});
      if (!found) return found.failure();
      if (*found == 0) return Done{};
      if (engine_.clock().now() >= give_up)
        return Failure{.message = fmt::format("{} of its processes cannot be killed", *found)};
      (void)engine_.clock().sleep_for(kBetweenKills, {});
    }
  }

 private:
  Engine& engine_;
  const MarkedExec& exec_;
  std::set<std::string> sessions_;
};

}  // namespace

Result<> end_exec(Engine& engine, const MarkedExec& exec, const StopOrder& order,
                  const std::function<bool(std::stop_token, Instant)>& wait_for_end) {
  Finder finder(engine, exec);
  const Instant deadline = engine.clock().now() + order.grace;
  // SIGKILL when that was asked for; and at once when there is no grace to be had.
  if (!order.hurry.stop_requested() && order.grace > Nanoseconds::zero()) {
    const Result<int> asked = finder.signal(order.signal, Whom::main, order.hurry);
    if (!asked && !order.hurry.stop_requested()) return asked.failure();
    if (asked && *asked > 0) (void)wait_for_end(order.hurry, deadline);
  }
  // One that is being started bears no mark yet, and what it has left running may still be at work when it
  // has ended.
  const Instant give_up = engine.clock().now() + kEndPatience;
  for (bool ended = false;;) {
    if (Result<> killed = finder.kill_until_none_is_left(Whom::all); !killed || ended) return killed;
    ended = wait_for_end({}, engine.clock().now() + kUntilAnotherLook);
    if (!ended && engine.clock().now() >= give_up) return Failure{.message = "it does not end"};
  }
}

Result<int> end_forgotten_execs(Engine& engine, const MarkedExec& execs, std::stop_token stop) {
  Finder finder(engine, execs);
  const Result<int> found = finder.signal("KILL", Whom::main, stop);
  if (!found || *found == 0) return found;
  if (Result<> killed = finder.kill_until_none_is_left(Whom::sessions); !killed) return killed.failure();
  return found;
}

}  // namespace cairn::docker
