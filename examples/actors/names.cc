// Names, and handles that travel in messages.
#include <chrono>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "one_process.h"

using namespace std::chrono_literals;

using wisp::runtime::Actor;
using wisp::runtime::ActorError;
using wisp::runtime::Handle;
using wisp::runtime::Options;
using wisp::runtime::Registry;
using wisp::runtime::System;
using wisp::runtime::Task;

class Phone : public Actor {
 public:
  using Constructor = void(std::string);
  explicit Phone(std::string greeting) : greeting_(std::move(greeting)) {}
  std::string ring() const { return greeting_; }

 private:
  const std::string greeting_;
};

// A message: its fields, and constructors.
struct Entry {
  Entry() = default;
  Entry(std::string whose_name, Handle<Phone> whose_phone)
      : name(std::move(whose_name)), phone(std::move(whose_phone)) {}
  std::string name;
  Handle<Phone> phone;
  template <class F>
  void fields(F& f) {
    f(name, phone);
  }
};

class Book : public Actor {
 public:
  using Constructor = void();
  void add(Entry entry) { entries_.push_back(std::move(entry)); }
  Task<std::string> ring(std::string name) {
    for (const Entry& entry : entries_) {
      if (entry.name != name) continue;
      const std::string answer = co_await entry.phone.call<&Phone::ring>();
      co_return answer;
    }
    const Handle<Phone> phone = co_await wisp::runtime::get_actor<Phone>(context(), name);  // not in the book
    const std::string answer = co_await phone.call<&Phone::ring>();
    co_return answer;
  }

 private:
  std::vector<Entry> entries_;
};

void register_actors(Registry& registry) {
  wisp::runtime::register_services(registry);
  registry.actor<Phone>("phone").method<&Phone::ring>("ring");
  registry.actor<Book>("book").method<&Book::add>("add").method<&Book::ring>("ring");
}

int main() {
  example::OneProcess process(&register_actors);
  System& system = process.system();
  auto ada = system.spawn<Phone>(Options("ada"), "this is Ada").get(10s);
  auto book = system.spawn<Book>(Options("book")).get(10s);
  system.spawn<Phone>(Options("bob"), "this is Bob").get(10s);
  book.call<&Book::add>(Entry("lovelace", ada)).get(10s);
  std::cout << book.call<&Book::ring>("lovelace").get(10s) << "\n";
  std::cout << book.call<&Book::ring>("bob").get(10s) << "\n";

  auto same = system.spawn<Phone>(Options("ada").get_if_exists(), "another Ada").get(10s);
  std::cout << std::boolalpha << (same.id() == ada.id()) << " " << same.call<&Phone::ring>().get(10s) << "\n";
  for (const char* name : {"ada", "eve"}) {
    try {
      if (name == std::string("ada")) system.spawn<Phone>(Options("ada"), "another Ada").get(10s);
      system.get_actor<Phone>(name).get(10s);
    } catch (const ActorError& error) {
      std::cout << error.what() << "\n";
    }
  }
}
