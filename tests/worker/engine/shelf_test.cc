// What lies in kept/: when it is looked at, told and deleted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/worker/engine/wishes.h"

namespace optfleet::worker {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

KeptCheckpoint Kept(int job, int64_t step) { return {{Key(job), step}, 2.5, 1000}; }

SyncAnswer AsksForTheList() {
  SyncAnswer answer;
  answer.list_kept = true;
  return answer;
}

SyncAnswer Deletes(std::vector<KeptName> names) {
  SyncAnswer answer;
  answer.delete_kept = std::move(names);
  return answer;
}

class Shelved : public ::testing::Test {
 protected:
  Shelved() {
    EXPECT_THAT(Only<ScanKept>(story_.Scan()), SizeIs(1));
    story_.Quiet();
  }
  void Looks(std::vector<KeptCheckpoint> found) {
    story_.Handle(KeptScanned{"/root/kept", std::move(found)});
  }
  WorkerStory story_;
};

TEST_F(Shelved, NothingIsSaidOfItBeforeItHasLooked) {
  story_.Answer(AsksForTheList());
  story_.ScanAfter(seconds(2));
  EXPECT_EQ(story_.newest_request()->kept_digest, "");
  EXPECT_FALSE(story_.newest_request()->kept.has_value());
}

TEST_F(Shelved, TheListIsSentOnlyWhenItIsAskedFor) {
  Looks({Kept(2, 20), Kept(1, 10)});
  const std::string digest = story_.newest_request()->kept_digest;
  EXPECT_NE(digest, "");
  EXPECT_FALSE(story_.newest_request()->kept.has_value());
  story_.Answer(AsksForTheList());
  ASSERT_TRUE(story_.newest_request()->kept.has_value());
  EXPECT_EQ(story_.newest_request()->kept->folder, "/root/kept");
  EXPECT_THAT(story_.newest_request()->kept->checkpoints, ElementsAre(Kept(1, 10), Kept(2, 20)));
  story_.Answer({});
  story_.ScanAfter(seconds(2));
  EXPECT_FALSE(story_.newest_request()->kept.has_value());
  EXPECT_EQ(story_.newest_request()->kept_digest, digest);
}

TEST_F(Shelved, AnAnswerThatIsLostIsAskedForAgain) {
  Looks({Kept(1, 10)});
  story_.Answer(AsksForTheList());
  story_.NoAnswer(seconds(1));
  story_.ScanAfter(seconds(2));
  EXPECT_FALSE(story_.newest_request()->kept.has_value()) << "it waits to be asked";
  story_.Answer(AsksForTheList());
  EXPECT_TRUE(story_.newest_request()->kept.has_value());
}

TEST_F(Shelved, OnlyWhatItToldIsDeletedAndOnce) {
  Looks({Kept(1, 10), Kept(2, 20)});
  const auto doomed =
      Only<DeleteKeptCheckpoint>(story_.Answer(Deletes({Kept(1, 10).name, Kept(3, 30).name})));
  ASSERT_THAT(doomed, SizeIs(1));
  EXPECT_EQ(doomed[0].name, Kept(1, 10).name);
  story_.ScanAfter(seconds(2));
  EXPECT_THAT(Only<DeleteKeptCheckpoint>(story_.Answer(Deletes({Kept(1, 10).name}))), IsEmpty());
  const std::string before = story_.newest_request()->kept_digest;
  story_.Handle(KeptDeleted{Kept(1, 10).name, ""});
  story_.Quiet();
  story_.ScanAfter(seconds(2));
  EXPECT_NE(story_.newest_request()->kept_digest, before);
  EXPECT_THAT(Only<DeleteKeptCheckpoint>(story_.Answer(Deletes({Kept(1, 10).name}))), IsEmpty());
}

TEST_F(Shelved, ADeletionThatFailedIsTriedAgainLater) {
  Looks({Kept(1, 10)});
  story_.Answer(Deletes({Kept(1, 10).name}));
  story_.Handle(KeptDeleted{Kept(1, 10).name, "remove /root/kept: Input/output error"});
  EXPECT_THAT(Only<DeleteKeptCheckpoint>(story_.ScanAfter(seconds(2))), IsEmpty());
  EXPECT_THAT(Only<DeleteKeptCheckpoint>(story_.ScanAfter(seconds(10))), SizeIs(1));
}

TEST_F(Shelved, ARunDirectoryThatGoesAndAMinuteThatPassesLeadToALook) {
  Looks({});
  EXPECT_THAT(Only<ScanKept>(story_.ScanAfter(seconds(30))), IsEmpty());
  EXPECT_THAT(Only<ScanKept>(story_.ScanAfter(seconds(31))), SizeIs(1));
  EXPECT_THAT(Only<ScanKept>(story_.ScanAfter(seconds(90))), IsEmpty()) << "one look at a time";
  Looks({});
  story_.Quiet();
  story_.PutFolder(Key(1), 0);
  story_.Succeeds(Key(1), 0);
  story_.ScanAfter(seconds(2));
  story_.Answer(Forgets(story_, Key(1), false, false));
  story_.LoseFolder(Key(1));
  EXPECT_THAT(Only<ScanKept>(story_.Done(Key(1), FolderWorkDone::Work::kRemove)), SizeIs(1));
}

TEST_F(Shelved, ACoordinatorHearsOfNoMoreThanFitsAMessage) {
  std::vector<KeptCheckpoint> many;
  for (int i = 1; i <= static_cast<int>(kMostKeptTold) + 5; ++i) many.push_back(Kept(1, i));
  Looks(std::move(many));
  story_.Answer(AsksForTheList());
  EXPECT_THAT(story_.newest_request()->kept->checkpoints, SizeIs(kMostKeptTold));
}

}  // namespace
}  // namespace optfleet::worker
