/** Time for the whole broker. A coarse clock: `now` is refreshed once per event-loop turn that does work, not per call. */
export interface Clock {
  /** Milliseconds of a clock that never goes back; its zero is arbitrary. */
  now(): number
  /** Wall-clock milliseconds since 1970 that correspond to `now()`. */
  wall(): number
  /** Reads the system clock anew. Cheap, called at the start of a turn. */
  refresh(): void
  /** Calls `tick` about every `ms` milliseconds until the returned function is called; never keeps the process alive. */
  every(ms: number, tick: () => void): () => void
}

export function systemClock(): Clock {
  return new SystemClock()
}

class SystemClock implements Clock {
  readonly #origin = performance.timeOrigin
  #now = performance.now()

  now(): number {
    return this.#now
  }

  wall(): number {
    return this.#origin + this.#now
  }

  refresh(): void {
    this.#now = performance.now()
  }

  every(ms: number, tick: () => void): () => void {
    const timer = setInterval(() => {
      this.refresh()
      tick()
    }, ms)
    timer.unref()
    return () => clearInterval(timer)
  }
}
