#include <fmt/format.h>

#include "cli/invocation.h"
#include "runtime/clone/pool.h"
#include "runtime/kinds/pools.h"

namespace cairn::cli {
namespace {

constexpr std::uint64_t most_gibibytes = 1 << 20;  // 1 PiB: what a typing mistake exceeds

std::string shown_bytes(std::uint64_t bytes) {
  const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit < 4) {
    value /= 1024;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", value, unit == 0 ? 0 : 1, units[unit]);
}

void complain_of_storage(Invocation& invocation, const Failure& failure) {
  std::string text = failure.message;
  for (const std::string& cause : failure.causes) text += "\n  = cause: " + cause;
  complain(invocation, step_failed, text, failure.help);
}

}  // namespace

void add_pool(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("pool", "file systems on this machine in which clones take no time");
  command->require_subcommand(1);
  const auto wish = std::make_shared<clone::PoolWish>();
  wish->folder = kinds::folder_of_pools();
  const auto gibibytes = std::make_shared<std::uint64_t>(100);
  const auto with_clones = std::make_shared<bool>(false);
  command
      ->add_option("--folder", wish->folder,
                   "where the pools are; runs look in $CAIRN_POOLS, or /var/lib/cairn/pools")
      ->capture_default_str();

  CLI::App* create = command->add_subcommand("create", "make a pool, or mount it again");
  create->add_option("name", wish->name, "its name")->capture_default_str();
  CLI::Option* type = create->add_option("--type", wish->type, "its file system")
                          ->check(CLI::IsMember({"xfs", "btrfs"}))
                          ->capture_default_str();
  CLI::Option* size =
      create->add_option("--size", *gibibytes, "what it may grow to, in GiB; the image is sparse")
          ->check(CLI::Range(std::uint64_t{1}, most_gibibytes))
          ->capture_default_str();
  create->callback([=, &invocation] {
    wish->size = *gibibytes << 30;
    const Result<clone::Pool> pool = clone::create_pool(*wish);
    if (!pool) return complain_of_storage(invocation, pool.failure());
    // One that was there stays as it is.
    if ((type->count() > 0 && pool->type != wish->type) || (size->count() > 0 && pool->size != wish->size))
      return complain(
          invocation, step_failed,
          fmt::format("the pool `{}` is there already: {}, up to {}", pool->name, pool->type,
                      shown_bytes(pool->size)),
          fmt::format("`cairn pool remove {}` first, or give the new one another name", pool->name));
    fmt::print("{}: {} at {}, {} free\n", pool->name, pool->type, pool->where, shown_bytes(pool->free));
  });
  CLI::App* list = command->add_subcommand("list", "the pools, and the clones in them");
  list->callback([=] {
    if (clone::list_pools(wish->folder).empty())
      fmt::print("no pools in {}; `cairn pool create` makes one\n", wish->folder);
    for (const clone::Pool& pool : clone::list_pools(wish->folder)) {
      fmt::print("{}: {} at {}, {}, {} on disk\n", pool.name, pool.type, pool.where,
                 pool.mounted ? "mounted" : "not mounted", shown_bytes(pool.on_disk));
      for (const clone::PoolClone& one : clone::clones_in(pool))
        fmt::print("  {} of run {} of {}\n", one.node, one.run, one.project);
    }
  });
  CLI::App* remove = command->add_subcommand("remove", "unmount a pool and remove its image");
  remove->add_option("name", wish->name, "its name")->capture_default_str();
  remove->add_flag("--with-clones", *with_clones, "even if there are clones in it");
  remove->callback([=, &invocation] {
    if (Result<> removed = clone::remove_pool(wish->folder, wish->name, *with_clones, real_clock(), {});
        !removed)
      complain_of_storage(invocation, removed.failure());
  });
}

}  // namespace cairn::cli
