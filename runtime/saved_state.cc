#include "runtime/saved_state.h"

#include "base/hash.h"
#include "base/text.h"
#include "runtime/failure.h"

namespace wisp::runtime {

namespace {

constexpr std::uint32_t kFormat = 1;

// The file: its payload, and the SHA-256 over it.
struct File {
  File() = default;
  std::uint32_t format = kFormat;
  Bytes payload;
  std::string sha256;
  template <class F>
  void fields(F& f) {
    f(format, payload, sha256);
  }
};

struct TakenIn {
  TakenIn() = default;
  TakenIn(ActorId from, std::uint64_t last) : sender(from), number(last) {}
  ActorId sender;
  std::uint64_t number = 0;
  template <class F>
  void fields(F& f) {
    f(sender, number);
  }
};

struct Payload {
  Payload() = default;
  std::vector<TakenIn> table;
  Bytes state;
  template <class F>
  void fields(F& f) {
    f(table, state);
  }
};

}  // namespace

SavedState::SavedState(Disk& disk, const std::filesystem::path& folder, const std::string& name,
                       ActorId incarnation, const SavingFaults& faults)
    : disk_(disk),
      file_(folder / (name + ".saved")),
      owner_file_(folder / (name + ".owner")),
      incarnation_(incarnation),
      faults_(faults) {}

void SavedState::check_owner() const {
  if (faults_.no_incarnation_check || !disk_.exists(owner_file_)) return;
  ActorId owner;
  try {
    owner = unpack<ActorId>(disk_.read(owner_file_));
  } catch (const DecodeError& error) {
    throw Error(owner_file_.string() + " can't be read: " + error.what());
  }
  if (owner <= incarnation_) return;
  throw Fenced(file_.string() + " belongs to a later incarnation, on node " + std::to_string(owner.node));
}

void SavedState::open(Actor& actor) {
  disk_.make_folders(file_.parent_path());
  check_owner();
  disk_.write(owner_file_, pack(incarnation_).span());
  if (!disk_.exists(file_)) return;
  Payload payload;
  try {
    const File file = unpack<File>(disk_.read(file_));
    if (file.format != kFormat) throw DecodeError("it is of format " + std::to_string(file.format));
    if (sha256_hex(file.payload.span()) != file.sha256) throw DecodeError("its checksum does not match");
    payload = unpack<Payload>(file.payload);
    Unpacker unpacker(payload.state);
    actor.restore(unpacker);
    unpacker.expect_end();
  } catch (const DecodeError& error) {
    throw Error(file_.string() + " can't be restored: " + error.what());
  }
  if (faults_.forget_table) return;
  for (const TakenIn& each : payload.table) table_[each.sender] = Entry{each.number, each.number};
}

SavedState::Verdict SavedState::accept(ActorId sender, std::uint64_t number) {
  Entry& entry = table_[sender];
  if (number <= entry.applied) return Verdict::kApplied;
  if (number != entry.applied + 1 && !faults_.forget_table) return Verdict::kGap;
  entry.applied = number;
  return Verdict::kTake;
}

std::vector<SavedState::Durable> SavedState::save(const Actor& actor) {
  check_owner();
  Payload payload;
  for (const auto& [sender, entry] : table_) payload.table.emplace_back(sender, entry.applied);
  Packer packer;
  actor.save(packer);
  payload.state = packer.finish();
  File file;
  file.payload = pack(payload);
  file.sha256 = sha256_hex(file.payload.span());
  disk_.write(file_, pack(file).span());
  std::vector<Durable> news;
  for (auto& [sender, entry] : table_) {
    if (entry.durable == entry.applied) continue;
    entry.durable = entry.applied;
    news.push_back(Durable{sender, entry.durable});
  }
  return news;
}

void SavedState::forget_if(const std::function<bool(NodeId node)>& gone) {
  std::erase_if(table_, [&](const auto& each) { return gone(each.first.node); });
}

std::uint64_t SavedState::durable(ActorId sender) const {
  const auto found = table_.find(sender);
  return found == table_.end() ? 0 : found->second.durable;
}

}  // namespace wisp::runtime
