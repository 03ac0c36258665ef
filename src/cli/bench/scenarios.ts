import { decide, refusals, ruled } from './access-scenarios.ts'
import { against, type Bar, idle, type Scenario, usual } from './scenario.ts'

const smallCrowd = { clients: 50 }
/** Every scenario, in the order they run. */
export const scenarios: readonly Scenario[] = [
  pipe(0, 1 / 8),
  pipe(1, 1 / 10),
  pipe(2, 1 / 6),
  fanout(0, 1 / 8),
  fanout(1, 1 / 6),
  {
    name: 'fanin',
    title: '1000 publishers, 10 messages a second each, to one subscriber, QoS 0, open loop',
    load: { ...idle, kind: 'fanin', clients: 1_000, rate: 10 },
    small: smallCrowd,
    bars: [against('cpu', 1), against('p99', 1.5)],
    ...usual,
  },
  {
    name: 'sparse',
    title: '1000 pairs, 5 messages a second each, QoS 0, open loop',
    load: { ...idle, kind: 'sparse', clients: 1_000, rate: 5 },
    small: smallCrowd,
    bars: [against('cpu', 1), against('p99', 1.5)],
    ...usual,
  },
  {
    name: 'conn',
    title: '10,000 idle connections',
    load: { ...idle, clients: 10_000 },
    small: { clients: 500 },
    bars: [against('cpu', 4), { figure: 'rssEach', of: 'itself', limit: 12 * 1_024 }],
    ...usual,
  },
  encrypted('conntls', 'a full TLS handshake each', [
    against('cpu', 2.2),
    { figure: 'rssEach', of: 'itself', limit: 48 * 1_024 },
  ]),
  encrypted('conntls-resumed', 'a resumed TLS session each', [against('cpu', 1)]),
  subs('subs', 100_000, [
    against('cpu', 1 / 4),
    against('subscribeCpu', 1 / 4),
    { figure: 'rssEach', of: 'itself', limit: 600 },
  ]),
  {
    name: 'retained',
    title: '100,000 retained messages stored with QoS 1, then replayed to one subscriber',
    load: { ...idle, kind: 'retained', amount: 100_000 },
    small: { amount: 2_000 },
    bars: [against('storeCpu', 1 / 2), against('replayCpu', 1 / 2)],
    ...usual,
  },
  {
    name: 'offline',
    title: '100,000 QoS 1 messages queued for an absent session, then taken by it; window 100',
    load: { ...idle, kind: 'offline', qos: 1, clients: 4, window: 100, amount: 100_000 },
    small: { amount: 2_000 },
    bars: [],
    ...usual,
  },
  {
    name: 'durable-offline',
    title: '100,000 QoS 1 messages queued for an absent session, then taken by it; window 100',
    load: { ...idle, kind: 'offline', qos: 1, clients: 4, window: 100, amount: 100_000 },
    small: { amount: 2_000 },
    bars: [{ figure: 'queueRate', of: 'itself', limit: 40_000 }, against('queueCpu', 1), against('drainRate', 1)],
    ...usual,
    durable: true,
  },
  online(fanout(1, 1), 'durable-fanout', 1.5),
  online(pipe(1, 1), 'durable-pipe', 2),
  ruled(pipe(0, 1)),
  ruled(pipe(1, 1)),
  ruled(fanout(0, 1)),
  refusals(ruled(pipe(0, 1))),
  decide('decide-users', 'sections of users in an access control file of Mosquitto'),
  decide('decide-ordered', 'ordered rules'),
  decide('decide-roles', 'role patterns'),
  decide('decide-spaces', 'topic spaces, client groups and permission bindings'),
  {
    name: 'durable-offline-1m',
    title: '1,000,000 QoS 1 messages of 200 bytes queued for an absent session, then taken by it; window 100',
    load: { ...idle, kind: 'offline', qos: 1, clients: 4, window: 100, amount: 1_000_000, payloadBytes: 200 },
    small: { amount: 2_000 },
    bars: [{ figure: 'rssEach', of: 'itself', limit: 100 }],
    long: true,
    alone: false,
    durable: true,
  },
  { ...subs('subs-10k', 10_000, []), long: true, alone: true },
  {
    ...subs('subs-1m', 1_000_000, [
      { figure: 'cpu', of: 'subs-10k', limit: 1.5 },
      { figure: 'subscribeCpu', of: 'subs-10k', limit: 1.5 },
      { figure: 'rssEach', of: 'itself', limit: 600 },
    ]),
    long: true,
    alone: true,
  },
]

/** The scenarios whose name is, or begins with, one of `names`; the usual ones without names. Null names a mistake. */
export function chosen(names: readonly string[], long: boolean): readonly Scenario[] | { readonly unknown: string } {
  if (names.length === 0) return scenarios.filter((scenario) => long || !scenario.long)
  const unknown = names.find((name) => !scenarios.some((scenario) => matches(scenario, name)))
  if (unknown !== undefined) return { unknown }
  return scenarios.filter((scenario) =>
    names.some((name) => scenario.name === name || (matches(scenario, name) && (long || !scenario.long))),
  )
}

function matches(scenario: Scenario, name: string): boolean {
  return scenario.name === name || scenario.name.startsWith(`${name}-`)
}

function pipe(qos: number, limit: number): Scenario {
  return {
    name: `pipe-${qos}`,
    title: `4 publishers to one subscriber each, QoS ${qos}, window 1000`,
    load: { ...idle, kind: 'pipe', qos, clients: 4 },
    small: { window: 100 },
    bars: [against('cpu', limit)],
    ...usual,
  }
}

function fanout(qos: number, limit: number): Scenario {
  return {
    name: `fanout-${qos}`,
    title: `one publisher to 1000 subscribers, QoS ${qos}, window 10`,
    load: { ...idle, kind: 'fanout', qos, clients: 1_000, window: 10 },
    small: smallCrowd,
    bars: [against('cpu', limit)],
    ...usual,
  }
}

/** The same to persistent sessions that stay connected, kept on disk: `limit` is what they may cost beside clean ones. */
function online(scenario: Scenario, name: string, limit: number): Scenario {
  return {
    ...scenario,
    name,
    title: `${scenario.title}, persistent sessions online`,
    load: { ...scenario.load, persistent: true },
    bars: [{ figure: 'cpu', of: 'clean', limit }],
    durable: true,
  }
}

function encrypted(name: 'conntls' | 'conntls-resumed', how: string, bars: readonly Bar[]): Scenario {
  return {
    name,
    title: `5,000 idle connections over TLS, ${how}`,
    load: { ...idle, kind: name, clients: 5_000 },
    small: { clients: 200 },
    bars,
    ...usual,
  }
}

function subs(name: string, amount: number, bars: readonly Bar[]): Scenario {
  return {
    name,
    title: `${amount.toLocaleString('en')} filters of one client, then 100,000 messages that match one each, QoS 0`,
    load: { ...idle, kind: 'subs', amount, messages: 100_000 },
    small: { amount: 2_000, messages: 2_000 },
    bars,
    ...usual,
  }
}
