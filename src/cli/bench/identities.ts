import { createHash } from 'node:crypto'
import type { Fleet } from './fleet.ts'

/** How many clients the files know, each with one rule of its own. */
const identities = 10_000
/** Where those begin that take part in `fanout`; those before take part in `pipe`, two and two. */
const firstOfFanout = 5_000
const password = 'bench'

/** A file of users and passwords that Mosquitto and this broker read. Salted SHA-512: checking one must not take long. */
export function usersText(): string {
  const salt = Buffer.from('of 12 bytes:')
  const digest = createHash('sha512').update(password).update(salt).digest('base64')
  return lines((index) => `${userName(index)}:$6$${salt.toString('base64')}$${digest}`)
}

/** Access rules that both read: everybody may use the topic of its pair, or that of the fan-out, and nothing else. */
export function rulesText(): string {
  return lines((index) => `user ${userName(index)}\ntopic readwrite ${topicOf(index)}`)
}

function topicOf(index: number): string {
  return index < firstOfFanout ? `pipe/${Math.floor(index / 2)}/#` : 'fanout/data'
}

/** Names for `pairs` subscribers and their publishers; links beyond them get names of other pairs. */
export function namePairs({ links }: Fleet, pairs: number): void {
  for (const { index, login } of links) {
    login.username = userName(index < pairs ? 2 * index : index < 2 * pairs ? 2 * (index - pairs) + 1 : index)
    login.password = password
  }
}

/** Names for those who take part in a fan-out. */
export function nameFanout({ links }: Fleet): void {
  for (const { index, login } of links) {
    login.username = userName(firstOfFanout + index)
    login.password = password
  }
}

function userName(index: number): string {
  return `user-${index}`
}

function lines(line: (index: number) => string): string {
  return `${Array.from({ length: identities }, (_, index) => line(index)).join('\n')}\n`
}
