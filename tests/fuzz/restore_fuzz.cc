// Saved states of methods and actors: restored, or refused with nothing changed.
#include "actors/catalogs.h"
#include "base/hash.h"
#include "base/simulated_disk.h"
#include "optim/rule.h"
#include "runtime/failure.h"
#include "runtime/saved_state.h"
#include "tests/fuzz/targets.h"

namespace wisp::fuzz {
namespace {

constexpr std::uint32_t kDim = 5;
constexpr std::uint32_t kWorkers = 3;

template <class Rule>
Bytes saved(const Rule& rule) {
  Packer packer;
  rule.save(packer);
  return packer.finish();
}

template <class Rule>
void restore(Rule& rule, const Bytes& bytes) {
  const Bytes before = saved(rule);
  const bool none = refused<DecodeError>([&] {
    Unpacker unpacker(bytes);
    rule.restore(unpacker);
  });
  const Bytes after = saved(rule);
  if (none) return WISP_CHECK(equal(before.span(), after.span()), "what is refused changes nothing");
  Unpacker unpacker(after);
  rule.restore(unpacker);
  unpacker.expect_end();
  WISP_CHECK(equal(saved(rule).span(), after.span()), "what was saved comes back");
}

// Every method, in both halves and dtypes.
template <class T>
void restore_rules(const Bytes& bytes) {
  static const actors::Catalogs catalogs;
  for (const std::string& name : catalogs.methods.names()) {
    optim::MethodSpec spec;
    spec.kind = name;
    spec.step_size.kind = optim::StepSizeSpec::Kind::kNumber;
    spec.step_size.value = 0.5;
    const std::uint32_t workers = catalogs.methods.find(name)->one_machine ? 1 : kWorkers;
    const problems::Smoothness smoothness{.L = 1, .mu = 0.5, .L_sample = 2, .samples = 4};
    restore(*catalogs.methods.make_master<T>(workers, kDim, spec, smoothness, {}, 7), bytes);
    restore(*catalogs.methods.make_worker<T>(7, workers - 1, workers, kDim, spec), bytes);
    spec.error_feedback = catalogs.methods.find(name)->takes_error_feedback;
    if (!spec.error_feedback) continue;
    restore(*catalogs.methods.make_worker<T>(7, workers - 1, workers, kDim, spec), bytes);
  }
}

class Account : public runtime::Actor {
 public:
  void save(Packer& packer) const override { pack(packer, entries); }
  void restore(Unpacker& unpacker) override { unpack(unpacker, entries); }
  std::vector<double> entries;
};

// What lies on the disk when the actor starts; nobody has written it for us.
void open(Data file, Data owner) {
  SimulatedDisk disk;
  disk.make_folders("/folder");
  if (!file.empty()) disk.write("/folder/account.saved", file);
  if (!owner.empty()) disk.write("/folder/account.owner", owner);
  const runtime::ActorId incarnation(7, 1);
  runtime::SavedState state(disk, "/folder", "account", incarnation, {});
  Account account;
  try {
    state.open(account);
  } catch (const Error& error) {
    const std::string_view text = error.what();
    WISP_CHECK(text.find("/folder/account.") != std::string_view::npos, "the file that is refused is named");
    return;
  }
  state.save(account);
  runtime::SavedState next(disk, "/folder", "account", incarnation, {});
  Account again;
  next.open(again);
  WISP_CHECK(equal(saved(again).span(), saved(account).span()), "what was saved comes back");
}

// A file whose checksum is right, whatever it is of.
Bytes sealed(Data payload) {
  Packer packer;
  packer.array(3);
  packer.unsigned_integer(1);
  packer.blob(payload);
  packer.text(sha256_hex(payload));
  return packer.finish();
}

}  // namespace

void fuzz_restore(Data data) {
  Input input(data);
  const unsigned how = input.take<std::uint8_t>();
  switch (how % 4) {
    case 0:
      return restore_rules<float>(bytes_of(input.rest()));
    case 1:
      return restore_rules<double>(bytes_of(input.rest()));
    case 2:
      return open(sealed(input.rest()).span(), {});
    default: {
      const Data owner = input.piece();
      return open(input.rest(), owner);
    }
  }
}

}  // namespace wisp::fuzz
