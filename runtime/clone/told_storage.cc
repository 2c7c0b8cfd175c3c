#include "runtime/clone/told_storage.h"

#include <charconv>

namespace cairn::clone {
namespace {

constexpr std::uint32_t most_texts = 1 << 20, longest_text = 1 << 20;

void append_number(std::string& bytes, std::size_t number) {
  for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>((number >> shift) & 0xff);
}

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
  std::uint32_t number = 0;
  for (unsigned i = 0; i < 4; ++i)
    number |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  return number;
}

std::uint64_t number_in(const std::string& text) {
  std::uint64_t number = 0;
  (void)std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string text_of(std::uint64_t number) {
  return std::to_string(number);
}

std::optional<Method> method_named(const std::string& name) {
  for (const Method method : {Method::snapshot, Method::reflink, Method::copy})
    if (name == name_of(method)) return method;
  return std::nullopt;
}

Message told(const Failure& failure) {
  Message message = {"failed", failure.message, failure.help, text_of(static_cast<unsigned>(failure.is)),
                     failure.nothing_done ? "1" : "0"};
  message.insert(message.end(), failure.causes.begin(), failure.causes.end());
  return message;
}

Failure heard(const Message& message) {
  if (message.size() < 5)
    return {.message = "the storage agent has not understood", .is = FailureClass::endpoint};
  Failure failure{.message = message[1], .causes = {message.begin() + 5, message.end()}, .help = message[2]};
  failure.is = static_cast<FailureClass>(std::min<std::uint64_t>(number_in(message[3]), 3));
  failure.nothing_done = message[4] == "1";
  return failure;
}

Message told(const Result<Cloned>& made) {
  if (!made.ok()) return told(made.failure());
  return {"done",
          name_of(made->method),
          text_of(made->files),
          text_of(made->bytes),
          text_of(made->owners_lost),
          text_of(made->sockets_left_out)};
}

Pool pool_at(const std::string& where, const std::string& type) {
  Pool pool;
  pool.where = where;
  pool.type = type;
  pool.mounted = true;
  return pool;
}

Message told(const Result<std::optional<Pool>>& found) {
  if (!found.ok()) return told(found.failure());
  if (!*found) return {"done"};
  return {"done", (*found)->name, (*found)->where, (*found)->type};
}

Message told(const Result<std::vector<PoolClone>>& found) {
  if (!found.ok()) return told(found.failure());
  Message message = {"done"};
  for (const PoolClone& one : *found)
    message.insert(message.end(), {one.project, one.run, one.node, one.path});
  return message;
}

}  // namespace

std::string written(const Message& message) {
  std::string bytes;
  append_number(bytes, message.size());
  for (const std::string& text : message) {
    append_number(bytes, text.size());
    bytes += text;
  }
  return bytes;
}

Result<std::optional<Message>> take_message(std::string& bytes) {
  const Failure nonsense{.message = "what came is no message", .is = FailureClass::endpoint};
  if (bytes.size() < 4) return std::optional<Message>();
  const std::uint32_t texts = number_at(bytes, 0);
  if (texts > most_texts) return nonsense;
  Message message;
  std::size_t at = 4;
  for (std::uint32_t i = 0; i < texts; ++i) {
    if (bytes.size() - at < 4) return std::optional<Message>();
    const std::uint32_t length = number_at(bytes, at);
    if (length > longest_text) return nonsense;
    if (bytes.size() - at - 4 < length) return std::optional<Message>();
    message.push_back(bytes.substr(at + 4, length));
    at += 4 + length;
  }
  bytes.erase(0, at);
  return std::optional<Message>(std::move(message));
}

Message answer_to(Storage& storage, const Message& question, std::stop_token stop) {
  const std::string name = question.empty() ? std::string() : question[0];
  const std::size_t arguments = question.empty() ? 0 : question.size() - 1;
  const auto is = [&](const char* wanted, std::size_t count) { return name == wanted && arguments == count; };
  if (is("pool", 1)) return told(storage.pool(question[1], stop));
  if (is("clones", 1)) return told(storage.clones(pool_at(question[1], {}), stop));
  if (is("remove", 2)) {
    const Result<> gone = storage.remove_clone(pool_at(question[1], {}), question[2], stop);
    return gone.ok() ? Message{"done"} : told(gone.failure());
  }
  if (is("usage", 1)) {
    const Result<Usage> usage = storage.usage(question[1], stop);
    return usage.ok() ? Message{"done", text_of(usage->allocated), text_of(usage->shared)}
                      : told(usage.failure());
  }
  if (is("probe", 2)) {
    const Result<Choice> choice = storage.probe(question[1], question[2], stop);
    return choice.ok() ? Message{"done", name_of(choice->method), choice->why} : told(choice.failure());
  }
  if (is("into", 4))
    return told(storage.clone_into(pool_at(question[1], question[2]), question[3], question[4], stop));
  if (is("fill", 3) || is("overwrite", 3)) {
    const std::optional<Method> method = method_named(question[3]);
    if (method)
      return told(name == "fill" ? storage.fill(question[1], question[2], *method, stop)
                                 : storage.overwrite(question[1], question[2], *method, stop));
  }
  return told(Failure{.message = "the storage agent does not know `" + name + "`", .nothing_done = true});
}

Result<Message> ToldStorage::values(const Message& question, std::size_t at_least, std::stop_token stop) {
  Result<Message> answer = ask(question, std::move(stop));
  if (!answer.ok()) return answer;
  if (answer->empty() || answer->front() != "done") return heard(*answer);
  answer->erase(answer->begin());
  if (answer->size() < at_least) return heard({});
  return answer;
}

Result<Cloned> ToldStorage::cloned(const Message& question, std::stop_token stop) {
  const Result<Message> made = values(question, 5, std::move(stop));
  if (!made.ok()) return made.failure();
  const std::optional<Method> method = method_named((*made)[0]);
  if (!method) return heard({});
  return Cloned{*method, number_in((*made)[1]), number_in((*made)[2]), number_in((*made)[3]),
                number_in((*made)[4])};
}

Result<Choice> ToldStorage::probe(const std::string& source, const std::string& target_folder,
                                  std::stop_token stop) {
  const Result<Message> answer = values({"probe", source, target_folder}, 2, std::move(stop));
  if (!answer.ok()) return answer.failure();
  const std::optional<Method> method = method_named((*answer)[0]);
  if (!method) return heard({});
  return Choice{*method, (*answer)[1]};
}

Result<Cloned> ToldStorage::fill(const std::string& source, const std::string& target, Method method,
                                 std::stop_token stop) {
  return cloned({"fill", source, target, name_of(method)}, std::move(stop));
}

Result<Cloned> ToldStorage::overwrite(const std::string& source, const std::string& target, Method method,
                                      std::stop_token stop) {
  return cloned({"overwrite", source, target, name_of(method)}, std::move(stop));
}

Result<Cloned> ToldStorage::clone_into(const Pool& pool, const std::string& source, const std::string& target,
                                       std::stop_token stop) {
  return cloned({"into", pool.where, pool.type, source, target}, std::move(stop));
}

Result<> ToldStorage::remove_clone(const Pool& pool, const std::string& path, std::stop_token stop) {
  const Result<Message> answer = values({"remove", pool.where, path}, 0, std::move(stop));
  if (!answer.ok()) return answer.failure();
  return Done{};
}

Result<Usage> ToldStorage::usage(const std::string& path, std::stop_token stop) {
  const Result<Message> answer = values({"usage", path}, 2, std::move(stop));
  if (!answer.ok()) return answer.failure();
  return Usage{number_in((*answer)[0]), number_in((*answer)[1])};
}

Result<std::optional<Pool>> ToldStorage::pool(const std::string& folder, std::stop_token stop) {
  const Result<Message> answer = values({"pool", folder}, 0, std::move(stop));
  if (!answer.ok()) return answer.failure();
  if (answer->size() < 3) return std::optional<Pool>();
  Pool pool = pool_at((*answer)[1], (*answer)[2]);
  pool.name = (*answer)[0];
  return std::optional<Pool>(std::move(pool));
}

Result<std::vector<PoolClone>> ToldStorage::clones(const Pool& pool, std::stop_token stop) {
  const Result<Message> answer = values({"clones", pool.where}, 0, std::move(stop));
  if (!answer.ok()) return answer.failure();
  std::vector<PoolClone> clones;
  for (std::size_t i = 0; i + 3 < answer->size(); i += 4)
    clones.push_back({(*answer)[i], (*answer)[i + 1], (*answer)[i + 2], (*answer)[i + 3]});
  return clones;
}

}  // namespace cairn::clone
