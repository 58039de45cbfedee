"""Where a long step stands: one line that moves on a terminal, a plain line now and then where the output is kept."""
import sys
import time


class Progress:
    def __init__(self, name: str, total_bytes: int, every: float, done_bytes: int = 0):
        self._name, self._total, self._every = name, max(total_bytes, 1), every
        self._done, self._before = done_bytes, done_bytes
        self._began = time.monotonic()
        self._next = self._began + every
        self._live = sys.stdout.isatty()

    def add(self, size: int) -> None:
        self._done += size
        now = time.monotonic()
        if now >= self._next or self._live:
            self._next = now + self._every
            self._show(now)

    def _show(self, now: float) -> None:
        rate = (self._done - self._before) / max(now - self._began, 1e-9)
        left = (self._total - self._done) / rate if rate > 0 else 0
        line = (f"{self._name:<10} {100 * self._done / self._total:3.0f} %  {self._done / 1e6:,.1f} of {self._total / 1e6:,.1f} MB"
                f"  {rate / 1e6:.1f} MB/s  {int(left) // 60}:{int(left) % 60:02d} left")
        print(f"\r{line:<78}" if self._live else line, end="" if self._live else "\n", flush=True)

    def end(self, text: str) -> None:
        line = f"{self._name:<10} {text}"
        print(f"\r{line:<78}" if self._live else line, flush=True)
