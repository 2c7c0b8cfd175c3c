// A terminal in memory: understands what the live view sends (cursor up, erase, SGR, cursor on and off) and
// knows what is on its screen, with scrolled-off lines above.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "runtime/progress/columns.h"
#include "runtime/progress/terminal.h"
#include "runtime/scribe/utf8.h"

namespace cairn::progress {

class PlayedTerminal final : public Terminal {
 public:
  TerminalSize now{24, 80};
  bool takes = true;
  bool cursor_is_shown = true;
  std::vector<std::string> rows{""};  // since the beginning; only the last now.rows can still change
  std::size_t row = 0;
  int writes = 0;

  bool is_tty() const override { return true; }
  TerminalSize size() override { return now; }
  bool drain(Milliseconds) override { return takes; }
  bool write(std::string_view text) override {
    if (!takes) return false;
    ++writes;
    for (std::size_t at = 0; at < text.size();) {
      if (text[at] == '\x1b') {
        at = obey(text, at);
        continue;
      }
      const scribe::CodePoint point = scribe::code_point_at(text, at);
      if (text[at] == '\n') {
        if (++row == rows.size()) rows.emplace_back();
        at_begin_ = true;
      } else if (text[at] == '\r') {
        at_begin_ = true;
      } else {
        if (at_begin_) rows[row].clear();
        at_begin_ = false;
        rows[row] += text.substr(at, point.bytes);
        EXPECT_TRUE(point.value >= 0x20 || point.value == 9) << "a control character reached the terminal";
      }
      at += point.bytes;
    }
    return true;
  }
  // As terminals do that break lines anew: what is wider than the new width takes several rows.
  void resize(TerminalSize size) {
    now = size;
    std::vector<std::string> broken;
    std::size_t its_row = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (i == row) its_row = broken.size();
      std::string rest = rows[i];
      while (columns_of(rest) > now.columns) {
        std::string part = cut_to(rest, now.columns + 1);  // ends in a mark that stands for the rest
        part = part.substr(0, part.rfind("…"));
        if (part.empty()) part = rest.substr(0, scribe::code_point_at(rest, 0).bytes);
        broken.push_back(part);
        rest = rest.substr(part.size());
      }
      broken.push_back(rest);
    }
    rows = std::move(broken);
    row = its_row;
  }
  std::string screen() const {
    std::string all;
    for (const std::string& line : rows) all += line + "\n";
    return all;
  }

 private:
  std::size_t obey(std::string_view text, std::size_t at) {
    const std::size_t end = text.find_first_of("ABCDHJKlhmn", at + 2);
    EXPECT_NE(end, std::string_view::npos);
    const std::string code(text.substr(at, end + 1 - at));
    if (code.ends_with('A')) {
      const std::size_t up = std::stoul(code.substr(2));
      EXPECT_LE(up, row) << "moved above the beginning";
      EXPECT_LT(up, now.rows) << "moved above the screen";
      row -= std::min(up, row);
      at_begin_ = true;
    } else if (code == "\x1b[J") {
      rows.resize(row + 1);
      rows[row].clear();
    } else if (code == "\x1b[?25l") {
      cursor_is_shown = false;
    } else if (code == "\x1b[?25h") {
      cursor_is_shown = true;
    } else {
      EXPECT_TRUE(code.ends_with('m')) << "unexpected " << code.substr(1);
    }
    return end + 1;
  }

  bool at_begin_ = true;
};

}  // namespace cairn::progress
