import { monotonic } from './time.ts'

const stallAfter = 5_000
const lookEvery = 1

export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Waits until `value` reaches `goal`; false when it stands still for five seconds before that. */
export async function progress(value: () => number, goal: number): Promise<boolean> {
  let last = value()
  let since = monotonic()
  while (last < goal) {
    await wait(lookEvery)
    const now = value()
    if (now !== last) since = monotonic()
    else if (monotonic() - since > stallAfter) return false
    last = now
  }
  return true
}
