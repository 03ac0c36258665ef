import type { Worker } from 'node:worker_threads'
import type { Figures, Job } from './load.ts'

/** What the generator answers. */
export type Outcome = { readonly figures: Figures } | { readonly error: string }

/** Whether a message of another process or thread is a job. Only our own programs send them: the shape is told by its fields. */
export function isJob(value: unknown): value is Job {
  return hasFields(value, ['load', 'host', 'port', 'pids', 'seconds', 'warmup'])
}

export function isFigures(value: unknown): value is Figures {
  return (
    typeof value === 'object' && value !== null && Object.values(value).every((figure) => typeof figure === 'number')
  )
}

export function isOutcome(value: unknown): value is Outcome {
  if (hasFields(value, ['figures'])) return isFigures(value.figures)
  return hasFields(value, ['error']) && typeof value.error === 'string'
}

export function hasFields<Name extends string>(value: unknown, names: readonly Name[]): value is Record<Name, unknown> {
  return typeof value === 'object' && value !== null && names.every((name) => name in value)
}

/** The next message of a thread; rejects when the thread fails instead. */
export function answerOf(thread: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    thread.once('message', resolve)
    thread.once('error', reject)
  })
}
