#include "tests/sim/engine/script.h"

#include <cctype>

namespace cairn::sim {
namespace {

struct Token {
  enum class Is { word, mark, end };
  Is is = Is::end;
  Word word;         // of a word
  std::string text;  // of a mark; of a plain unquoted word its text, else empty
  int stream = -1;   // of a redirection with a number before it
};

class Reader {
 public:
  explicit Reader(const std::string& text) : text_(text) { next(); }

  Script script() {
    list({});
    if (token_.is != Token::Is::end) complain("unexpected `" + token_.text + "`");
    return std::move(script_);
  }

 private:
  void complain(const std::string& what) {
    if (script_.problem.empty()) script_.problem = what;
    at_ = text_.size();
    token_ = {};
  }

  // Letters: variables.
  void variable(Word& word, bool quoted) {
    ++at_;
    std::string name;
    if (at_ < text_.size() && text_[at_] == '{') {
      const std::size_t end = text_.find('}', at_);
      if (end == std::string::npos) return complain("`${` without its end");
      name = text_.substr(at_ + 1, end - at_ - 1);
      at_ = end + 1;
    } else if (at_ < text_.size() &&
               (text_[at_] == '?' || std::isdigit(static_cast<unsigned char>(text_[at_])))) {
      name = text_[at_++];
    } else {
      while (at_ < text_.size() &&
             (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_'))
        name += text_[at_++];
    }
    if (name.empty()) {
      if (at_ < text_.size() && text_[at_] == '(') return complain("`$(` is not simulated");
      word.push_back({"$", false, quoted});
      return;
    }
    word.push_back({name, true, quoted});
  }

  void quoted(Word& word) {
    const char quote = text_[at_++];
    std::string text;
    for (; at_ < text_.size() && text_[at_] != quote;) {
      if (quote == '"' && text_[at_] == '\\' && at_ + 1 < text_.size()) {
        const char escaped = text_[at_ + 1];
        if (escaped != '"' && escaped != '\\' && escaped != '$' && escaped != '`') text += '\\';
        text += escaped;
        at_ += 2;
      } else if (quote == '"' && text_[at_] == '$') {
        word.push_back({text, false, true});
        text.clear();
        variable(word, true);
      } else {
        text += text_[at_++];
      }
    }
    if (at_ >= text_.size()) return complain("a quote without its end");
    ++at_;
    word.push_back({text, false, true});
  }

  void next() {
    token_ = {};
    while (at_ < text_.size()) {
      if (text_[at_] == ' ' || text_[at_] == '\t') {
        ++at_;
      } else if (text_[at_] == '#') {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else {
        break;
      }
    }
    if (at_ >= text_.size()) return;
    static const char* marks[] = {"&&", "||", ";", "\n", "|", "&", "(", ")"};
    for (const char* mark : marks) {
      if (text_.compare(at_, std::string(mark).size(), mark) != 0) continue;
      token_ = {Token::Is::mark, {}, mark, -1};
      at_ += token_.text.size();
      return;
    }
    int stream = -1;
    if (at_ + 1 < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])) &&
        (text_[at_ + 1] == '>' || text_[at_ + 1] == '<'))
      stream = text_[at_++] - '0';
    for (const char* mark : {">>", ">&", ">", "<"}) {
      if (text_.compare(at_, std::string(mark).size(), mark) != 0) continue;
      token_ = {Token::Is::mark, {}, mark, stream};
      at_ += token_.text.size();
      return;
    }
    word();
  }

  void word() {
    token_.is = Token::Is::word;
    std::string plain;
    bool is_plain = true;
    const auto flush = [&] {
      if (!plain.empty()) token_.word.push_back({plain, false, false});
      plain.clear();
    };
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == ' ' || c == '\t' || c == '\n' || c == ';' || c == '|' || c == '&' || c == '>' || c == '<' ||
          c == '(' || c == ')')
        break;
      if (c == '`') return complain("backquotes are not simulated");
      if (c == '\'' || c == '"') {
        flush();
        is_plain = false;
        quoted(token_.word);
      } else if (c == '$') {
        flush();
        is_plain = false;
        variable(token_.word, false);
      } else if (c == '\\' && at_ + 1 < text_.size()) {
        is_plain = false;
        plain += text_[at_ + 1];
        at_ += 2;
      } else {
        plain += c;
        ++at_;
      }
    }
    if (is_plain) token_.text = plain;
    flush();
  }

  bool is(const char* text) const { return token_.text == text; }
  bool take(const char* text) {
    if (!is(text)) return false;
    next();
    return true;
  }
  void expect(const char* text) {
    if (!take(text)) complain(std::string("`") + text + "` is missing");
  }

  std::size_t emit(Instruction instruction) {
    script_.instructions.push_back(std::move(instruction));
    return script_.instructions.size() - 1;
  }
  void land(std::size_t jump) { script_.instructions[jump].target = script_.instructions.size(); }
  void check_from(std::size_t begin) {
    for (std::size_t i = begin; i < script_.instructions.size(); ++i) script_.instructions[i].checked = true;
  }

  // Until one of `ends`, which is left in place.
  void list(std::vector<std::string> ends) {
    for (;;) {
      while (is(";") || is("\n")) next();
      if (token_.is == Token::Is::end) return;
      for (const std::string& end : ends)
        if (token_.text == end) return;
      if (is(")")) return;
      and_or();
      if (is("&")) return complain("`&` is not simulated");
      if (!is(";") && !is("\n")) return;
    }
  }

  void and_or() {
    const std::size_t begin = script_.instructions.size();
    pipeline();
    while (is("&&") || is("||")) {
      const bool both = is("&&");
      next();
      while (is("\n")) next();
      check_from(begin);
      const std::size_t jump =
          emit({both ? Instruction::Is::jump_if_badly : Instruction::Is::jump_if_well, {}, 0, true});
      pipeline();
      land(jump);
    }
  }

  void pipeline() {
    const std::size_t begin = script_.instructions.size();
    const bool negated = take("!");
    if (take("if")) {
      branch();
    } else if (is("while") || is("until")) {
      loop();
    } else if (take("{")) {
      list({"}"});
      expect("}");
    } else {
      Instruction all;
      all.pipeline.push_back(simple());
      while (take("|")) all.pipeline.push_back(simple());
      emit(std::move(all));
    }
    if (negated) {
      check_from(begin);
      emit({Instruction::Is::negate, {}, 0, true});
    }
  }

  void condition(const char* end) {
    const std::size_t begin = script_.instructions.size();
    list({end});
    expect(end);
    check_from(begin);
  }

  void branch() {
    condition("then");
    const std::size_t otherwise = emit({Instruction::Is::jump_if_badly, {}, 0, true});
    list({"else", "fi"});
    const std::size_t done = emit({Instruction::Is::jump, {}, 0, true});
    land(otherwise);
    if (take("else")) list({"fi"});
    expect("fi");
    land(done);
  }

  void loop() {
    const bool until = is("until");
    next();
    const std::size_t begin = script_.instructions.size();
    condition("do");
    const std::size_t out =
        emit({until ? Instruction::Is::jump_if_well : Instruction::Is::jump_if_badly, {}, 0, true});
    list({"done"});
    expect("done");
    emit({Instruction::Is::jump, {}, begin, true});
    land(out);
  }

  SimpleCommand simple() {
    SimpleCommand command;
    for (;;) {
      if (token_.is == Token::Is::word) {
        const std::size_t equals = token_.word.empty() ? 0 : token_.word.front().text.find('=');
        const bool assigns = command.words.empty() && !token_.word.empty() && !token_.word.front().quoted &&
                             !token_.word.front().variable && equals != std::string::npos && equals > 0;
        if (assigns) {
          Word value = token_.word;
          const std::string name = value.front().text.substr(0, equals);
          value.front().text.erase(0, equals + 1);
          command.assignments.emplace_back(name, std::move(value));
        } else {
          command.words.push_back(token_.word);
        }
        next();
      } else if (is(">") || is(">>") || is(">&") || is("<")) {
        Redirection to{token_.stream, is(">>"), 0, {}};
        if (to.stream < 0) to.stream = is("<") ? 0 : 1;
        const bool joins = is(">&");
        next();
        if (token_.is != Token::Is::word) complain("a redirection to nowhere");
        if (joins)
          to.same_as = token_.text == "2" ? 2 : 1;
        else
          to.target = token_.word;
        command.redirections.push_back(std::move(to));
        next();
      } else {
        break;
      }
    }
    if (command.words.empty() && command.assignments.empty() && command.redirections.empty())
      complain(token_.text.empty() ? "a command is missing" : "unexpected `" + token_.text + "`");
    return command;
  }

  const std::string text_;
  std::size_t at_ = 0;
  Token token_;
  Script script_;
};

}  // namespace

Script read_script(const std::string& text) {
  return Reader(text).script();
}

Script script_of(const std::vector<std::string>& command) {
  Instruction only;
  SimpleCommand simple;
  for (const std::string& word : command) simple.words.push_back({{word, false, true}});
  only.pipeline.push_back(std::move(simple));
  return {{std::move(only)}, {}};
}

}  // namespace cairn::sim
