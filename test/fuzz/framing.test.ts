import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Framer } from '../../src/packet/framer.ts'
import { fc } from '../kit/fast-check.ts'
import { edits, versioned } from './client-packets.ts'
import { edited } from './edit.ts'
import { encodeClient } from './encode-client.ts'

/** What came out of a framer, and in which order. */
type Log = string[]

const maximum = 100_000
const stream = fc
  .array(
    fc.oneof(
      versioned.map(({ version, client }) => encodeClient(version, client)),
      fc.constantFrom(Buffer.from([0xc0, 0]), Buffer.from([0xe0, 0])),
    ),
    { maxLength: 8 },
  )
  .map((packets) => Buffer.concat(packets))
const damaged = fc.oneof(
  fc.tuple(stream, edits).map(([bytes, damage]) => edited(bytes, damage)),
  fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array)),
)
const cuts = fc.array(fc.nat(), { maxLength: 12 })

/** Cuts a stream in reads; the last cut makes it come byte by byte. */
function split(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end))
}

function oneByOne(bytes: Buffer): Buffer[] {
  return [...bytes].map((byte) => Buffer.from([byte]))
}

/** Feeds reads from one buffer that is overwritten after each; the sink says stop before each of these packets. */
function frame(reads: readonly Buffer[], stops: ReadonlySet<number> = new Set()): Log {
  const log: Log = []
  let stopped = false
  const sink = {
    packet(first: number, bytes: Buffer, start: number, end: number): boolean {
      log.push(`${first.toString(16)}:${bytes.toString('hex', start, end)}`)
      stopped = stops.has(log.length)
      return !stopped
    },
    // Which of the causes it is may depend on the split: a length that is too large may become too long.
    unframed(): void {
      log.push('unframed')
    },
  }
  const framer = new Framer(sink, maximum)
  const shared = Buffer.alloc(1_000_000)
  for (const read of reads) {
    shared.fill(0xc0, 0, read.length + 64)
    read.copy(shared)
    framer.feed(shared, read.length)
    if (log.at(-1) === 'unframed') return log
    while (stopped) {
      stopped = false
      framer.resume()
    }
  }
  return log
}

test('any split of a stream of valid packets gives the same packets', () => {
  fc.assert(
    fc.property(stream, cuts, (bytes, places) => {
      const whole = frame([bytes])
      assert.deepEqual(frame(split(bytes, places)), whole)
      assert.deepEqual(frame(oneByOne(bytes)), whole)
    }),
    { numRuns: 200 },
  )
})

test('any split of a damaged stream gives the same packets and the same end', () => {
  fc.assert(
    fc.property(damaged, cuts, (bytes, places) => {
      const whole = frame([bytes])
      assert.deepEqual(frame(split(bytes, places)), whole)
      assert.deepEqual(frame(oneByOne(bytes)), whole)
    }),
    { numRuns: 500 },
  )
})

test('a sink that stops and goes on gets the same packets', () => {
  fc.assert(
    fc.property(stream, cuts, fc.array(fc.integer({ min: 1, max: 9 })), (bytes, places, stops) => {
      assert.deepEqual(frame(split(bytes, places), new Set(stops)), frame([bytes]))
    }),
    { numRuns: 200 },
  )
})
