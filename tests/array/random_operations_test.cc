// A thousand operations by chance (of a fixed seed) on clones of an array: the seed volume's bytes stay what
// they were, and each clone is what was done to it and nothing else.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include "runtime/array/flasharray.h"
#include "runtime/array/simulator/images.h"
#include "runtime/array/simulator/wire.h"
#include "tests/fakes/must.h"
#include "tests/fakes/temporary_folder.h"
#include "tests/fakes/turned_clock.h"

namespace cairn::array {
namespace {

TEST(RandomOperations, LeaveTheSeedAlone) {
  constexpr std::uint64_t size = 1 << 20;
  // In memory: on a disk each overwrite would wait for it.
  if (std::filesystem::is_directory("/dev/shm")) setenv("TMPDIR", "/dev/shm", 1);
  const TemporaryFolder folder;
  unsetenv("TMPDIR");
  const std::string token = "a-token";
  std::mt19937 engine(20261121);
  const auto chance = [&](std::uint32_t below) { return static_cast<std::uint32_t>(engine()) % below; };
  const std::unique_ptr<simulator::Images> images = must(simulator::Images::in(folder / "images"));
  TurnedClock clock(TurnedClock::Turning::by_itself);
  simulator::Simulator simulated({}, {.tokens = {{token, "user"}}, .passwords = {}, .clients = {}}, *images,
                                 clock, [] { return 0.5; });
  simulator::Wire wire(simulated);
  FlashArray array(wire, clock, [] { return 0.5; }, {.address = "x", .credentials = ApiToken{token}});
  const auto bytes_of = [&](const std::string& name) {
    return std::hash<std::string>()(text_of_file(images->path_of(must(array.find(name, {}))->serial)));
  };
  const auto write_into = [&](const std::string& name) {
    std::string noise(1 + chance(9000), '\0');
    for (char& c : noise) c = static_cast<char>(engine());
    std::fstream image(images->path_of(must(array.find(name, {}))->serial),
                       std::ios::in | std::ios::out | std::ios::binary);
    image.seekp(chance(size - 10000));
    image << noise;
  };
  const auto some = [&](const std::map<std::string, std::size_t>& of) {
    auto at = of.begin();
    std::advance(at, static_cast<long>(chance(static_cast<std::uint32_t>(of.size()))));
    return at->first;
  };

  must(array.create("seed", size, {}));
  for (int i = 0; i < 50; ++i) write_into("seed");
  const std::size_t seed = bytes_of("seed");
  std::map<std::string, std::size_t> clones, snapshots;  // name to what its bytes have to be
  int number = 0, overwrites = 0;
  for (int step = 0; step < 1000; ++step) {
    const std::uint32_t what = chance(10);
    const auto& sources = what % 2 == 0 || snapshots.empty() ? clones : snapshots;
    const bool from_seed = sources.empty() || chance(3) == 0;
    const std::string source = from_seed ? "seed" : some(sources);
    const std::size_t content = from_seed ? seed : sources.at(source);
    const std::string fresh = "n" + std::to_string(number++);
    if (clones.size() < 2 || (what == 0 && clones.size() < 8)) {
      must(array.copy(source, fresh, {}));
      clones[fresh] = content;
    } else if (what == 1 && snapshots.size() < 4) {
      const bool of_seed = chance(2) == 0;
      const std::string of = of_seed ? "seed" : some(clones);
      const std::string name = must(array.snapshot(of, "s" + fresh, {})).name;
      snapshots[name] = of_seed ? seed : clones.at(of);
    } else if (what == 2) {
      const std::string gone = some(clones);
      // With its snapshots, which go with it.
      must(array.destroy(gone, {}));
      must(array.eradicate(gone, {}));
      clones.erase(gone);
      std::erase_if(snapshots, [&](const auto& one) { return one.first.starts_with(gone + "."); });
    } else if (what < 6) {
      const std::string target = some(clones);
      if (target == source) continue;
      must(array.overwrite(source, target, {}, {}));
      clones[target] = content;
      ++overwrites;
    } else {
      const std::string target = some(clones);
      write_into(target);
      clones[target] = bytes_of(target);
    }
    if (step % 100 == 0) {
      ASSERT_EQ(bytes_of("seed"), seed) << "after step " << step;
    }
  }
  EXPECT_GT(overwrites, 150);
  EXPECT_EQ(bytes_of("seed"), seed);
  for (const auto& [name, wanted] : clones) EXPECT_EQ(bytes_of(name), wanted) << name;
}

}  // namespace
}  // namespace cairn::array
