#include "runtime/platform/docker/frames.h"

#include <gtest/gtest.h>

namespace cairn::docker {
namespace {

using namespace std::string_literals;

TEST(FrameSplitter, TakesFramesApartWhereverTheyAreCut) {
  const std::string bytes =
      "\1\0\0\0\0\0\0\3out"s + "\2\0\0\0\0\0\0\4err\n"s + "\1\0\0\0\0\0\1\0"s + std::string(256, 'x');
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    FrameSplitter splitter(false);
    std::string out, err;
    for (std::size_t at = 0; at < bytes.size(); at += size) {
      splitter.feed(std::string_view(bytes).substr(at, size));
      while (const std::optional<OutputPiece> piece = splitter.next()) {
        (piece->from == Output::error ? err : out) += piece->bytes;
      }
    }
    EXPECT_EQ(out, "out" + std::string(256, 'x'));
    EXPECT_EQ(err, "err\n");
    EXPECT_FALSE(splitter.torn());
  }
}

TEST(FrameSplitter, KnowsThatSomethingWasCutOff) {
  FrameSplitter splitter(false);
  splitter.feed("\1\0\0\0\0\0\0\3ou"s);
  EXPECT_FALSE(splitter.next());
  EXPECT_TRUE(splitter.torn());
}

TEST(FrameSplitter, ATerminalHasNone) {
  FrameSplitter splitter(true);
  splitter.feed("\1\0\0x"s);
  EXPECT_EQ(splitter.next()->bytes, "\1\0\0x"s);
  EXPECT_FALSE(splitter.next());
}

}  // namespace
}  // namespace cairn::docker
