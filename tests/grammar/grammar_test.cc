// The grammar itself: no rule can loop without consuming anything.
#include <gtest/gtest.h>

#include <tao/pegtl/contrib/analyze.hpp>

#include "grammar/rules.h"

namespace cairn {
namespace {

TEST(Grammar, HasNoEndlessLoop) {
  EXPECT_EQ(tao::pegtl::analyze<rules::file>(), 0U);
  EXPECT_EQ(tao::pegtl::analyze<rules::lone>(), 0U);
}

}  // namespace
}  // namespace cairn
