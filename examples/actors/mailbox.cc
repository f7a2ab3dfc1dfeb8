// Mailboxes with a bound, and what becomes of a message that finds one full.
#include <chrono>
#include <iostream>
#include <string>
#include <thread>

#include "one_process.h"

using namespace std::chrono_literals;

using wisp::runtime::Actor;
using wisp::runtime::Handle;
using wisp::runtime::MailboxFull;
using wisp::runtime::Options;
using wisp::runtime::Overflow;
using wisp::runtime::Registry;
using wisp::runtime::Task;

class Reader : public Actor {
 public:
  using Constructor = void();
  void take(int page) { pages_ += std::to_string(page); }
  std::string pages() const { return pages_; }

 private:
  std::string pages_;
};

class Writer : public Actor {
 public:
  using Constructor = void();

  // Four pages in one turn, for a mailbox that holds two.
  std::string tell_four(Handle<Reader> reader) {
    std::string taken;
    for (int page = 1; page <= 4; ++page) taken += reader.tell<&Reader::take>(page) ? "yes " : "no ";
    return taken;
  }
  // The same, but waits for room.
  Task<std::string> send_four(Handle<Reader> reader) {
    for (int page = 1; page <= 4; ++page) co_await reader.send<&Reader::take>(page);
    co_return "sent four";
  }
  // A call that finds no room fails.
  Task<std::string> call_three(Handle<Reader> reader) {
    auto first = reader.call<&Reader::take>(1);
    auto second = reader.call<&Reader::take>(2);
    auto third = reader.call<&Reader::take>(3);
    std::string text;
    try {
      co_await third;
    } catch (const MailboxFull& full) {
      text = full.what();
    }
    co_await first;
    co_await second;
    co_return text;
  }
};

void register_actors(Registry& registry) {
  wisp::runtime::register_services(registry);
  registry.actor<Reader>("reader").method<&Reader::take>("take").method<&Reader::pages>("pages");
  registry.actor<Writer>("writer")
      .method<&Writer::tell_four>("tell_four")
      .method<&Writer::send_four>("send_four")
      .method<&Writer::call_three>("call_three");
}

// The question needs a place in the mailbox, too.
std::string pages_of(const Handle<Reader>& reader) {
  for (;;) {
    try {
      return reader.call<&Reader::pages>().get(10s);
    } catch (const MailboxFull&) {
      std::this_thread::yield();
    }
  }
}

int main() {
  example::OneProcess process(&register_actors);
  auto writer = process.system().spawn<Writer>(Options("writer")).get(10s);
  const auto reader = [&](const std::string& name, Overflow overflow) {
    return process.system().spawn<Reader>(Options(name).mailbox(2, overflow)).get(10s);
  };

  auto strict = reader("strict", Overflow::kFail);
  auto newest = reader("newest", Overflow::kDropNewest);
  auto oldest = reader("oldest", Overflow::kDropOldest);
  auto patient = reader("patient", Overflow::kBlock);
  for (const auto& each : {strict, newest, oldest, patient}) {
    std::cout << each.name() << ": " << writer.call<&Writer::tell_four>(each).get(10s) << pages_of(each)
              << "\n";
  }
  std::cout << writer.call<&Writer::send_four>(patient).get(10s) << "\n";
  std::cout << writer.call<&Writer::call_three>(strict).get(10s) << "\n";
}
