#include "runtime/array/flasharray.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/array/names.h"

namespace cairn::array {
namespace {

using nlohmann::json;

bool says_missing(const std::vector<Objection>& objections) {
  return says(objections, "does not exist") || says(objections, "No such volume or snapshot") ||
         says(objections, "could not be found");
}

std::string help_for(const std::vector<Objection>& objections) {
  if (says(objections, "has been destroyed")) {
    return "a destroyed name stays taken until it is eradicated: recover it, eradicate it, or take another "
           "name";
  }
  if (says(objections, "already exists")) return "take another name, or overwrite it on purpose with `onto`";
  if (says(objections, "Eradication is disabled")) return "SafeMode is on: it goes when its time is over";
  if (says(objections, "quota") || says(objections, "limit reached")) return "free some on the array first";
  return {};
}

std::string thing(const std::string& name) {
  return fmt::format("volume `{}`", name);
}

bool same(std::string_view a, std::string_view b) {  // an array compares names without regard to case
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
         });
}

}  // namespace

FlashArray::FlashArray(http::HttpClient& http, Clock& clock, Chance chance, Access access, Patience patience)
    : session_(http, clock, std::move(chance), std::move(access), patience) {}

Result<const Dialect*> FlashArray::dialect(std::stop_token stop) {
  const Result<ApiVersion> version = session_.sign_in(stop);
  if (!version.ok()) return version.failure();
  return version->generation == 1 ? one_.get() : two_.get();
}

Failure FlashArray::refusal(std::string message, const Outcome& outcome) const {
  Failure failure{.message = std::move(message), .help = help_for(outcome.objections), .nothing_done = true};
  for (const Objection& objection : outcome.objections) {
    failure.causes.push_back(
        objection.context.empty()
            ? fmt::format("{} says: {}", session_.name(), objection.message)
            : fmt::format("{} says about `{}`: {}", session_.name(), objection.context, objection.message));
  }
  if (outcome.objections.empty()) failure.causes.push_back(session_.name() + " gave no reason");
  failure.causes.back() += fmt::format(" (request {})", outcome.request_id);
  return failure;
}

Result<json> FlashArray::read(const Call& call, std::stop_token stop) {
  Result<Reply> reply = session_.exchange_pages(call, stop);
  if (!reply.ok()) return reply.failure();
  if (reply->ok()) return std::move(reply->json);
  if (says_missing(reply->objections)) return json::array();
  return refusal("could not read " + call.path, {false, reply->objections, reply->request_id});
}

Result<FlashArray::Outcome> FlashArray::mutate(const Call& call, const Look& look, std::stop_token stop) {
  for (int attempt = 1;; ++attempt) {
    Result<Reply> reply = session_.exchange(call, stop);
    if (reply.ok() && reply->ok()) return Outcome{.request_id = reply->request_id};
    const bool answered = reply.ok();
    if (answered && reply->status < 500) return Outcome{false, reply->objections, reply->request_id};
    if (!answered && reply.failure().nothing_done) return reply.failure();

    const Result<bool> applied = look(stop);
    if (!applied.ok()) {
      Failure failure =
          answered ? Failure{.message = fmt::format("{} answered {}", session_.name(), reply->status),
                             .is = FailureClass::endpoint}
                   : reply.failure();
      failure.nothing_done = false;
      failure.causes.push_back("it is not known whether it was done: " + applied.failure().message);
      failure.help = "look at the array before trying again";
      return failure;
    }
    if (*applied) return Outcome{};
    if (!answered) {
      Failure failure = reply.failure();
      failure.nothing_done = true;
      return std::move(failure).because("the array was read afterwards: it was not done");
    }
    const std::optional<Nanoseconds> delay =
        retry_delay({.attempt = attempt, .status = reply->status}, session_.patience(), session_.chance());
    if (!delay) {
      Failure failure = refusal(fmt::format("{} answered {}", session_.name(), reply->status),
                                {false, reply->objections, reply->request_id});
      failure.is = FailureClass::endpoint;
      return failure;
    }
    if (!session_.clock().sleep_for(*delay, stop)) {
      return Failure{.message = "stopped while waiting for " + session_.name(),
                     .is = FailureClass::cancelled,
                     .nothing_done = true};
    }
  }
}

Result<ArrayIdentity> FlashArray::identity(std::stop_token stop) {
  const Result<ApiVersion> version = session_.sign_in(stop);
  if (!version.ok()) return version.failure();
  const Result<const Dialect*> speak = dialect(stop);
  const Result<json> items = read((*speak)->identity(), stop);
  if (!items.ok()) return items.failure();
  if (items->empty()) {
    return Failure{.message = session_.name() + " does not say what it is", .is = FailureClass::endpoint};
  }
  ArrayIdentity identity = (*speak)->identity(*items);
  identity.api = version->text();
  return identity;
}

Result<std::vector<Volume>> FlashArray::volumes(const Listing& listing, std::stop_token stop) {
  const Result<const Dialect*> speak = dialect(stop);
  if (!speak.ok()) return speak.failure();
  if (!listing.filter.empty() && !(*speak)->has_filters()) {
    return Failure{.message = session_.name() + " cannot filter volumes",
                   .causes = {"it speaks REST 1.x only"},
                   .help = "ask for names with `*` instead",
                   .nothing_done = true};
  }
  if (listing.names.size() > 1 && !(*speak)->has_filters()) {
    // 1.x refuses the whole list when one name is missing.
    std::vector<Volume> all;
    for (const std::string& name : listing.names) {
      Listing single = listing;
      single.names = {name};
      const Result<std::vector<Volume>> found = volumes(single, stop);
      if (!found.ok()) return found.failure();
      all.insert(all.end(), found->begin(), found->end());
    }
    return all;
  }
  const Result<json> items = read((*speak)->list_volumes(listing), stop);
  if (!items.ok()) return items.failure();
  return (*speak)->volumes(*items);
}

Result<std::vector<Snapshot>> FlashArray::snapshots(const Listing& listing, std::stop_token stop) {
  const Result<const Dialect*> speak = dialect(stop);
  if (!speak.ok()) return speak.failure();
  const Result<json> items = read((*speak)->list_snapshots(listing), stop);
  if (!items.ok()) return items.failure();
  return (*speak)->snapshots(*items);
}

Result<std::optional<Volume>> FlashArray::find(const std::string& name, std::stop_token stop) {
  const Result<std::vector<Volume>> all = volumes({.names = {name}, .destroyed_too = true}, stop);
  if (!all.ok()) return all.failure();
  for (const Volume& volume : *all) {
    if (same(volume.name, name)) return std::optional<Volume>(volume);
  }
  return std::optional<Volume>();
}

Result<std::optional<Snapshot>> FlashArray::find_snapshot(const std::string& name, std::stop_token stop) {
  const Result<std::vector<Snapshot>> all = snapshots({.names = {name}, .destroyed_too = true}, stop);
  if (!all.ok()) return all.failure();
  for (const Snapshot& snapshot : *all) {
    if (same(snapshot.name, name)) return std::optional<Snapshot>(snapshot);
  }
  return std::optional<Snapshot>();
}

// The volume after a mutation: answers of 1.x leave half of it out.
Result<Volume> FlashArray::existing(const std::string& name, std::stop_token stop) {
  Result<std::optional<Volume>> found = find(name, stop);
  if (!found.ok()) return found.failure();
  if (*found) return std::move(**found);
  return Failure{.message = fmt::format("there is no {} on {}", thing(name), session_.name()),
                 .help = "see what is there with the array's own list of volumes"};
}

Result<Volume> FlashArray::create(const std::string& name, std::uint64_t bytes, std::stop_token stop) {
  if (Result<> checked = check_volume_name(name); !checked.ok()) return checked.failure();
  if (Result<> checked = check_size(bytes); !checked.ok()) return checked.failure();
  const Result<const Dialect*> speak = dialect(stop);
  if (!speak.ok()) return speak.failure();
  const Result<std::optional<Volume>> before = find(name, stop);
  if (!before.ok()) return before.failure();
  const std::string failed = fmt::format("could not create {}", thing(name));
  if (*before) {
    return refusal(failed,
                   {false,
                    {{name, (*before)->destroyed ? "Volume has been destroyed." : "Volume already exists."}},
                    "none was sent"});
  }
  const Look look = [&](std::stop_token again) -> Result<bool> {
    const Result<std::optional<Volume>> now = find(name, again);
    if (!now.ok()) return now.failure();
    return now->has_value() && (*now)->size == bytes && !(*now)->destroyed;
  };
  Result<Outcome> outcome = mutate((*speak)->create(name, bytes), look, stop);
  if (!outcome.ok()) return std::move(outcome.failure()).within(failed);
  if (!outcome->applied) return refusal(failed, *outcome);
  return existing(name, stop);
}

Result<Volume> FlashArray::copy(const std::string& source, const std::string& target, std::stop_token stop) {
  if (Result<> checked = check_volume_name(target); !checked.ok()) return checked.failure();
  const Result<const Dialect*> speak = dialect(stop);
  if (!speak.ok()) return speak.failure();
  const std::string failed = fmt::format("could not copy `{}` to {}", source, thing(target));
  const Result<std::optional<Volume>> before = find(target, stop);
  if (!before.ok()) return before.failure();
  if (*before) {
    return refusal(
        failed, {false,
                 {{target, (*before)->destroyed ? "Volume has been destroyed." : "Volume already exists."}},
                 "none was sent"});
  }
  const Look look = [&](std::stop_token again) -> Result<bool> {
    const Result<std::optional<Volume>> now = find(target, again);
    if (!now.ok()) return now.failure();
    const std::string from = parse_snapshot_name(source) ? parse_snapshot_name(source)->volume : source;
    return now->has_value() && !(*now)->destroyed &&
           (same((*now)->source, from) || same((*now)->source, source));
  };
  Result<Outcome> outcome = mutate((*speak)->copy(source, target, false), look, stop);
  if (!outcome.ok()) return std::move(outcome.failure()).within(failed);
  if (!outcome->applied) return refusal(failed, *outcome);
  return existing(target, stop);
}

Result<Volume> FlashArray::overwrite(const std::string& source, const std::string& target, Overwriting how,
                                     std::stop_token stop) {
  const Result<const Dialect*> speak = dialect(stop);
  if (!speak.ok()) return speak.failure();
  const std::string failed = fmt::format("could not overwrite {} with `{}`", thing(target), source);
  const Result<std::optional<Volume>> before = find(target, stop);
  if (!before.ok()) return before.failure();
  if (!*before) return refusal(failed, {false, {{target, "Volume does not exist."}}, "none was sent"});
  if ((*before)->destroyed) {
    return refusal(failed, {false, {{target, "Volume has been destroyed."}}, "none was sent"});
  }
  if (!how.while_connected) {
    const Result<std::vector<Connection>> seen_by = connections_of_volume(target, stop);
    if (!seen_by.ok()) return seen_by.failure();
    if (!seen_by->empty()) {
      return Failure{
          .message = failed,
          .causes = {fmt::format("host `{}` is connected to it: its file system would change under it",
                                 seen_by->front().host)},
          .help = "stop what uses the volume first, so that it is unmounted and disconnected",
          .nothing_done = true};
    }
  }
  // An overwrite leaves an undo snapshot behind: a new one afterwards shows that it took place.
  const auto undo_snapshots = [&](std::stop_token again) {
    return snapshots({.volume = target, .destroyed_too = true}, again);
  };
  const Result<std::vector<Snapshot>> undo_before = undo_snapshots(stop);
  if (!undo_before.ok()) return undo_before.failure();
  const Look look = [&](std::stop_token again) -> Result<bool> {
    const Result<std::vector<Snapshot>> now = undo_snapshots(again);
    if (!now.ok()) return now.failure();
    return std::any_of(now->begin(), now->end(), [&](const Snapshot& snapshot) {
      return snapshot.destroyed &&
             std::none_of(undo_before->begin(), undo_before->end(),
                          [&](const Snapshot& old) { return old.name == snapshot.name; });
    });
  };
  Result<Outcome> outcome = mutate((*speak)->copy(source, target, true), look, stop);
  if (!outcome.ok()) return std::move(outcome.failure()).within(failed);
  if (!outcome->applied) return refusal(failed, *outcome);
  return existing(target, stop);
}

Result<Snapshot> FlashArray::snapshot(const std::string& volume, const std::string& suffix,
                                      std::stop_token stop) {
  if (Result<> checked = check_suffix(suffix); !checked.ok()) return checked.failure();
  const Result<const Dialect*> speak = dialect(stop);
  if (!speak.ok()) return speak.failure();
  const std::string name = volume + "." + suffix;
  const std::string failed = fmt::format("could not take snapshot `{}`", name);
  const Result<std::optional<Snapshot>> before = find_snapshot(name, stop);
  if (!before.ok()) return before.failure();
  if (*before) {
    return refusal(failed, {false,
                            {{name, (*before)->destroyed ? "Volume snapshot has been destroyed."
                                                         : "Volume snapshot already exists."}},
                            "none was sent"});
  }
  const Look look = [&](std::stop_token again) -> Result<bool> {
    const Result<std::optional<Snapshot>> now = find_snapshot(name, again);
    if (!now.ok()) return now.failure();
    return now->has_value();
  };
  Result<Outcome> outcome = mutate((*speak)->snapshot(volume, suffix), look, stop);
  if (!outcome.ok()) return std::move(outcome.failure()).within(failed);
  if (!outcome->applied) return refusal(failed, *outcome);
  Result<std::optional<Snapshot>> taken = find_snapshot(name, stop);
  if (!taken.ok()) return taken.failure();
  if (!*taken) return Failure{.message = failed, .causes = {"it is gone again"}};
  return std::move(**taken);
}

Result<Volume> FlashArray::rename(const std::string& from, const std::string& to, std::stop_token stop) {
  if (Result<> checked = check_volume_name(to); !checked.ok()) return checked.failure();
  const Result<const Dialect*> speak = dialect(stop);
  if (!speak.ok()) return speak.failure();
  const Result<Volume> before = existing(from, stop);
  if (!before.ok()) return before.failure();
  const Look look = [&](std::stop_token again) -> Result<bool> {
    const Result<std::optional<Volume>> now = find(to, again);
    if (!now.ok()) return now.failure();
    return now->has_value() && (*now)->serial == before->serial;
  };
  Result<> changed = change_volume("rename", from, (*speak)->rename(from, to), look, stop);
  if (!changed.ok()) return changed.failure();
  return existing(to, stop);
}

Result<Volume> FlashArray::resize(const std::string& name, std::uint64_t bytes, bool truncate,
                                  std::stop_token stop) {
  if (Result<> checked = check_size(bytes); !checked.ok()) return checked.failure();
  const Result<const Dialect*> speak = dialect(stop);
  if (!speak.ok()) return speak.failure();
  const Result<Volume> before = existing(name, stop);
  if (!before.ok()) return before.failure();
  if (bytes < before->size && !truncate) {
    return Failure{
        .message = fmt::format("could not shrink {} from {} to {} bytes", thing(name), before->size, bytes),
        .causes = {"what lies behind the new end would be lost"},
        .help = "ask for at least its present size, or for the truncation on purpose",
        .nothing_done = true};
  }
  const Look look = [&](std::stop_token again) -> Result<bool> {
    const Result<std::optional<Volume>> now = find(name, again);
    if (!now.ok()) return now.failure();
    return now->has_value() && (*now)->size == bytes;
  };
  Result<> changed = change_volume("resize", name, (*speak)->resize(name, bytes, truncate), look, stop);
  if (!changed.ok()) return changed.failure();
  return existing(name, stop);
}

Result<> FlashArray::change_volume(const char* verb, const std::string& name, const Call& call,
                                   const Look& look, std::stop_token stop) {
  const std::string failed = fmt::format("could not {} {}", verb, thing(name));
  Result<Outcome> outcome = mutate(call, look, stop);
  if (!outcome.ok()) return std::move(outcome.failure()).within(failed);
  if (!outcome->applied) return refusal(failed, *outcome);
  return Done{};
}

}  // namespace cairn::array
