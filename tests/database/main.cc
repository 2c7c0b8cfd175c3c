// The program is its own keeper and its own child that asks databases, as cairn is.
#include <gtest/gtest.h>

#include <csignal>
#include <string>

#include "runtime/database/query.h"
#include "runtime/keeper/keeper.h"

int main(int argc, char** argv) {
  const std::string command = argc > 1 ? argv[1] : "";
  if (command == cairn::keeper::kKeeperCommand)
    return cairn::keeper::keeper_main([](const std::vector<cairn::Text>&) { return cairn::keeper::Mask(); });
  if (command == cairn::database::database_command) return cairn::database::database_main();
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
