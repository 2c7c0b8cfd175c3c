// How fast a file is read: parse_bench FILE [MEGABYTES] parses FILE repeated to that size, best of five in
// processor time, and prints a row of the table: what, size, seconds, MB/s. Without FILE a built-in sample is
// used.
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <fstream>
#include <iterator>
#include <limits>

#include "grammar/format.h"
#include "grammar/parse.h"

namespace {

constexpr const char* sample = R"(
## The service and its checks.
stage test {
  after = [build]
  service api {
    image   = "api:${version}"
    command = ["python3", "api.py", "--port", "${self.port("http")}", "--data", data.path]
    env     = db.env("DB_") + { MODE = "test", WORKERS = 4, TIMEOUT = 30s }
    ready   = [http(8000, path = "/ready", status = 200, within = 1m)]   # first try at once
  }
  for shard in range(shards) {
    run checks { image = dev ; command = ["check", "--shard", "${shard + 1}/${shards}"] ; memory = 512MiB }
  }
}
)";

template <typename Work>
double best_seconds(Work work) {
  double best = std::numeric_limits<double>::max();
  for (int i = 0; i < 5; ++i) {
    const std::clock_t begin = std::clock();
    work();
    best = std::min(best, static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
  }
  return best;
}

void row(const char* what, std::size_t bytes, double seconds) {
  fmt::print("{:<18} {:>8.1f} MB {:>8.3f} s {:>8.1f} MB/s\n", what, static_cast<double>(bytes) / 1e6, seconds,
             static_cast<double>(bytes) / 1e6 / seconds);
}

}  // namespace

int main(int count, char** arguments) {
  std::string part = sample;
  if (count > 1) {
    std::ifstream in(arguments[1], std::ios::binary);
    part.assign(std::istreambuf_iterator<char>(in), {});
  }
  const std::size_t wanted =
      (count > 2 ? static_cast<std::size_t>(std::stoul(arguments[2])) : 5U) * 1'000'000;
  std::string text;
  while (!part.empty() && text.size() < wanted) text += part;

  cairn::Sources sources;
  const std::uint32_t id = sources.add("bench.stack", "", text);
  std::string broken = text;
  for (std::size_t at = 0; at + 50'000 < broken.size(); at += 50'000) {
    const std::size_t equals = broken.find(" = ", at);
    if (equals != std::string::npos) broken[equals + 1] = ':';
  }
  const std::uint32_t broken_id = sources.add("broken.stack", "", broken);

  cairn::Diagnostics diagnostics;
  cairn::syntax::File file;
  row("parse", text.size(), best_seconds([&] { file = cairn::parse(sources, id, diagnostics); }));
  row("parse, mistakes", broken.size(), best_seconds([&] {
        cairn::Diagnostics found;
        (void)cairn::parse(sources, broken_id, found);
      }));
  if (diagnostics.empty())
    row("format", text.size(), best_seconds([&] { (void)cairn::format(sources, file); }));
}
