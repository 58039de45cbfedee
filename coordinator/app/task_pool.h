// Threads that run short tasks from one bounded queue, in the order of posting.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace optfleet::app {

class TaskPool {
 public:
  // A task gets the number of its thread, from 0. Tasks of one number never run at the same time.
  using Task = std::function<void(size_t thread)>;

  TaskPool(size_t threads, size_t queue_limit);
  // As Stop.
  ~TaskPool();
  TaskPool(const TaskPool&) = delete;
  TaskPool& operator=(const TaskPool&) = delete;

  // False if the queue is full or the pool was stopped; the task is dropped then. Any thread.
  bool Post(Task task);

  // Takes no more tasks, runs those that wait, and ends the threads. Not from a task.
  void Stop();

  size_t depth() const;
  size_t limit() const { return queue_limit_; }

 private:
  void Run(size_t thread);

  const size_t queue_limit_;
  mutable std::mutex mutex_;  // guards the next three
  std::condition_variable changed_;
  std::deque<Task> tasks_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;  // last: they use the members above
};

}  // namespace optfleet::app
