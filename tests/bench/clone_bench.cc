// What a clone costs: a table for the documentation. Needs root for the pool's mount.
//   clone_bench FOLDER [MIB...]     default sizes 100 2048 10240; 70 files each
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "runtime/clone/loop_mount.h"
#include "runtime/clone/pool.h"
#include "runtime/effects/file_descriptor.h"

using namespace cairn;
using namespace cairn::clone;

namespace {

constexpr int kFiles = 70;

double milliseconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

template <class T>
T must(Result<T> result) {
  if (result.ok()) return std::move(result.value());
  std::fprintf(stderr, "%s\n", result.failure().message.c_str());
  for (const std::string& cause : result.failure().causes) std::fprintf(stderr, "  %s\n", cause.c_str());
  std::exit(1);
}

// Real blocks, not holes and not equal ones: every mebibyte is numbered.
void write_seed(const std::string& folder, long mebibytes) {
  std::filesystem::create_directories(folder);
  std::string block(1u << 20, '\0');
  std::uint64_t noise = 88172645463325252u;
  long left = mebibytes;
  for (int i = 0; i < kFiles; ++i) {
    const long share = i == 0 ? mebibytes - mebibytes / 4 : (mebibytes / 4) / (kFiles - 1);
    const FileDescriptor file(
        open((folder + "/" + std::to_string(i)).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    for (long piece = 0; piece < share && left > 0; ++piece, --left) {
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
  std::printf("%-8s %10s %14s %16s %18s %14s\n", "pool", "seed MiB", "4 clones ms", "first write ms",
              "extra for 4, MiB", "4 x cp -a ms");
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
      const double clones = milliseconds([&] {
        for (int i = 0; i < 4; ++i)
          must(clone_tree(seed, clone_path(pool, "bench", "aaaaaa", std::to_string(i)), method, {}));
      });
      sync();
      std::uint64_t after = before;
      for (const Pool& one : list_pools(folder)) {
        if (one.name == pool.name) after = one.free;
      }
      const double written = first_write(clone_path(pool, "bench", "aaaaaa", "0") + "/0");
      double copies = 0;
      if (size <= 2048) {
        copies = milliseconds([&] {
          for (int i = 0; i < 4; ++i) {
            const std::string command =
                "cp -a --reflink=never '" + seed + "' '" + folder + "/copy-" + std::to_string(i) + "'";
            if (std::system(command.c_str()) != 0) std::exit(1);
          }
        });
        for (int i = 0; i < 4; ++i) std::filesystem::remove_all(folder + "/copy-" + std::to_string(i));
      }
      std::printf("%-8s %10ld %14.1f %16.2f %18.2f %14s\n", type.c_str(), size, clones, written,
                  before > after ? static_cast<double>(before - after) / 1048576 : 0.0,
                  size <= 2048 ? std::to_string(static_cast<long>(copies)).c_str() : "-");
      std::fflush(stdout);
      must(remove_pool(folder, pool.name, true, real_clock(), {}));
    }
  }
  return 0;
}
