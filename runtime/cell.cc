#include "runtime/cell.h"

#include "runtime/node.h"

namespace wisp::runtime {

namespace {
constexpr int kTurnMax = 64;  // items of one turn, so that other actors of the thread come up
}

Cell::Cell(Node& node, ActorId id, std::string name, std::unique_ptr<Actor> actor, std::unique_ptr<Log> log,
           std::function<void(std::shared_ptr<Cell>)> schedule)
    : log_(std::move(log)),
      context_(node, id, std::move(name), *log_),
      actor_(std::move(actor)),
      schedule_(std::move(schedule)) {
  actor_->attach(context_);
}

void Cell::deliver(Delivery delivery) { push(Item(std::move(delivery))); }
void Cell::post(std::coroutine_handle<> handle) { push(Item(handle)); }

void Cell::push(Item item) {
  {
    std::lock_guard lock(mutex_);
    items_.push_back(std::move(item));
    if (scheduled_) return;
    scheduled_ = true;
  }
  // None while the cell is being destroyed: what it still waited for comes too late.
  if (auto self = weak_from_this().lock()) schedule_(std::move(self));
}

bool Cell::pop(Item& item) {
  std::lock_guard lock(mutex_);
  if (items_.empty()) {
    scheduled_ = false;
    return false;
  }
  item = std::move(items_.front());
  items_.pop_front();
  return true;
}

void Cell::run() {
  const Turn turn(this);
  const NodeScope scope(&context_.node());
  for (int i = 0; i < kTurnMax; ++i) {
    Item item;
    if (!pop(item)) return;
    if (auto* resumption = std::get_if<std::coroutine_handle<>>(&item)) {
      resumption->resume();
    } else {
      handle(std::get<Delivery>(item));
    }
  }
  schedule_(shared_from_this());
}

void Cell::handle(Delivery& delivery) {
  try {
    delivery.method->invoke(*actor_, name(), roots_, delivery.arguments, delivery.reply);
  } catch (...) {
    const Failure failure = Failure::from_current_exception(name());
    if (delivery.reply.wanted()) {
      delivery.reply.failure(failure);
    } else {
      log_->error(delivery.method->name + " failed: " + failure.text);
    }
  }
}

}  // namespace wisp::runtime
