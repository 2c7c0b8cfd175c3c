// The real terminal and outlet against a real pseudo-terminal and a real pipe.
#include "runtime/progress/terminal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "runtime/progress/live_view.h"
#include "runtime/progress/ndjson.h"
#include "runtime/progress/outlet.h"
#include "tests/fakes/turned_clock.h"
#include "tests/golden.h"
#include "tests/progress/played_terminal.h"

namespace cairn::progress {
namespace {

struct Pty {
  int master = -1;
  int slave = -1;
  Pty() {
    winsize window{30, 90, 0, 0};
    termios modes{};
    if (::openpty(&master, &slave, nullptr, nullptr, &window) != 0) return;
    ::tcgetattr(slave, &modes);
    modes.c_oflag &= ~static_cast<tcflag_t>(OPOST);  // line feeds as they were sent
    ::tcsetattr(slave, TCSANOW, &modes);
  }
  ~Pty() {
    if (master >= 0) ::close(master);
    if (slave >= 0) ::close(slave);
  }
  std::string read_all() const {
    std::string text;
    std::array<char, 65536> buffer{};
    pollfd wait{master, POLLIN, 0};
    while (::poll(&wait, 1, 0) == 1) {
      const ssize_t count = ::read(master, buffer.data(), buffer.size());
      if (count <= 0) break;
      text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return text;
  }
};

TEST(RealTerminal, KnowsItsSizeAlsoAfterAResize) {
  const Pty pty;
  if (pty.slave < 0) GTEST_SKIP() << "no pseudo-terminal can be had here";
  const std::unique_ptr<Terminal> terminal = real_terminal(pty.slave);
  EXPECT_TRUE(terminal->is_tty());
  EXPECT_EQ(terminal->size().columns, 90U);
  const winsize window{40, 55, 0, 0};
  ::ioctl(pty.master, TIOCSWINSZ, &window);
  EXPECT_EQ(terminal->size().columns, 55U);
  EXPECT_EQ(terminal->size().rows, 40U);
}

TEST(RealTerminal, NobodyReadingDoesNotBlock) {
  const Pty pty;
  if (pty.slave < 0) GTEST_SKIP() << "no pseudo-terminal can be had here";
  const std::unique_ptr<Terminal> terminal = real_terminal(pty.slave);
  const std::string frame(100'000, 'x');
  EXPECT_TRUE(terminal->write(frame));   // taken, in part only sent
  EXPECT_FALSE(terminal->write(frame));  // refused
  EXPECT_FALSE(terminal->drain(Milliseconds(1)));
  EXPECT_EQ(::fcntl(pty.slave, F_GETFL) & O_NONBLOCK, 0) << "the shell's own descriptor stays as it was";
  std::string seen;
  while (!terminal->drain(Milliseconds(0))) seen += pty.read_all();
  seen += pty.read_all();
  EXPECT_EQ(seen, frame);
}

TEST(RealTerminal, APipeIsNoTerminal) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const std::unique_ptr<Terminal> terminal = real_terminal(ends[1]);
  EXPECT_FALSE(terminal->is_tty());
  EXPECT_EQ(terminal->size().columns, 80U);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(RealTerminal, TheLiveViewLeavesTheScreenClean) {
  const Pty pty;
  if (pty.slave < 0) GTEST_SKIP() << "no pseudo-terminal can be had here";
  TurnedClock clock;
  std::string sent;
  {
    const std::unique_ptr<Terminal> terminal = real_terminal(pty.slave);
    LiveView view(*terminal, clock);
    std::int64_t now = 0;
    for (const Event& event : read_recording(golden::read(golden::folder("progress/failed.ndjson"))).events) {
      for (; now < event.time_ms; now += 100) {
        clock.turn(Milliseconds(100));
        view.tick();
        sent += pty.read_all();
      }
      view.emit(event);
    }
    view.finish();
  }
  sent += pty.read_all();
  EXPECT_GT(sent.size(), 10'000U);
  PlayedTerminal screen;
  screen.now = {30, 90};
  screen.write(sent);
  EXPECT_TRUE(screen.cursor_is_shown);
  EXPECT_EQ(screen.rows.back(), "");
  EXPECT_EQ(screen.screen().find("▸"), std::string::npos) << screen.screen();
  EXPECT_EQ(screen.screen().find(" to come"), std::string::npos);
  EXPECT_NE(screen.screen().find("✗ test.unit:run"), std::string::npos);
}

// In a child with the pseudo-terminal as its own, as a shell would start it; the terminal is stopped as by
// Ctrl-S.
TEST(RealTerminal, AStoppedTerminalDoesNotKeepTheProgramFromEnding) {
  int master = -1;
  const pid_t child = ::forkpty(&master, nullptr, nullptr, nullptr);
  if (child < 0) GTEST_SKIP() << "no pseudo-terminal can be had here";
  if (child == 0) {
    ::tcflow(STDOUT_FILENO, TCOOFF);
    TurnedClock clock;
    const std::unique_ptr<Terminal> terminal = real_terminal(STDOUT_FILENO);
    LiveView view(*terminal, clock);
    for (int i = 0; i < 10'000; ++i) {
      Event event;
      event.step = "a:run";
      event.is = StepLog{std::string(1000, 'x'), Stream::out};
      view.emit(event);
      clock.turn(Milliseconds(100));
      view.tick();
    }
    view.finish();
    ::tcflow(STDOUT_FILENO, TCOON);
    ::_exit(0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  ::close(master);
}

TEST(Outlet, WritesEverythingInOrder) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  std::string expected;
  {
    Outlet outlet(ends[1]);
    for (int i = 0; i < 1000; ++i) {
      const std::string line = "line " + std::to_string(i) + "\n";
      outlet.write(line);
      expected += line;
    }
    EXPECT_TRUE(outlet.finish(Milliseconds(10'000)));
    EXPECT_EQ(outlet.dropped_lines(), 0U);
  }
  std::string seen(expected.size(), '\0');
  ASSERT_EQ(::read(ends[0], seen.data(), seen.size()), static_cast<ssize_t>(seen.size()));
  EXPECT_EQ(seen, expected);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(Outlet, ASlowReaderCostsLinesAndIsToldHowMany) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  Outlet outlet(ends[1], 100'000);
  const std::string line = std::string(99, 'x') + "\n";
  for (int i = 0; i < 5000; ++i) outlet.write(line);  // never blocks, although nobody reads
  EXPECT_FALSE(outlet.finish(Milliseconds(1)));
  EXPECT_GT(outlet.dropped_lines(), 1000U);
  std::string seen;
  std::array<char, 65536> buffer{};
  std::uint64_t lines = 0;
  std::uint64_t said = 0;  // by lines like "… 12 lines not shown here"
  while (lines + said < 5000) {
    const ssize_t count = ::read(ends[0], buffer.data(), buffer.size());
    ASSERT_GT(count, 0);
    seen.append(buffer.data(), static_cast<std::size_t>(count));
    lines = said = 0;
    for (std::size_t begin = 0, end = 0; (end = seen.find('\n', begin)) != std::string::npos;
         begin = end + 1) {
      const std::string one = seen.substr(begin, end - begin);
      if (one + "\n" == line) {
        ++lines;
      } else {
        said += std::stoull(one.substr(std::string("… ").size()));
      }
    }
  }
  EXPECT_EQ(lines + said, 5000U);
  EXPECT_EQ(said, outlet.dropped_lines());
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace cairn::progress
