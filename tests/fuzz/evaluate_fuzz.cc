// Any expression, among values and blocks of every form that it may refer to.
#include <cstdint>
#include <string>

#include "tests/fuzz/compiled.h"

namespace {

constexpr const char* around = R"(
param size = 3
param unknown: int
let word   = "word"
let words  = ["a", "b", "c"]
let scores = { one = 1, two = 2, "a b" = 3 }
let token  = secret("env:TOKEN")
volume data
service db { image = "x:1" ; ready = [tcp(5432)] ; env = { A = "b" } }
run work { image = "x:1" ; outputs = ["version"] ; artifacts = ["/out"] }
for i in range(3) { run shard { image = "x:1" ; env = { DB = db.host } } }
if size > 5 { service absent { image = "x:1" } }
run reader { image = "x:1" ; env = { A = "${fuzzed}" } }
let fuzzed = )";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  cairn::fuzz::check_program(
      {{"main.stack", around + std::string(reinterpret_cast<const char*>(data), size) + "\n"}});
  return 0;
}
