#pragma once

#include <atomic>
#include <mutex>

#include "actors/gateway.hpp"

namespace sluice::actors {

/// The gate as this node knows it. Written by the gate actor, read by anybody;
/// what each request and each claim asks costs no lock. Thread-safe.
class gate_board {
public:
  gate_view get() const {
    std::lock_guard lock(mutex_);
    return view_;
  }

  void set(gate_view view) {
    ingest_ = view.state.ingest;
    processing_ = view.state.processing;
    retry_after_ = view.state.retry_after;
    std::lock_guard lock(mutex_);
    view_ = std::move(view);
  }

  db::ingest_mode ingest() const { return ingest_; }
  std::chrono::seconds retry_after() const { return retry_after_; }

  /// Whether items may be claimed.
  bool is_claiming() const { return is_claiming(processing_); }
  static bool is_claiming(db::processing_mode processing) {
    switch (processing) {
    case db::processing_mode::running:
    case db::processing_mode::draining:
      return true;
    case db::processing_mode::paused:
    case db::processing_mode::drained:
      return false;
    }
    return false;
  }

private:
  std::atomic<db::ingest_mode> ingest_{db::ingest_mode::async};
  std::atomic<db::processing_mode> processing_{db::processing_mode::running};
  std::atomic<std::chrono::seconds> retry_after_{std::chrono::seconds(0)};
  mutable std::mutex mutex_;
  gate_view view_;
};

} // namespace sluice::actors
