// Packs and loose objects against what git itself says of the same repository, and packs that are broken.
#include "cmd/git_pack.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "cmd/git_objects.h"
#include "cmd/git_pack_walk.h"
#include "cmd/git_repository.h"
#include "tests/support/gen.h"
#include "tests/support/git_tree.h"
#include "tests/support/result.h"

namespace pg::test {
namespace {

/// Keeps what it is given.
class KeepingSink final : public BlobSink {
 public:
  void take(const ObjectId& id, std::string_view text) override {
    CHECK(taken.count(id) == 0);
    taken[id] = text;
  }
  void miss(const ObjectId& id) override { missed.insert(id); }
  bool is_enough(std::string_view beginning) const override { return beginning.find('\0') != std::string_view::npos; }

  std::map<ObjectId, std::string> taken;
  std::set<ObjectId> missed;
};

struct Reading {
  std::map<std::string, std::string> taken;
  std::size_t missed = 0;
};

template <class Read>
Reading gather(std::size_t threads, std::size_t id_size, Read read) {
  std::vector<KeepingSink> sinks(threads);
  std::vector<BlobSink*> pointers;
  for (KeepingSink& sink : sinks) pointers.push_back(&sink);
  read(pointers);
  Reading all;
  for (const KeepingSink& sink : sinks) {
    all.missed += sink.missed.size();
    for (const auto& [id, text] : sink.taken) CHECK(all.taken.emplace(id.hex(id_size), text).second);
  }
  return all;
}

Reading read_whole(const GitTree& tree, std::size_t threads = 3) {
  const GitRepository repository = open_repository({tree.path()}).value();
  ObjectStore store = ObjectStore::open(object_directories(repository.objects), repository.id_size);
  CHECK(store.problems().empty());
  return gather(threads, repository.id_size, [&](const auto& sinks) { store.read_all(sinks); });
}

Reading read_these(const GitTree& tree, const std::vector<std::string>& hex) {
  const GitRepository repository = open_repository({tree.path()}).value();
  ObjectStore store = ObjectStore::open(object_directories(repository.objects), repository.id_size);
  ObjectIds ids;
  for (const std::string& one : hex) ids.insert(ObjectId::parse(one, repository.id_size).value());
  return gather(2, repository.id_size, [&](const auto& sinks) { store.read_some(ids, sinks); });
}

void expect_all(const GitTree& tree) {
  const std::map<std::string, std::string> wanted = tree.blobs();
  REQUIRE(wanted.size() > 20);
  const Reading got = read_whole(tree);
  CHECK(got.missed == 0);
  CHECK((got.taken == wanted));
}

std::string slurp_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

int pack_memory(std::string_view bytes) {
  const int file = ::memfd_create("test", MFD_CLOEXEC);
  REQUIRE(::write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  return file;
}

TEST_CASE("every blob of a packed repository is read once and is what git says it is") {
  const GitTree tree;
  tree.grow(120, 1);
  tree.git({"gc", "-q", "--prune=now"});
  REQUIRE(tree.packs(".pack").size() == 1);
  expect_all(tree);
}

TEST_CASE("loose objects, several packs, and objects that stand in more than one of them") {
  const GitTree tree;
  tree.grow(40, 2);
  tree.git({"repack", "-q"});
  tree.write("a", "one\n");
  tree.commit(1);
  tree.git({"repack", "-q"});
  tree.git({"pack-objects", "-q", "--all", tree.file(".git/objects/pack/pack")});  // everything once more
  tree.write("b", std::string(3'000'000, 'x'));
  tree.write("empty", "");
  tree.commit(2);
  REQUIRE(tree.packs(".pack").size() >= 3);
  expect_all(tree);
}

TEST_CASE("deltas that name their base by id, and an index of version 1") {
  const GitTree tree;
  tree.grow(60, 3);
  tree.git(
      {"-c", "repack.useDeltaBaseOffset=false", "-c", "pack.indexVersion=1", "repack", "-adfq", "--depth=20", "--window=20"});
  REQUIRE(tree.packs(".idx").size() == 1);
  CHECK_FALSE(slurp_file(tree.packs(".idx")[0]).starts_with("\xFFtOc"));
  expect_all(tree);
}

TEST_CASE("a repository of SHA-256") {
  const GitTree tree({"--object-format=sha256"});
  tree.grow(30, 4);
  tree.git({"repack", "-adq"});
  tree.write("loose", "bytes\n");
  tree.commit(3);
  expect_all(tree);
}

TEST_CASE("objects of an alternate are the repository's too") {
  const GitTree tree;
  tree.grow(30, 5);
  tree.git({"repack", "-adq"});
  const GitTree other;
  std::ofstream(other.file(".git/objects/info/alternates")) << "# a comment\n" << tree.file(".git/objects") << "\n";
  other.write("own", "bytes\n");
  other.commit(1);
  expect_all(other);
  std::ofstream(tree.file(".git/objects/info/alternates")) << other.file(".git/objects") << "\n";  // a circle
  expect_all(other);
}

TEST_CASE("a few blobs are read alone, many by a walk, and one that is nowhere is missed") {
  const GitTree tree;
  tree.grow(80, 6);
  tree.git({"repack", "-adq"});
  const std::map<std::string, std::string> all = tree.blobs();
  std::vector<std::string> some;
  for (const auto& [hex, text] : all)
    if (some.size() < 2 || hex[0] < '8') some.push_back(hex);
  for (const std::size_t count : {std::size_t{1}, std::size_t{2}, some.size()}) {
    const std::vector<std::string> wanted(some.begin(), some.begin() + static_cast<std::ptrdiff_t>(count));
    const Reading got = read_these(tree, wanted);
    CHECK(got.missed == 0);
    CHECK(got.taken.size() == count);
    for (const auto& [hex, text] : got.taken) CHECK(text == all.at(hex));
  }
  const Reading none = read_these(tree, {std::string(40, 'a')});
  CHECK(none.missed == 1);
  CHECK(none.taken.empty());
}

TEST_CASE("a walk that may hold next to nothing makes bases again, and gives the same") {
  const GitTree tree;
  tree.grow(100, 7);
  tree.git({"repack", "-adfq", "--depth=30", "--window=50"});
  const std::string base = tree.packs(".idx").at(0);
  const PackIndex index = PackIndex::parse(slurp_file(base), 20).value();
  const PackFile pack = PackFile::open(::open((base.substr(0, base.size() - 3) + "pack").c_str(), O_RDONLY), 20).value();
  for (const std::int64_t budget : {std::int64_t{0}, std::int64_t{20'000}, PackWalk::kBudget}) {
    for (const std::size_t threads : {std::size_t{1}, std::size_t{4}}) {
      PackWalk walk(pack, index, budget);
      REQUIRE(walk.plan([](const ObjectId&) { return true; }));
      const Reading got = gather(threads, 20, [&](const auto& sinks) {
        std::vector<std::thread> running;
        for (BlobSink* sink : sinks) running.emplace_back([&walk, sink] { walk.work(*sink); });
        for (std::thread& thread : running) thread.join();
      });
      CHECK((got.taken == tree.blobs()));
      CHECK(walk.lost().empty());
    }
  }
}

TEST_CASE("a big binary blob that nothing is made of is not inflated whole") {
  const GitTree tree;
  Gen gen;
  tree.write("binary", gen.bytes(10) + std::string(1, '\0') + std::string(200'000, 'y'));
  tree.write("text", std::string(100'000, 'z'));
  tree.commit(1);
  tree.git({"repack", "-adq"});
  const Reading got = read_whole(tree);
  CHECK(got.missed == 0);
  std::set<std::size_t> sizes;
  for (const auto& [hex, text] : got.taken) sizes.insert(text.size());
  CHECK(sizes == std::set<std::size_t>{8192, 100'000});
}

TEST_CASE("no change of a byte makes a walk crash, loop or lose a blob silently") {
  const GitTree tree;
  tree.grow(25, 8);
  tree.git({"repack", "-adfq"});
  const std::string base = tree.packs(".idx").at(0);
  const std::string idx = slurp_file(base), pack = slurp_file(base.substr(0, base.size() - 3) + "pack");
  Gen gen;
  CAPTURE(gen.seed());
  const auto walk_over = [&](const std::string& index_bytes, const std::string& pack_bytes) {
    const Result<PackIndex> index = PackIndex::parse(index_bytes, 20);
    if (!index) return std::pair<std::size_t, std::size_t>{};
    Result<PackFile> file = PackFile::open(pack_memory(pack_bytes), 20);
    if (!file) return std::pair<std::size_t, std::size_t>{};
    PackWalk walk(*file, *index);
    if (!walk.plan([](const ObjectId&) { return true; })) return std::pair<std::size_t, std::size_t>{};
    KeepingSink sink;
    walk.work(sink);
    return std::pair{sink.taken.size(), sink.missed.size() + walk.lost().size()};
  };
  const std::size_t all = walk_over(idx, pack).first;
  CHECK(all == tree.blobs().size());
  std::size_t failed = 0;
  for (int round = 0; round < 400; ++round) {
    std::string broken = pack;
    broken[gen.number(12, pack.size() - 21)] ^= static_cast<char>(1 << gen.number(0, 7));
    const auto [taken, missed] = walk_over(idx, broken);
    CHECK(taken <= PackIndex::parse(idx, 20)->size());  // a bit may make a tree a blob
    failed += missed > 0 ? 1 : 0;
  }
  CHECK(failed > 50);  // checksums see it where blobs are; commits and trees are not inflated
  for (int round = 0; round < 200; ++round) {
    // Only in the offsets: an index with the same id twice is no index.
    std::string broken = idx;
    const std::size_t count = tree.blobs().size();
    broken[idx.size() - 40 - gen.number(1, 4 * count)] ^= static_cast<char>(1 << gen.number(0, 7));
    walk_over(broken, pack);
    walk_over(idx.substr(0, gen.number(0, idx.size() - 1)), pack);
    walk_over(idx, pack.substr(0, gen.number(0, pack.size() - 1)));
  }
}

TEST_CASE("a loose object is what it says, or corrupt") {
  const GitTree tree;
  const std::string text = "some text that is longer than the head of an object, which is read first\n";
  std::string hex = tree.git({"hash-object", "-w", "--stdin"}, text);
  const std::string path = tree.file(".git/objects/" + hex.substr(0, 2) + "/" + hex.substr(2, 38));
  const std::string packed = slurp_file(path);
  bool is_blob = false;
  CHECK(read_loose(packed, is_blob).value().view() == text);
  CHECK(is_blob);
  for (std::size_t size = 0; size < packed.size(); ++size) {
    is_blob = true;
    const Result<Bytes> cut = read_loose(packed.substr(0, size), is_blob);
    CHECK((!cut || !is_blob));
  }
  std::string broken = packed;
  broken[packed.size() - 1] ^= 1;  // the checksum
  CHECK_FALSE(read_loose(broken, is_blob));
}

TEST_CASE("the head of an entry: sizes, distances, and what cannot be") {
  const auto head = [](std::string bytes, std::uint64_t offset = 1000) { return parse_entry(bytes + "zz", offset, 20); };
  CHECK(head("\x35").value().size == 5);
  CHECK(head("\x35").value().kind == EntryKind::blob);
  CHECK(head("\xB5\x01").value().size == 21);
  CHECK(head("\xB5\x01").value().data == 1002);
  CHECK(head(std::string("\x65") + "\x10").value().base_offset == 1000 - 16);
  CHECK(head(std::string("\x65") + "\x80\x01").value().base_offset == 1000 - 129);
  CHECK(head("\x75" + std::string(20, 'i')).value().base_id == ObjectId::from_bytes(std::string(20, 'i')));
  CHECK_FALSE(head(std::string("\x65\0", 2)));          // itself
  CHECK_FALSE(head(std::string("\x65") + "\x10", 15));  // before the pack
  CHECK_FALSE(head("\x05"));                            // kind 0
  CHECK_FALSE(head("\x55"));                            // kind 5
  CHECK_FALSE(head("\xB5" + std::string(12, '\xFF')));  // a size without end
  CHECK_FALSE(parse_entry("", 0, 20));
  CHECK_FALSE(parse_entry("\x35", 0, 20));
  CHECK_FALSE(parse_entry("\x75" + std::string(19, 'i'), 0, 20));
}

TEST_CASE("deltas copy and insert, and never read or write beyond") {
  const std::string base = "0123456789";
  const auto made = [&](const std::string& delta) -> std::string {
    const Result<std::size_t> size = delta_result_size(delta, base.size());
    if (!size) return "refused";
    std::string out(*size, '?');
    return apply_delta(base, delta, out.data()) ? out : "corrupt";
  };
  CHECK(made("\x0A\x05\x91\x02\x03\x02"
             "ab") == "234ab");
  CHECK(made(std::string("\x0A\0", 2)).empty());
  CHECK(made("\x09\x05\x05"
             "abcde") == "refused");  // another base
  CHECK(made("\x0A\x05\x05"
             "abcd") == "corrupt");  // cut
  CHECK(made("\x0A\x05\x04"
             "abcd") == "corrupt");  // too little
  CHECK(made("\x0A\x03\x04"
             "abcd") == "corrupt");                              // too much
  CHECK(made("\x0A\x05\x91\x08\x05") == "corrupt");              // behind the base
  CHECK(made("\x0A\x05\x9F\xFF\xFF\xFF\xFF\x05") == "corrupt");  // far behind it
  CHECK(made("\x0A\x05\x80") == "corrupt");                      // 64 KiB of ten bytes
  CHECK(made("\x0A\x05\x91") == "corrupt");                      // without its bytes
  CHECK(made(std::string("\x0A\x01\0", 3)) == "corrupt");        // reserved
  CHECK(made("\x0A" + std::string(9, '\xFF')) == "refused");     // a size without end
  CHECK(made("\x0A\xFF\xFF\xFF\xFF\x7F") == "refused");          // 32 GiB
}

TEST_CASE("an index whose counts and sizes do not fit is refused") {
  CHECK_FALSE(PackIndex::parse("", 20));
  CHECK_FALSE(PackIndex::parse(std::string(1000, '\0'), 20));
  std::string empty = std::string("\xFFtOc\0\0\0\x02", 8) + std::string(1024 + 40, '\0');
  CHECK(PackIndex::parse(empty, 20).value().size() == 0);
  CHECK_FALSE(PackIndex::parse(empty, 20).value().find(ObjectId{}));
  empty[8 + 1023] = 1;
  CHECK_FALSE(PackIndex::parse(empty, 20));
  std::string falls = empty;
  falls[8 + 3] = 5;
  CHECK_FALSE(PackIndex::parse(falls + std::string(1000, '\0'), 20));
}

}  // namespace
}  // namespace pg::test
