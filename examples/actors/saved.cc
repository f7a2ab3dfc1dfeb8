// An actor that outlives its incarnations, and a supervisor of one's own.
#include <chrono>
#include <filesystem>
#include <iostream>
#include <string>
#include <utility>

#include "base/disk.h"
#include "one_process.h"

using namespace std::chrono_literals;

using wisp::runtime::Actor;
using wisp::runtime::Down;
using wisp::runtime::Future;
using wisp::runtime::Handle;
using wisp::runtime::Options;
using wisp::runtime::Registry;
using wisp::runtime::System;
using wisp::runtime::SystemOptions;
using wisp::runtime::Task;

class Account : public Actor {
 public:
  using Constructor = void();

  Task<int> pay_in(int amount) {
    balance_ += amount;
    Future<void> committed = context().commit();
    co_await committed;  // on disk, with the table of what was taken in
    co_return balance_;
  }
  int promise(int amount) { return balance_ += amount; }  // not on disk until the next commit

  void save(wisp::Packer& packer) const override { wisp::pack(packer, balance_); }
  void restore(wisp::Unpacker& unpacker) override { wisp::unpack(unpacker, balance_); }

 private:
  int balance_ = 0;
};

class Supervisor : public Actor {
 public:
  using Constructor = void();

  Task<Handle<Account>> start() {
    const Handle<Account> account = co_await spawn<Account>(context(), Options("account").saved());
    context().monitor(account);
    co_return account;
  }
  // Not a coroutine: what takes longer is begun beside it.
  void on_down(const Down& down) override {
    context().log().warn(down.name + " is started again: " + down.cause);
    context().begin(start_again());
  }

 private:
  Task<void> start_again() { co_await start(); }
};

void register_actors(Registry& registry) {
  wisp::runtime::register_services(registry);
  registry.actor<Account>("account").method<&Account::pay_in>("pay_in").method<&Account::promise>("promise");
  registry.actor<Supervisor>("supervisor").method<&Supervisor::start>("start");
}

int main() {
  wisp::SystemDisk disk;
  SystemOptions options;
  options.disk = &disk;
  options.saved_folder = std::filesystem::absolute("saved");  // account.saved, account.owner
  example::OneProcess process(&register_actors, std::move(options));
  auto supervisor = process.system().spawn<Supervisor>(Options("supervisor")).get(10s);
  auto account = supervisor.call<&Supervisor::start>().get(10s);

  std::cout << account.call<&Account::pay_in>(40).get(10s) << "\n";
  std::cout << account.call<&Account::promise>(2).get(10s) << "\n";
  account.kill("a fault");
  // To the next incarnation, which is at 40; the 2 that were promised are sent again first.
  std::cout << account.call<&Account::pay_in>(100).get(10s) << "\n";
}
