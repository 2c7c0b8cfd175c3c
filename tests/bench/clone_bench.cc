// What a clone costs: a table for the documentation. Needs root for the pool's mount.
//   clone_bench FOLDER [MIB...]     default sizes 100 2048 10240; 70 files each
// With $CAIRN_BENCH_IMAGE (an image that has `cp` and is on the engine of `docker`), also `docker run … cp`.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "runtime/array/flasharray.h"
#include "runtime/array/simulator/images.h"
#include "runtime/array/simulator/wire.h"
#include "runtime/clone/loop_mount.h"
#include "runtime/clone/pool.h"
#include "runtime/effects/file_descriptor.h"
#include "tests/fakes/must.h"

using namespace cairn;
using namespace cairn::clone;

namespace {

constexpr int kFiles = 70;

double milliseconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

constexpr int kRounds = 3;             // the best of them counts: others use the disk, too
constexpr long kAllocatedOnly = 4096;  // mebibytes; above, blocks are taken and not written

// Real blocks, not holes and not equal ones.
void write_seed(const std::string& folder, long mebibytes) {
  std::filesystem::create_directories(folder);
  std::string block(1u << 20, '\0');
  std::uint64_t noise = 88172645463325252u;
  long left = mebibytes;
  for (int i = 0; i < kFiles; ++i) {
    const long share = i == 0 ? mebibytes - mebibytes / 4 : (mebibytes / 4) / (kFiles - 1);
    const FileDescriptor file(
        open((folder + "/" + std::to_string(i)).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (mebibytes > kAllocatedOnly && fallocate(file.number(), 0, 0, share << 20) != 0) std::exit(1);
    for (long piece = 0; piece < (mebibytes > kAllocatedOnly ? 1 : share) && left > 0; ++piece, --left) {
      for (std::size_t at = 0; at < block.size(); at += 8) {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        *reinterpret_cast<std::uint64_t*>(block.data() + at) = noise;
      }
      if (write(file.number(), block.data(), block.size()) < 0) std::exit(1);
    }
  }
}

double first_write(const std::string& file) {
  return milliseconds([&] {
    const FileDescriptor open_file(open(file.c_str(), O_RDWR | O_CLOEXEC));
    const std::string block(8192, 'w');
    if (pwrite(open_file.number(), block.data(), block.size(), 40960) < 0 || fsync(open_file.number()) != 0)
      std::exit(1);
  });
}

// Four clones by the array's client, the simulated array and its images in the pool: REST and data plane, no
// wire.
double array_clones(const Pool& pool, const std::string& folder, long mebibytes, double& written) {
  using namespace cairn::array;
  const std::string token = "a-token";
  std::unique_ptr<simulator::Images> images = must(simulator::Images::in(folder));
  const auto chance = [] { return 0.5; };
  simulator::Simulator simulated({}, {.tokens = {{token, "bench"}}, .passwords = {}, .clients = {}}, *images,
                                 real_clock(), chance);
  simulator::Wire wire(simulated);
  FlashArray client(wire, real_clock(), chance, {.address = "bench", .credentials = ApiToken{token}});
  const std::uint64_t size = static_cast<std::uint64_t>(mebibytes) << 20;
  const Volume seed = must(client.create("seed", size, {}));
  {  // real blocks, as write_seed() makes them
    const std::string made = pool.where + "/image-source";
    write_seed(made, mebibytes);
    const FileDescriptor image(open(images->path_of(seed.serial).c_str(), O_WRONLY | O_CLOEXEC));
    off_t at = 0;
    std::string block(1u << 20, '\0');
    if (mebibytes > kAllocatedOnly && fallocate(image.number(), 0, 0, mebibytes << 20) != 0) std::exit(1);
    for (int i = 0; i < kFiles && mebibytes <= kAllocatedOnly; ++i) {
      const FileDescriptor file(open((made + "/" + std::to_string(i)).c_str(), O_RDONLY | O_CLOEXEC));
      for (ssize_t got = 0; (got = read(file.number(), block.data(), block.size())) > 0; at += got)
        if (pwrite(image.number(), block.data(), static_cast<std::size_t>(got), at) != got) std::exit(1);
    }
    must(remove_tree(made));
  }
  sync();
  must(client.snapshot("seed", "cut", {}));
  for (int i = 0; i < 4; ++i) must(client.create("clone-" + std::to_string(i), size, {}));
  const std::optional<Volume> first = must(client.find("clone-0", {}));
  double taken = 1e9;
  written = 1e9;
  for (int round = 0; round < kRounds; ++round) {
    taken = std::min(taken, milliseconds([&] {
                       for (int i = 0; i < 4; ++i)
                         must(client.overwrite("seed.cut", "clone-" + std::to_string(i), {}, {}));
                     }));
    written = std::min(written, first_write(images->path_of(first->serial)));
  }
  return taken;
}

// Milliseconds of four `docker run … cp -a`; below zero: not asked for.
double docker_copies(const std::string& seed, const std::string& folder) {
  const char* image = std::getenv("CAIRN_BENCH_IMAGE");
  if (image == nullptr || *image == 0) return -1;
  return milliseconds([&] {
    for (int i = 0; i < 4; ++i) {
      const std::string command = "docker run --rm --network none -v '" + seed + ":/from:ro' -v '" + folder +
                                  ":/to' '" + image + "' cp -a /from /to/docker-" + std::to_string(i);
      if (std::system(command.c_str()) != 0) std::exit(1);
    }
  });
}

std::string shown(double milliseconds_taken) {
  char text[32];
  std::snprintf(text, sizeof text, "%.0f", milliseconds_taken);
  return milliseconds_taken < 0 ? "-" : text;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "clone_bench FOLDER [MIB...]\n");
    return 2;
  }
  const std::string folder = argv[1];
  std::vector<long> sizes;
  for (int i = 2; i < argc; ++i) sizes.push_back(std::atol(argv[i]));
  if (sizes.empty()) sizes = {100, 2048, 10240};
  std::printf("%-13s %10s %12s %15s %17s %13s %16s\n", "by", "seed MiB", "4 clones ms", "first write ms",
              "share of seed, %", "4 x cp -a ms", "4 x docker cp ms");
  for (const std::string type : {"xfs", "btrfs"}) {
    for (const long size : sizes) {
      const Pool pool = must(create_pool(
          {.folder = folder, .name = "bench-" + type, .type = type, .size = std::uint64_t{40} << 30}));
      const std::string seed = pool.where + "/seed";
      if (type == "btrfs") must(make_subvolume(seed));
      write_seed(seed, size);
      sync();
      std::filesystem::create_directories(pool.where + "/bench");
      const Method method = must(probe_method(seed, pool.where + "/bench")).method;
      std::uint64_t before = 0;
      for (const Pool& one : list_pools(folder)) {
        if (one.name == pool.name) before = one.free;
      }
      double clones = 1e9, written = 1e9;
      std::uint64_t after = before;
      for (int round = 0; round < kRounds; ++round) {
        clones = std::min(
            clones, milliseconds([&] {
              for (int i = 0; i < 4; ++i)
                must(clone_tree(seed, clone_path(pool, "bench", "aaaaaa", std::to_string(i)), method, {}));
            }));
        sync();
        for (const Pool& one : list_pools(folder)) {
          if (one.name == pool.name && round == 0) after = one.free;
        }
        written = std::min(written, first_write(clone_path(pool, "bench", "aaaaaa", "0") + "/0"));
        for (int i = 0; i < 4 && round + 1 < kRounds; ++i)
          must(remove_tree(clone_path(pool, "bench", "aaaaaa", std::to_string(i))));
      }
      double copies = -1, in_containers = -1;
      if (size <= 2048 && type == "xfs") {
        copies = milliseconds([&] {
          for (int i = 0; i < 4; ++i) {
            const std::string command =
                "cp -a --reflink=never '" + seed + "' '" + folder + "/copy-" + std::to_string(i) + "'";
            if (std::system(command.c_str()) != 0) std::exit(1);
          }
        });
        for (int i = 0; i < 4; ++i) std::filesystem::remove_all(folder + "/copy-" + std::to_string(i));
        in_containers = docker_copies(seed, folder);
        for (int i = 0; i < 4; ++i) std::filesystem::remove_all(folder + "/docker-" + std::to_string(i));
      }
      const double extra = before > after ? static_cast<double>(before - after) / 1048576 : 0.0;
      std::printf("%-13s %10ld %12.1f %15.2f %17.2f %13s %16s\n", type.c_str(), size, clones, written,
                  extra / static_cast<double>(size) * 100, shown(copies).c_str(),
                  shown(in_containers).c_str());
      if (type == "xfs") {
        double first = 0;
        const double taken = array_clones(pool, pool.where + "/array", size, first);
        std::printf("%-13s %10ld %12.1f %15.2f %17s %13s %16s\n", "array on xfs", size, taken, first, "-",
                    "-", "-");
      }
      std::fflush(stdout);
      must(remove_pool(folder, pool.name, true, real_clock(), {}));
    }
  }
  return 0;
}
