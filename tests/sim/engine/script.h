// The part of the shell's language that containers of a simulation understand: lists, `&&`, `||`, `!`, `|`,
// `if`, `while`, `until`, redirections, variables, quotes. The same text means the same to a real shell.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cairn::sim {

// "a$B": a text and a variable, which may be quoted.
struct WordPiece {
  std::string text;
  bool variable = false, quoted = false;
};
using Word = std::vector<WordPiece>;

struct Redirection {
  int stream = 1;  // 0, 1 or 2
  bool append = false;
  int same_as = 0;  // 2 of ">&2"; 0: `target` is a file
  Word target = {};
};

struct SimpleCommand {
  std::vector<std::pair<std::string, Word>> assignments;
  std::vector<Word> words;
  std::vector<Redirection> redirections;
};

// A script as it is run: one after the other, with jumps.
struct Instruction {
  enum class Is { pipeline, jump, jump_if_well, jump_if_badly, negate };
  Is is = Is::pipeline;
  std::vector<SimpleCommand> pipeline = {};
  std::size_t target = 0;
  bool checked = false;  // its failure is looked at: `set -e` does not end the script for it
};

struct Script {
  std::vector<Instruction> instructions;
  std::string problem;  // what is not understood; empty: all of it is
};

Script read_script(const std::string& text);
// The command of an exec form: words that mean themselves.
Script script_of(const std::vector<std::string>& command);

}  // namespace cairn::sim
