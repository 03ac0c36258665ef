import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { hashPassword } from '../../src/authn/password/hash.ts'
import { Canary } from '../fuzz/canary.ts'
import { v4, v5 } from '../kit/packets.ts'
import { WireClient } from '../kit/wire-client.ts'
import { type Bearing, Site } from './identity-kit.ts'

// Somebody guesses as fast as they can, at the same address as everybody else.
const perSecond = 300
const seconds = 3
const songs = 150
const maximumDelay = 1_000
/** How long a machine that is busy with something else, too, may take beyond what must be waited for. */
const grace = 4_000
const megabyte = 1_048_576

async function open(): Promise<Site> {
  const hash = await hashPassword('argon2id', Buffer.from('right'))
  const users = ['victim', 'device', 'stranger', 'canary'].map((name) => `${name}:${hash}\n`)
  return await Site.open({
    config: (_at, write) => ({
      authentication: { failures: { maximum_delay: `${maximumDelay}ms` } },
      authenticators: [{ password: { file: write('users', users.join('')) } }],
      listeners: [
        { url: 'mqtt://127.0.0.1:0' },
        { url: 'mqtt://127.0.0.1:0', authenticators: [], allow_anonymous: true },
      ],
    }),
  })
}

/** What the guesses of a storm say of themselves. */
interface Guess {
  readonly username: string
  readonly clientId: string
}

/** Wrong passwords, so many in a second, until it is ended. */
class Storm implements AsyncDisposable {
  readonly codes = new Map<number, number>()
  sent = 0
  #over = false
  readonly #done: Promise<void>

  constructor(site: Site, guess: (number: number) => Guess) {
    this.#done = this.#rage(site.port(), guess)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true
    await this.#done
  }

  async #rage(port: number, guess: (number: number) => Guess): Promise<void> {
    const sockets = new Set<ReturnType<typeof connect>>()
    for (const start = performance.now(); !this.#over; await sleep(5)) {
      for (const due = ((performance.now() - start) / 1_000) * perSecond; this.sent < due; this.sent++) {
        const socket = connect({ host: '127.0.0.1', port })
        sockets.add(socket)
        socket.on('error', () => {})
        socket.on('close', () => sockets.delete(socket))
        socket.once('data', (packet) => this.#answered(packet[3] ?? -1))
        socket.write(v5.connect({ ...guess(this.sent), password: `wrong ${this.sent}` }))
      }
    }
    for (const socket of sockets) socket.destroy()
  }

  #answered(code: number): void {
    this.codes.set(code, (this.codes.get(code) ?? 0) + 1)
  }
}

/** Milliseconds that 95 of 100 songs take at the most. */
async function latency(canary: Canary): Promise<number> {
  const times: number[] = []
  for (let song = 0; song < songs; song++) {
    const start = performance.now()
    await canary.sing(1)
    times.push(performance.now() - start)
    await sleep(2)
  }
  return times.toSorted((one, other) => one - other)[Math.floor(songs * 0.95)] ?? 0
}

async function canaryOf(site: Site): Promise<Canary> {
  const wires = [0, 1].map(async () => new WireClient(await site.socket({ listener: 1 }), v4))
  const [writer, reader] = await Promise.all(wires)
  return await Canary.begin(writer ?? assert.fail(), reader ?? assert.fail(), 'canary')
}

/** Milliseconds until it is let in, trying again when it is told to. */
async function entrance(site: Site, username: string, bearing: Bearing = {}): Promise<number> {
  const start = performance.now()
  for (;;) {
    const { code } = await site.knock({ username, password: 'right', clientId: username }, bearing)
    if (code === 0) return performance.now() - start
    assert.ok(code === 0x9f || code === 0x89, `${username} got ${code}`)
    await sleep(50)
  }
}

function memory(site: Site): number {
  const status = `/proc/${site.pid}/status`
  if (!existsSync(status)) return 0
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(status, 'utf8'))?.[1] ?? 0) * 1_024
}

const storms: Readonly<Record<string, (number: number) => Guess>> = {
  'one name': () => ({ username: 'victim', clientId: 'victim' }),
  'one name with many client identifiers': (number) => ({ username: 'victim', clientId: `guess ${number}` }),
  'many names': (number) => ({ username: `guess ${number}`, clientId: `guess ${number}` }),
}

for (const [title, guess] of Object.entries(storms)) {
  test(`a storm of wrong passwords under ${title} is slowed down, and neither others nor memory notice`, async () => {
    await using site = await open()
    const canary = await canaryOf(site)
    await entrance(site, 'device')
    await canary.sing(100)
    const quiet = await latency(canary)
    const before = memory(site)
    let sent = 0
    let looked = 0
    {
      await using storm = new Storm(site, guess)
      const busy = await latency(canary)
      // On a machine that is busy with something else, too, the canary is slow in any weather.
      assert.ok(busy < Math.max(50, quiet * 5), `${busy} ms in the storm, ${quiet} ms before`)
      while (storm.sent < perSecond * seconds) {
        const waited = await entrance(site, 'device')
        assert.ok(waited < maximumDelay + grace, `a device that was known waited ${waited} ms`)
        await canary.sing(1)
        await sleep(100)
      }
      sent = storm.sent
      looked = storm.codes.get(0x86) ?? 0
      assert.ok((storm.codes.get(0) ?? 0) === 0)
    }
    assert.ok(looked < sent / 5, `${looked} of ${sent} guesses were looked at`)
    const grown = memory(site) - before
    assert.ok(grown < 128 * megabyte, `${grown / megabyte} MiB more`)
    const lines = site.lines().filter(({ msg }) => msg === 'connection refused').length
    assert.ok(lines < sent / 3, `${lines} lines in the log for ${sent} guesses`)
    await canary.sing(10)
    canary.destroy()
  })
}
