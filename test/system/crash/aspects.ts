import { after, before, describe } from 'node:test'
import { type End, ends, Stage } from './broker-process.ts'

/** One thing that outlives the broker: made before it ends, looked at when it is back. */
export interface Aspect {
  /** A sentence, to which the way down is added. */
  readonly title: string
  /** Resolves with what looks. Clients left connected are so when the broker ends. */
  prepare(stage: Stage): Promise<() => Promise<void>>
}

const words: Readonly<Record<End, string>> = { SIGKILL: 'after kill -9', SIGTERM: 'after an orderly stop' }

/** `test` of the file that has the aspects, so that it is known where they are. */
type Register = (title: string, look: () => Promise<void>) => unknown

/** A test of each aspect for each way down; they share one broker, one restart and the time it is down. */
export function outlive(milliseconds: number, aspects: readonly Aspect[], register: Register): void {
  describe('what outlives the broker', { concurrency: ends.length }, () => {
    for (const end of ends)
      describe(words[end], { concurrency: 1 }, () => outliveOne(end, milliseconds, aspects, register))
  })
}

function outliveOne(end: End, milliseconds: number, aspects: readonly Aspect[], register: Register): void {
  let stage: Stage | null = null
  const looks: PromiseSettledResult<() => Promise<void>>[] = []

  before(async () => {
    const opened = (stage = await Stage.open())
    for (const aspect of aspects) looks.push(...(await Promise.allSettled([aspect.prepare(opened)])))
    await opened.stored()
    await opened.restart(end, milliseconds)
  })

  after(async () => await stage?.[Symbol.asyncDispose]())

  for (const [index, { title }] of aspects.entries()) {
    register(`${title}, ${words[end]}`, async () => {
      const look = looks[index]
      if (look?.status === 'rejected') throw look.reason
      await look?.value()
    })
  }
}
