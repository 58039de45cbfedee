// World: what each kind of fault does.
#include "tests/coordinator/simulation/world.h"

namespace optfleet::simulation {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

}  // namespace

void World::Met(Fault fault, const std::string& subject) {
  context_.coverage->Met(fault);
  context_.trace.Say(context_.agenda.now(), "fault",
                     [&] { return std::string(Name(fault)) + ", " + subject; });
}

void World::Disturb(Fault fault) {
  Node* node = &nodes_[context_.dice.Below(nodes_.size())];
  switch (fault) {
    case Fault::kPartition:
    case Fault::kPartitionPastLease: {
      const std::string who = context_.dice.Chance(0.1) ? "client" : node->machine->id();
      const bool longer = fault == Fault::kPartitionPastLease;
      network_.CutOff(who,
                      context_.agenda.now() + (longer ? context_.dice.Between(kLease + seconds(1), kLease * 3)
                                                      : context_.dice.Between(milliseconds(100), kLease)));
      return Met(fault, who);
    }
    case Fault::kWorkerKilled:
    case Fault::kWorkerPowerCut:
    case Fault::kShimKilled:
    case Fault::kTrainerKilled:
    case Fault::kShimAndTrainerKilled:
    case Fault::kTrainerFrozen:
    case Fault::kWorkerDiskFull:
    case Fault::kWorkerAsleep:
    case Fault::kWorkerDrained:
      return DisturbNode(fault, node);
    default:
      return DisturbCoordinator(fault);
  }
}

void World::DisturbNode(Fault fault, Node* node) {
  Machine* machine = node->machine.get();
  bool happened = true;
  switch (fault) {
    case Fault::kWorkerPowerCut:
      machine->CutPower();
      [[fallthrough]];
    case Fault::kWorkerKilled:
      node->worker->Kill();
      StartWorkerLater(node, context_.dice.Chance(0.2) ? context_.dice.Between(kLease, kLease * 2)
                                                       : context_.dice.Between(milliseconds(50), seconds(2)));
      break;
    case Fault::kShimKilled:
      happened = machine->KillShim();
      break;
    case Fault::kTrainerKilled:
      happened = machine->KillTrainer();
      break;
    case Fault::kShimAndTrainerKilled:
      happened = machine->KillBoth();
      break;
    case Fault::kTrainerFrozen:
      happened = machine->FreezeTrainer(context_.dice.Between(seconds(1), kLease));
      break;
    case Fault::kWorkerDiskFull:
      machine->SetDiskFull(true);
      context_.agenda.After(context_.dice.Between(seconds(1), kLease),
                            [machine] { machine->SetDiskFull(false); });
      break;
    case Fault::kWorkerAsleep:
      machine->SleepUntil(context_.agenda.now() + context_.dice.Between(seconds(1), kLease * 2));
      break;
    case Fault::kWorkerDrained:
      node->worker->Drain();
      StartWorkerLater(node, context_.dice.Between(seconds(5), seconds(15)));
      break;
    default:
      return;
  }
  if (happened) Met(fault, machine->id());
}

void World::DisturbCoordinator(Fault fault) {
  SimulatedDisk& disk = coordinator_.disk();
  const Time now = context_.agenda.now();
  switch (fault) {
    // These are met when the process gets there.
    case Fault::kCrashBeforeCommit:
      return coordinator_.CrashAt(CrashPoint::kBeforeCommit);
    case Fault::kCrashInsideCommit:
      return coordinator_.CrashAt(CrashPoint::kInsideCommit);
    case Fault::kCrashBeforeSend:
      return coordinator_.CrashAt(CrashPoint::kBeforeSend);
    case Fault::kCrashInsideMetricsCommit:
      return coordinator_.CrashAt(CrashPoint::kInsideMetricsCommit);
    case Fault::kCrashBetweenMetricsAndEngine:
      return coordinator_.CrashAt(CrashPoint::kBetweenMetricsAndEngine);
    case Fault::kMetricsDiskError:
      return coordinator_.FailNextMetricsCommit();
    case Fault::kCoordinatorDiskError:
      disk.FailAt(1 + static_cast<int64_t>(context_.dice.Below(20)));
      break;
    case Fault::kCrashWhileOpening:
      if (!coordinator_.up()) return;
      coordinator_.Die();
      return coordinator_.CrashAt(CrashPoint::kWhileOpening);
    case Fault::kCoordinatorDiskFull:
      disk.SetCapacity(disk.used_bytes() + static_cast<int64_t>(context_.dice.Below(20000)));
      context_.agenda.After(context_.dice.Between(seconds(1), kLease), [&disk] { disk.SetCapacity(-1); });
      break;
    case Fault::kCoordinatorDiskSlow:
      disk.SetSyncTime(context_.dice.Between(milliseconds(50), milliseconds(1500)));
      context_.agenda.After(context_.dice.Between(seconds(1), kLease),
                            [&disk] { disk.SetSyncTime(Duration(0)); });
      break;
    case Fault::kClockForward:
      coordinator_.JumpClock(context_.dice.Chance(0.5) ? context_.dice.Between(seconds(1), seconds(30))
                                                       : context_.dice.Between(minutes(1), hours(3)));
      break;
    case Fault::kClockBack:
      coordinator_.JumpClock(-(context_.dice.Chance(0.5) ? context_.dice.Between(seconds(1), seconds(30))
                                                         : context_.dice.Between(minutes(1), hours(3))));
      break;
    case Fault::kCoordinatorAsleep:
      coordinator_.SleepUntil(now + context_.dice.Between(seconds(1), kLease * 2));
      break;
    default:
      if (!coordinator_.up()) return;
      if (fault == Fault::kCoordinatorKilled) coordinator_.Die();
      if (fault == Fault::kCoordinatorPowerCut)
        coordinator_.Die(context_.dice.Chance(0.5) ? PowerCut::kNothing : PowerCut::kSomePages);
      if (fault == Fault::kCoordinatorTornWrite) coordinator_.Die(PowerCut::kSomeSectors);
      if (fault == Fault::kMetricsThrownAway) coordinator_.ThrowMetricsAway();
      if (fault == Fault::kBackupRestored) {
        if (!coordinator_.has_backup()) return;
        coordinator_.RestoreBackup();
        client_.NoteRestored();
      }
      break;
  }
  Met(fault, "coordinator");
}

}  // namespace optfleet::simulation
