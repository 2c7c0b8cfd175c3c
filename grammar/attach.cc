#include "grammar/attach.h"

#include <algorithm>
#include <iterator>

namespace cairn {

namespace {

using syntax::Comment;

bool is_doc(std::string_view comment) {
  return comment.starts_with("##") && !comment.starts_with("###");
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
    text.remove_suffix(1);
  return text;
}

class Attaching {
 public:
  Attaching(syntax::File& file, std::string_view text) : file_(file), text_(text) {}

  void run() {
    const std::size_t top = top_block();
    const bool has_first = !file_.body.statements.empty();
    syntax::Statement* first = has_first ? &file_.body.statements.front() : nullptr;
    const bool above_first =
        first != nullptr && top > 0 && touches(file_.comments[top - 1].span.end, first->span.begin);
    const bool documents_file = !above_first || std::holds_alternative<syntax::Use>(first->is);
    if (top > 0 && documents_file) {
      file_.doc = doc_of(0, top);
      file_comments_ = top;
    }
    body(file_.body);
    beside();
  }

 private:
  std::string_view text_of(const Comment& comment) const {
    return text_.substr(comment.span.begin, comment.span.end - comment.span.begin);
  }

  // Exactly one newline and blanks between the two places.
  bool touches(std::uint32_t end, std::uint32_t begin) const {
    if (begin < end) return false;
    int newlines = 0;
    for (std::uint32_t at = end; at < begin; ++at) {
      const char c = text_[at];
      if (c == '\n') {
        ++newlines;
      } else if (c != ' ' && c != '\t' && c != '\r') {
        return false;
      }
    }
    return newlines == 1;
  }

  // How many comments stand at the top of the file, line by line, all `##`.
  std::size_t top_block() const {
    std::size_t count = 0;
    std::size_t at = text_.starts_with("\xEF\xBB\xBF") ? 3 : 0;
    at = std::min(text_.find_first_not_of(" \t\r\n;,", at), text_.size());
    for (const Comment& comment : file_.comments) {
      const bool follows = count == 0 ? comment.span.begin == at
                                      : touches(file_.comments[count - 1].span.end, comment.span.begin);
      if (!follows || !is_doc(text_of(comment))) break;
      ++count;
    }
    return count;
  }

  std::string doc_of(std::size_t from, std::size_t to) const {
    std::string doc;
    for (std::size_t i = from; i < to; ++i) {
      if (i > from) doc += '\n';
      std::string_view line = text_of(file_.comments[i]).substr(2);
      if (line.starts_with(' ')) line.remove_prefix(1);
      doc += line;
    }
    return doc;
  }

  void body(syntax::Body& body) {
    for (syntax::Statement& statement : body.statements) {
      above(statement);
      if (auto* kind = std::get_if<syntax::Kind>(&statement.is)) this->body(kind->body);
      if (auto* loop = std::get_if<syntax::For>(&statement.is)) this->body(loop->body);
      if (auto* block = std::get_if<syntax::Block>(&statement.is)) this->body(block->body);
      if (auto* choice = std::get_if<syntax::If>(&statement.is)) {
        this->body(choice->then);
        this->body(choice->otherwise);
      }
    }
  }

  // The comment lines that touch the statement from above: first those that are `##` lines nearest to it are
  // its doc, allows may stand among them.
  void above(syntax::Statement& statement) {
    const auto after = std::lower_bound(file_.comments.begin(), file_.comments.end(), statement.span.begin,
                                        [](const Comment& c, std::uint32_t at) { return c.span.begin < at; });
    const auto end = static_cast<std::size_t>(after - file_.comments.begin());
    std::size_t from = end;
    std::uint32_t next = statement.span.begin;
    while (from > file_comments_ && file_.comments[from - 1].own_line &&
           touches(file_.comments[from - 1].span.end, next)) {
      const std::string_view text = text_of(file_.comments[from - 1]);
      if (!is_doc(text) && !is_allow(text)) break;
      --from;
      next = file_.comments[from].span.begin;
    }
    for (std::size_t i = from; i < end; ++i) {
      const std::string_view text = text_of(file_.comments[i]);
      if (is_allow(text)) {
        statement.allows.push_back(allow_of(file_.comments[i]));
      } else {
        if (!statement.doc.empty()) statement.doc += '\n';
        statement.doc += doc_of(i, i + 1);
      }
    }
  }

  static bool is_allow(std::string_view comment) {
    if (comment.starts_with("##")) return false;
    const std::string_view rest = trimmed(comment.substr(1));
    return rest.starts_with("cairn:") && trimmed(rest.substr(6)).starts_with("allow");
  }

  syntax::Allow allow_of(const Comment& comment) const {
    std::string_view rest = trimmed(text_of(comment).substr(1));
    rest = trimmed(trimmed(rest.substr(6)).substr(5));
    const std::size_t code_end = std::min(rest.find_first_of(" \t"), rest.size());
    syntax::Allow allow{std::string(rest.substr(0, code_end)), {}, comment.span};
    rest = trimmed(rest.substr(code_end));
    if (rest.starts_with("because") && (rest.size() == 7 || rest[7] == ' ' || rest[7] == '\t')) {
      allow.reason = std::string(trimmed(rest.substr(7)));
    }
    return allow;
  }

  // An allow that does not stand above a statement belongs to the one it stands behind on its line (of those
  // that end there the outermost), to the one whose `{` it stands behind, or to the one whose value it stands
  // inside of.
  void beside() {
    for (const Comment& comment : file_.comments) {
      if (!is_allow(text_of(comment))) continue;
      syntax::Statement* chosen = nullptr;
      for (syntax::Body* body = &file_.body; body != nullptr;) {
        const auto next =
            std::lower_bound(body->statements.begin(), body->statements.end(), comment.span.begin,
                             [](const syntax::Statement& s, std::uint32_t at) { return s.span.begin < at; });
        if (next == body->statements.begin()) break;
        syntax::Statement& last = *std::prev(next);
        const bool ended = last.span.end <= comment.span.begin;
        body = ended ? nullptr : body_around(last, comment.span.begin);
        const std::uint32_t from = ended             ? last.span.end
                                   : body == nullptr ? comment.span.begin
                                                     : body->span.begin;
        chosen = same_line(from, comment.span.begin) ? &last : nullptr;
      }
      if (chosen != nullptr) chosen->allows.push_back(allow_of(comment));
    }
  }
  bool same_line(std::uint32_t from, std::uint32_t to) const {
    return text_.substr(from, to - from).find('\n') == std::string_view::npos;
  }

  // The body of a statement that holds this place.
  static syntax::Body* body_around(syntax::Statement& statement, std::uint32_t at) {
    const auto holds = [at](syntax::Body& body) {
      return body.span.begin <= at && at <= body.span.end ? &body : nullptr;
    };
    if (auto* kind = std::get_if<syntax::Kind>(&statement.is)) return holds(kind->body);
    if (auto* loop = std::get_if<syntax::For>(&statement.is)) return holds(loop->body);
    if (auto* block = std::get_if<syntax::Block>(&statement.is))
      return block->has_body ? holds(block->body) : nullptr;
    if (auto* choice = std::get_if<syntax::If>(&statement.is)) {
      syntax::Body* then = holds(choice->then);
      return then != nullptr ? then : choice->has_else ? holds(choice->otherwise) : nullptr;
    }
    return nullptr;
  }

  syntax::File& file_;
  std::string_view text_;
  std::size_t file_comments_ = 0;  // the first so many document the file
};

}  // namespace

void attach_comments(syntax::File& file, std::string_view text) {
  Attaching(file, text).run();
}

}  // namespace cairn
