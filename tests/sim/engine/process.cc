#include "tests/sim/engine/process.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

namespace cairn::sim {
namespace {

// What the one image of the tests has in its /bin.
const char* const base_programs[] = {"[",        "basename", "cat",  "echo",  "false", "grep",  "head",
                                     "hostname", "httpd",    "id",   "ln",    "ls",    "mkdir", "mkfifo",
                                     "mount",    "printf",   "pwd",  "rm",    "seq",   "sh",    "sleep",
                                     "stat",     "tail",     "test", "touch", "true",  "wc"};

constexpr int longest_without_a_wait = 100'000;

bool is_shell(const std::string& word) {
  return word == "sh" || word == "/bin/sh";
}

std::string last_step(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

std::string escaped(const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      result += text[i];
      continue;
    }
    ++i;
    result += text[i] == 'n' ? '\n' : text[i] == 't' ? '\t' : text[i];
  }
  return result;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = text.find('\n', begin);
    if (end == std::string::npos) end = text.size();
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

}  // namespace

std::vector<std::string> program_names() {
  return {std::begin(base_programs), std::end(base_programs)};
}

int signal_number(const std::string& name) {
  if (!name.empty() && std::isdigit(static_cast<unsigned char>(name.front()))) return std::atoi(name.c_str());
  const std::string plain = name.starts_with("SIG") ? name.substr(3) : name;
  for (int number = 1; number < NSIG; ++number)
    if (const char* known = sigabbrev_np(number); known != nullptr && plain == known) return number;
  return 0;
}

Process::Process(Start start, Surroundings& around)
    : around_(around),
      environment_(std::move(start.environment)),
      folder_(std::move(start.folder)),
      first_(start.first) {
  std::vector<std::string>& command = start.command;
  if (is_shell(command.front())) {
    std::size_t at = 1;
    for (; at < command.size() && command[at].starts_with('-'); ++at) {
      if (command[at].find('e') != std::string::npos) ends_at_failure_ = true;
      if (command[at].find('c') != std::string::npos) {
        shell_ = true;
        ++at;
        break;
      }
    }
    Script script;
    if (shell_ && at < command.size()) script = read_script(command[at]);
    if (!script.problem.empty()) {
      around_.say(true, "sh: the simulation does not understand: " + script.problem + "\n");
      end(2);
      return;
    }
    shell_ = true;
    frames_.push_back({std::move(script), 0});
  } else {
    frames_.push_back({script_of(command), 0});
  }
}

std::string Process::cannot_start(const std::vector<std::string>& command, Surroundings& around) {
  const std::string& word = command.front();
  const std::string path = word.find('/') == std::string::npos ? "/bin/" + word : absolute_path(word);
  if (around.find(path)) return {};
  return word.find('/') == std::string::npos
             ? fmt::format("exec: \"{}\": executable file not found in $PATH: unknown", word)
             : fmt::format("exec: \"{0}\": stat {0}: no such file or directory: unknown", word);
}

void Process::run(Instant now) {
  for (int busy = 0; !exit_; ++busy) {
    if (busy > longest_without_a_wait) {
      around_.say(true, "sh: a loop that never waits is not simulated\n");
      return end(2);
    }
    if (!pending_.empty() && wakes_ <= now) {
      const int number = pending_.front();
      pending_.erase(pending_.begin());
      if (const auto trap = traps_.find(number); trap != traps_.end() && !trap->second.empty())
        frames_.push_back({read_script(trap->second), 0});
    }
    if (wakes_ > now) return;
    Frame& frame = frames_.back();
    if (frame.at >= frame.script.instructions.size()) {
      if (frames_.size() == 1) return end(status_);
      frames_.pop_back();
      continue;
    }
    const Instruction& instruction = frame.script.instructions[frame.at++];
    switch (instruction.is) {
      case Instruction::Is::jump:
        frame.at = instruction.target;
        break;
      case Instruction::Is::jump_if_well:
        if (status_ == 0) frame.at = instruction.target;
        break;
      case Instruction::Is::jump_if_badly:
        if (status_ != 0) frame.at = instruction.target;
        break;
      case Instruction::Is::negate:
        status_ = status_ == 0 ? 1 : 0;
        break;
      case Instruction::Is::pipeline: {
        const bool checked = instruction.checked;
        const std::vector<SimpleCommand> commands = instruction.pipeline;
        pipeline(commands, now);
        if (status_ != 0 && ends_at_failure_ && !checked && !exit_) end(status_);
        break;
      }
    }
  }
}

void Process::signal(int number, Instant now) {
  if (exit_) return;
  if (number == SIGKILL) return end(128 + SIGKILL);
  const auto trap = traps_.find(number);
  if (trap != traps_.end()) {
    if (trap->second.empty()) return;
    if (!became_a_program_) {
      pending_.push_back(number);  // after the command that runs now
      return run(now);
    }
  }
  if (number == SIGCHLD || number == SIGURG || number == SIGWINCH || number == SIGCONT) return;
  if (first_) return;
  end(128 + number);
}

std::string Process::expanded(const Word& word) {
  std::string text;
  for (const WordPiece& piece : word) {
    if (!piece.variable) {
      text += piece.text;
    } else if (piece.text == "?") {
      text += std::to_string(status_);
    } else if (const auto found = environment_.find(piece.text); found != environment_.end()) {
      text += found->second;
    }
  }
  return text;
}

std::string Process::read(const std::string& path, Ran& ran) {
  const std::optional<FileNode> node = around_.find(absolute_path(path, folder_));
  if (node && node->is == FileNode::Is::file) return node->content;
  ran.code = 1;
  ran.err +=
      fmt::format("cat: can't open '{}': {}\n", path, node ? "Is a directory" : "No such file or directory");
  return {};
}

void Process::deliver(const SimpleCommand& command, Ran ran) {
  // 1 and 2 are where they were; a file swallows what goes to it.
  int out_to = 1, err_to = 2;
  std::optional<std::string> out_file, err_file;
  bool out_appends = false;
  for (const Redirection& each : command.redirections) {
    if (each.stream == 0) continue;
    const std::string file = each.same_as == 0 ? absolute_path(expanded(each.target), folder_) : "";
    if (each.stream == 1) {
      if (each.same_as == 2)
        out_to = err_to, out_file = err_file;
      else if (each.same_as == 0)
        out_file = file, out_appends = each.append;
    } else {
      if (each.same_as == 1)
        err_to = out_to, err_file = out_file;
      else if (each.same_as == 0)
        err_file = file;
    }
  }
  const auto to = [&](const std::optional<std::string>& file, int stream, const std::string& text,
                      bool append) {
    if (!file) {
      if (!text.empty()) around_.say(stream == 2, text);
      return;
    }
    if (*file == "/dev/null") return;
    FileNode node{FileNode::Is::file, {}, 0644};
    if (append)
      if (const std::optional<FileNode> there = around_.find(*file)) node = *there;
    node.content += text;
    if (const std::string why = around_.put(*file, std::move(node)); !why.empty()) {
      around_.say(true, fmt::format("sh: can't create {}: {}\n", *file, why));
      status_ = 1;
    }
  };
  status_ = ran.code;
  to(out_file, out_to, ran.out, out_appends);
  if (err_file != out_file || !ran.err.empty()) to(err_file, err_to, ran.err, err_file == out_file);
}

void Process::pipeline(const std::vector<SimpleCommand>& commands, Instant now) {
  std::string input;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    const SimpleCommand& command = commands[i];
    std::vector<std::string> words;
    for (const Word& word : command.words) {
      std::string text = expanded(word);
      const bool vanishes = text.empty() && word.size() == 1 && word.front().variable && !word.front().quoted;
      if (!vanishes) words.push_back(std::move(text));
    }
    for (const auto& [name, value] : command.assignments) environment_[name] = expanded(value);
    for (const Redirection& each : command.redirections) {
      if (each.stream != 0) continue;
      Ran ran;
      input = read(expanded(each.target), ran);
      if (ran.code != 0) return deliver(command, ran);
    }
    if (words.empty()) {
      deliver(command, {});
      continue;
    }
    if (commands.size() == 1 && special(words, now)) {
      if (!command.redirections.empty() && !exit_) {
        const int status = status_;
        deliver(command, {});
        status_ = status;
      }
      return;
    }
    Ran ran = program(words, input, now);
    if (i + 1 < commands.size()) {
      input = ran.out;
      ran.out.clear();
    }
    deliver(command, std::move(ran));
  }
}

bool Process::special(const std::vector<std::string>& words, Instant now) {
  const std::string name = words.front().starts_with("/bin/") ? last_step(words.front()) : words.front();
  status_ = 0;
  if (name == "exec") {
    became_a_program_ = true;
    frames_.front().script.instructions.resize(frames_.front().at);
    std::vector<std::string> rest(words.begin() + 1, words.end());
    if (rest.empty()) return true;
    if (is_shell(rest.front())) {
      Start start{rest, environment_, folder_, first_};
      frames_ = {{Process(start, around_).frames_.front()}};
      became_a_program_ = false;
      return true;
    }
    if (const std::string why = cannot_start(rest, around_); !why.empty()) {
      around_.say(true, fmt::format("sh: exec: {}: not found\n", rest.front()));
      end(127);
      return true;
    }
    if (!special(rest, now)) deliver({}, program(rest, {}, now));
    return true;
  }
  if (name == "exit") {
    end(words.size() > 1 ? std::atoi(words[1].c_str()) & 0xFF : status_);
  } else if (name == "sleep") {
    const double seconds = words.size() > 1 ? std::atof(words[1].c_str()) : 0;
    wakes_ = now + std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(seconds));
  } else if (name == "trap") {
    for (std::size_t i = 2; i < words.size(); ++i) traps_[signal_number(words[i])] = words[1];
  } else if (name == "set") {
    if (words.size() > 1 && words[1].find('e') != std::string::npos) ends_at_failure_ = words[1][0] == '-';
  } else if (name == "cd") {
    folder_ = absolute_path(words.size() > 1 ? words[1] : "/", folder_);
  } else if (name == "export") {
    for (std::size_t i = 1; i < words.size(); ++i)
      if (const std::size_t equals = words[i].find('='); equals != std::string::npos)
        environment_[words[i].substr(0, equals)] = words[i].substr(equals + 1);
  } else if (name == "httpd") {
    bool foreground = false;
    int port = 80;
    for (std::size_t i = 1; i < words.size(); ++i) {
      if (words[i] == "-f") foreground = true;
      if (words[i] == "-p" && i + 1 < words.size()) port = std::atoi(words[i + 1].c_str());
    }
    around_.listen(port);
    if (foreground) wakes_ = Instant::max();
  } else if (is_shell(name) && words.size() > 1) {
    Process inner({words, environment_, folder_, false}, around_);
    inner.run(now);
    if (!inner.exit_) around_.say(true, "sh: a shell in a shell that waits is not simulated\n");
    status_ = inner.exit_.value_or(2);
  } else {
    return false;
  }
  return true;
}

Process::Ran Process::program(const std::vector<std::string>& words, const std::string& input, Instant) {
  const std::string name = words.front().starts_with("/bin/") ? last_step(words.front()) : words.front();
  Ran ran;
  const auto argument = [&](std::size_t i) { return i < words.size() ? words[i] : std::string(); };
  const auto path = [&](const std::string& text) { return absolute_path(text, folder_); };
  std::vector<std::string> plain, options;  // arguments without and with a `-`
  for (std::size_t i = 1; i < words.size(); ++i)
    (words[i].size() > 1 && words[i][0] == '-' ? options : plain).push_back(words[i]);
  const auto option = [&](const char* text) {
    return std::find(options.begin(), options.end(), text) != options.end();
  };
  const auto put = [&](const std::string& target, FileNode node) {
    if (const std::string why = around_.put(path(target), std::move(node)); !why.empty()) {
      ran.err += fmt::format("{}: {}: {}\n", name, target, why);
      ran.code = 1;
    }
  };

  if (name == "true" || name == ":") return ran;
  if (name == "false") {
    ran.code = 1;
  } else if (name == "echo") {
    for (std::size_t i = 1; i < words.size(); ++i) ran.out += (i > 1 ? " " : "") + words[i];
    ran.out += "\n";
  } else if (name == "printf") {
    std::size_t next = 2;
    const std::string format = escaped(argument(1));
    for (std::size_t i = 0; i < format.size(); ++i) {
      if (format[i] == '%' && i + 1 < format.size() && (format[i + 1] == 's' || format[i + 1] == 'd')) {
        ran.out += argument(next++);
        ++i;
      } else {
        ran.out += format[i];
      }
    }
  } else if (name == "cat") {
    if (plain.empty()) ran.out = input;
    for (const std::string& file : plain) ran.out += read(file, ran);
  } else if (name == "seq") {
    const long first = plain.size() > 1 ? std::atol(plain[0].c_str()) : 1;
    const long last = plain.empty() ? 0 : std::atol(plain.back().c_str());
    for (long i = first; i <= last; ++i) ran.out += std::to_string(i) + "\n";
  } else if (name == "pwd") {
    ran.out = folder_ + "\n";
  } else if (name == "hostname") {
    ran.out = around_.ask("hostname") + "\n";
  } else if (name == "id") {
    ran.out = around_.ask("user") + "\n";
  } else if (name == "ulimit") {
    ran.out = around_.ask("nofile") + "\n";
  } else if (name == "mount") {
    ran.out = around_.ask("mounts");
  } else if (name == "touch") {
    for (const std::string& file : plain) put(file, around_.find(path(file)).value_or(FileNode{}));
  } else if (name == "mkdir") {
    for (const std::string& folder : plain) put(folder, {FileNode::Is::folder, {}, 0755});
  } else if (name == "mkfifo") {
    for (const std::string& pipe : plain) put(pipe, {FileNode::Is::pipe, {}, 0644});
  } else if (name == "ln") {
    if (plain.size() == 2) put(plain[1], {FileNode::Is::link, plain[0], 0777});
  } else if (name == "rm") {
    for (const std::string& file : plain)
      if (const std::string why = around_.remove(path(file)); !why.empty()) ran.code = 1;
  } else if (name == "stat") {
    const std::string file = plain.empty() ? "" : plain.back();
    if (const std::optional<FileNode> node = around_.find(path(file)))
      ran.out = fmt::format("{:o}\n", node->mode);
    else
      ran.code = 1;
  } else if (name == "test" || name == "[") {
    const std::string first = argument(1), second = argument(2), third = argument(3);
    if (first == "-e" || first == "-f" || first == "-d")
      ran.code = around_.find(path(second)) ? 0 : 1;
    else if (first == "-n" || first == "-z")
      ran.code = second.empty() == (first == "-z") ? 0 : 1;
    else if (second == "=" || second == "!=")
      ran.code = (first == third) == (second == "=") ? 0 : 1;
    else
      ran.code = first.empty() ? 1 : 0;
  } else if (name == "grep") {
    std::string text = input;
    for (std::size_t i = 1; i < plain.size(); ++i) text += read(plain[i], ran);
    std::string matches;
    int count = 0;
    for (const std::string& line : lines_of(text)) {
      if (plain.empty() || line.find(plain.front()) == std::string::npos) continue;
      matches += line + "\n";
      ++count;
    }
    ran.code = count > 0 ? 0 : 1;
    if (option("-c"))
      ran.out = std::to_string(count) + "\n";
    else if (!option("-q"))
      ran.out = matches;
  } else {
    const bool known =
        std::find(std::begin(base_programs), std::end(base_programs), name) != std::end(base_programs);
    ran.code = 127;
    ran.err = known ? fmt::format("{}: not simulated\n", name) : fmt::format("sh: {}: not found\n", name);
  }
  return ran;
}

}  // namespace cairn::sim
