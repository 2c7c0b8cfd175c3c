// For a test program that starts real host processes: include it in one .cc of the test. The program is then
// its own keeper, as cairn is.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "runtime/keeper/keeper.h"

int main(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == cairn::keeper::kKeeperCommand) {
    // Replaces whole secrets only; the scribe's mask is tested where it lives.
    return cairn::keeper::keeper_main([](const std::vector<cairn::Text>& secrets) {
      return [secrets](std::string_view piece, bool) {
        std::string text(piece);
        for (const cairn::Text& secret : secrets) {
          for (std::size_t at = 0; (at = text.find(secret.exposed(), at)) != std::string::npos;) {
            text.replace(at, secret.exposed().size(), "***");
          }
        }
        return text;
      };
    });
  }
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
