// One FlashArray, as the rest of cairn sees it. Names and sizes are checked before anything is sent. A
// mutation whose answer was lost is settled by reading the array: it is never sent a second time unless the
// array said that it was not carried out. Every failure names the array, the object and the array's own
// words.
#pragma once

#include <functional>
#include <memory>

#include "runtime/array/dialect.h"

namespace cairn::array {

struct Overwriting {
  // A volume that a host sees is overwritten only when this is set: its file system would change under the
  // host.
  bool while_connected = false;
};

enum class Eradication { done, left_destroyed };  // SafeMode keeps what is destroyed until its time is over

class FlashArray {
 public:
  // `http` and `clock` outlive it. Connects with the first call. Thread-safe.
  FlashArray(http::HttpClient& http, Clock& clock, Chance chance, Access access, Patience patience = {});

  Result<ArrayIdentity> identity(std::stop_token stop);

  Result<std::vector<Volume>> volumes(const Listing& listing, std::stop_token stop);
  Result<std::vector<Snapshot>> snapshots(const Listing& listing, std::stop_token stop);
  // Destroyed ones too, because their names are taken.
  Result<std::optional<Volume>> find(const std::string& name, std::stop_token stop);
  Result<std::optional<Snapshot>> find_snapshot(const std::string& name, std::stop_token stop);

  Result<Volume> create(const std::string& name, std::uint64_t bytes, std::stop_token stop);
  // `source` is a volume or a snapshot ("volume.suffix"). Fails when `target` exists.
  Result<Volume> copy(const std::string& source, const std::string& target, std::stop_token stop);
  // `target` keeps its name, serial and connections; its old content stays in an undo snapshot.
  Result<Volume> overwrite(const std::string& source, const std::string& target, Overwriting how,
                           std::stop_token stop);
  Result<Snapshot> snapshot(const std::string& volume, const std::string& suffix, std::stop_token stop);
  Result<Volume> rename(const std::string& from, const std::string& to, std::stop_token stop);
  // Smaller than it is only with `truncate`.
  Result<Volume> resize(const std::string& name, std::uint64_t bytes, bool truncate, std::stop_token stop);

  // A volume that is not there, or already in the state asked for, is no failure: these are for cleaning up.
  Result<> destroy(const std::string& name, std::stop_token stop);
  Result<> recover(const std::string& name, std::stop_token stop);
  Result<Eradication> eradicate(const std::string& name, std::stop_token stop);
  Result<> destroy_snapshot(const std::string& name, std::stop_token stop);
  Result<> recover_snapshot(const std::string& name, std::stop_token stop);
  Result<Eradication> eradicate_snapshot(const std::string& name, std::stop_token stop);

  Result<std::optional<Host>> find_host(const std::string& name, std::stop_token stop);
  Result<Host> create_host(const Host& host, std::stop_token stop);
  Result<> delete_host(const std::string& name, std::stop_token stop);
  Result<std::vector<Connection>> connections_of_volume(const std::string& volume, std::stop_token stop);
  Result<std::vector<Connection>> connections_of_host(const std::string& host, std::stop_token stop);
  Result<Connection> connect(const std::string& host, const std::string& volume, std::stop_token stop);
  Result<> disconnect(const std::string& host, const std::string& volume, std::stop_token stop);

  Result<> sign_out(std::stop_token stop) { return session_.sign_out(stop); }
  std::string name() const { return session_.name(); }

 private:
  struct Outcome {
    bool applied = true;
    std::vector<Objection> objections = {};  // when not
    std::string request_id = {};
  };
  // Reads the array: has the mutation been carried out?
  using Look = std::function<Result<bool>(std::stop_token)>;

  Result<const Dialect*> dialect(std::stop_token stop);
  Result<nlohmann::json> read(const Call& call, std::stop_token stop);
  Result<Outcome> mutate(const Call& call, const Look& look, std::stop_token stop);
  Failure refusal(std::string message, const Outcome& outcome) const;
  Result<> change_volume(const char* verb, const std::string& name, const Call& call, const Look& look,
                         std::stop_token stop);
  Result<Eradication> eradicate_with(const std::string& what, const Call& call, const Look& look,
                                     std::stop_token stop);
  Result<Volume> existing(const std::string& name, std::stop_token stop);

  Session session_;
  const std::unique_ptr<Dialect> one_ = dialect_1();
  const std::unique_ptr<Dialect> two_ = dialect_2();
};

}  // namespace cairn::array
