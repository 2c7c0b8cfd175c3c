// Programs made by a rule: the shapes of the speed table, and random ones for properties.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cairn::generated {

// Each block waits for the one before.
inline std::string chain(std::size_t nodes) {
  std::string text = "stage test {\n";
  for (std::size_t i = 0; i < nodes; ++i) {
    text += "  run r" + std::to_string(i) + " { in = \"host\" ; command = [\"true\"]";
    if (i > 0) text += " ; after = r" + std::to_string(i - 1);
    text += " }\n";
  }
  return text + "}\n";
}

// Two rails; each rung waits for both ends of the one before: 2^n ways through n rungs.
inline std::string ladder(std::size_t nodes) {
  std::string text = "stage test {\n";
  for (std::size_t i = 0; i < nodes / 2; ++i)
    for (const char* side : {"a", "b"}) {
      text += "  run " + std::string(side) + std::to_string(i) + " { in = \"host\" ; command = [\"true\"]";
      if (i > 0) text += " ; after = [a" + std::to_string(i - 1) + ", b" + std::to_string(i - 1) + "]";
      text += " }\n";
    }
  return text + "}\n";
}

// Services that use their parent in a binary heap.
inline std::string heap(std::size_t nodes) {
  std::string text = "stage test {\n";
  for (std::size_t i = 0; i < nodes; ++i) {
    text += "  service s" + std::to_string(i) + " { image = \"x\"";
    if (i > 0) text += " ; env = { PARENT = s" + std::to_string((i - 1) / 2) + ".host }";
    text += " }\n";
  }
  return text + "}\n";
}

// A `for` with many elements, one service that all use, and a step that waits for all.
inline std::string wide(std::size_t nodes) {
  return "stage test {\n  service db { image = \"x\" ; ready = [tcp(5432)] }\n  for i in range(" +
         std::to_string(nodes) +
         ") {\n    run unit { image = \"y\" ; env = { HOST = db.host, N = i } }\n  }\n  run all { image = "
         "\"z\" ; after = unit }\n}\n";
}

// The same numbers on every machine.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15ULL + 1) {}
  std::size_t below(std::size_t n) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return n == 0 ? 0 : static_cast<std::size_t>((state_ >> 11) % n);
  }
  bool one_in(std::size_t n) { return below(n) == 0; }

 private:
  std::uint64_t state_;
};

// Some of everything that can stand in a stage; refers backwards only, so that it has no cycle.
inline std::string random(std::uint64_t seed, std::size_t nodes) {
  Dice dice(seed);
  std::string text =
      "param size = 2\nkind pair {\n  param host: string = \"none\"\n  service main { image = \"x\" ; env = "
      "{ H = host } }\n  run init { image = \"y\" ; env = { H = main.host } }\n  export host = main.host\n";
  if (dice.one_in(2)) text += "  export self = main\n";
  text += "}\nvolume shared { keep = true }\n";
  std::size_t made = 0;
  for (std::size_t stage = 0; made < nodes; ++stage) {
    text += "stage s" + std::to_string(stage) + " {\n";
    if (stage > 0 && dice.one_in(2)) text += "  after = s" + std::to_string(dice.below(stage)) + "\n";
    std::vector<std::string> services, steps, volumes{"shared"};
    const std::size_t here = 1 + dice.below(40);
    for (std::size_t i = 0; i < here && made < nodes; ++i, ++made) {
      const std::string name = "n" + std::to_string(made);
      std::string settings;
      const auto any_of = [&](const std::vector<std::string>& names) {
        return names[dice.below(names.size())];
      };
      if (!services.empty() && dice.one_in(2))
        settings +=
            " ; env = { A = " + any_of(services) + ".host, B = \"${" + any_of(services) + ".port(80)}\" }";
      if (!steps.empty() && dice.one_in(3)) settings += " ; after = [" + any_of(steps) + "]";
      if (dice.one_in(3)) settings += " ; mounts = { \"/d\" = " + any_of(volumes) + " }";
      switch (dice.below(9)) {
        case 0:
          text += "  volume " + name + "\n";
          volumes.push_back(name);
          break;
        case 1:
        case 2:
          text += "  service " + name + " { image = \"x\"" + settings + " ; ready = [tcp(80)] }\n";
          services.push_back(name);
          break;
        case 3:
          text += "  for i in range(size) { run " + name + " { image = \"x\"" + settings + " } }\n";
          steps.push_back(name);
          break;
        case 4:
          text +=
              "  pair " + name + (services.empty() ? "" : " { host = " + any_of(services) + ".host }") + "\n";
          steps.push_back(name);
          break;
        case 5:
          text += "  if size == " + std::to_string(dice.below(3)) + " { run " + name + " { image = \"x\"" +
                  settings + " } }\n";
          steps.push_back(name);
          break;
        case 6:
          text += "  run " + name + " { in = \"host\" ; command = [\"x\"]" +
                  (settings.find("mounts") == std::string::npos ? settings : "") + " }\n";
          steps.push_back(name);
          break;
        case 7:
          if (dice.one_in(3))
            text += "  run " + name + " { image = \"x\" ; when = \"" +
                    (dice.one_in(2) ? "failure" : "always") + "\"" + settings + " }\n";
          else
            text += "  clone " + name + " { from = " + any_of(volumes) + " }\n", volumes.push_back(name);
          break;
        default:
          text += "  run " + name + " { image = \"x\"" + settings + " }\n";
          steps.push_back(name);
      }
    }
    text += "}\n";
  }
  return text;
}

}  // namespace cairn::generated
