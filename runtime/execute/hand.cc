#include "runtime/execute/hand.h"

#include "runtime/execute/telling.h"

namespace cairn::execute {
namespace {

class Watch final : public DeathWatch {
 public:
  Watch(std::shared_ptr<Messages> messages, NodeId service, int attempt)
      : messages_(std::move(messages)), service_(service), attempt_(attempt) {}

  void died(Death death) override {
    if (!said_.exchange(true)) messages_->post(ServiceGone{service_, attempt_, std::move(death)});
  }

 private:
  const std::shared_ptr<Messages> messages_;
  const NodeId service_;
  const int attempt_;
  std::atomic<bool> said_ = false;
};

}  // namespace

Failure nobody_asks() {
  return {.message = "was left behind", .is = FailureClass::cancelled, .nothing_done = true};
}

void Hand::work() {
  deliver(around_.performer.perform(request_, *this));
}

// Not inlined: a thousand steps that wait would each have its variables on their stack.
[[gnu::noinline]] void Hand::deliver(StepResult result) {
  if (left_) return;
  // Nobody asked: then it is a failure of its own.
  if (!result.ok() && result.failure().is == FailureClass::cancelled && !stop_.stop_requested())
    result.failure().is = FailureClass::step;
  std::lock_guard lock(published_mutex_);
  messages_->post(HandEnded{request_.step, request_.attempt, std::move(result), std::move(published_)});
}

void Hand::say(progress::Happening happening) {
  if (left_) return;
  around_.emitter.say(name_, request_.graph.node(request_.node).path,
                      masked(around_.masker, std::move(happening)));
}

void Hand::write(scribe::Stream stream, std::string_view bytes) {
  if (!left_) around_.scribe.write(name_, stream, bytes);
}

void Hand::note(std::string_view line) {
  if (!left_) around_.scribe.note(name_, line);
}

void Hand::publish(std::string_view name, Value value) {
  if (left_) return;
  if (around_.keeps_journal) {
    std::lock_guard lock(published_mutex_);
    published_.emplace_back(name, value);
  }
  around_.exports.publish(request_.node, name, std::move(value));
}

Result<Announced> Hand::announce(Intent effect) {
  if (!around_.keeps_journal) return Announced{};
  effect.step = name_;
  effect.attempt = request_.attempt;
  const auto permission = std::make_shared<Permission>();
  if (!messages_->post(EffectAnnounced{request_.step, std::move(effect), permission})) return nobody_asks();
  // The clock is what everybody waits with, so that a simulation sees it. The brain always answers.
  while (!permission->given.stop_requested())
    around_.clock.sleep_until(Instant::max(), permission->given.get_token());
  return permission->answer;
}

void Hand::came_out(Announced effect, bool happened, std::string id) {
  if (effect.intent != 0) messages_->post(EffectCameOut{{effect.intent, happened, std::move(id)}});
}

Value Hand::exported(NodeId node, std::string_view name) const {
  return around_.exports.find(node, name);
}

std::shared_ptr<DeathWatch> Hand::watch() {
  return std::make_shared<Watch>(messages_, request_.node, request_.attempt);
}

}  // namespace cairn::execute
