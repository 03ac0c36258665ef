import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Counters } from '../../../src/base/counters.ts'
import { SysTree } from '../../../src/metrics/sys.ts'

function tree() {
  const counters = new Counters()
  let seconds = 0
  const sys = new SysTree({
    counters,
    version: '1.2.3',
    uptime: () => seconds,
    store: () => 'ok',
    certificates: () => [['mqtts://*:8883', 0]],
  })
  const pass = (more: number) => {
    seconds += more
    return new Map(sys.changed(more))
  }
  return { counters, pass }
}

test('the first values are those of every topic, under the names of Mosquitto', () => {
  const values = tree().pass(0)
  assert.equal(values.get('$SYS/broker/version'), 'petaltail version 1.2.3')
  assert.equal(values.get('$SYS/broker/uptime'), '0 seconds')
  const known = [
    'clients/total',
    'clients/connected',
    'clients/disconnected',
    'clients/maximum',
    'messages/received',
    'messages/sent',
    'publish/messages/received',
    'publish/messages/sent',
    'publish/messages/dropped',
    'bytes/received',
    'bytes/sent',
    'subscriptions/count',
    'retained messages/count',
    'store/messages/count',
    'load/messages/received/1min',
    'load/publish/sent/15min',
  ]
  for (const name of known) assert.match(values.get(`$SYS/broker/${name}`) ?? '', /^\d/, name)
})

test('later only what changed is said', () => {
  const { counters, pass } = tree()
  pass(0)
  counters.publishReceived = 5
  const changes = pass(10)
  assert.equal(changes.get('$SYS/broker/publish/messages/received'), '5')
  assert.equal(changes.get('$SYS/broker/uptime'), '10 seconds')
  assert.equal(changes.has('$SYS/broker/version'), false)
  assert.equal(changes.has('$SYS/broker/bytes/sent'), false)
})

test('a steady load is what the averages come to, the shortest first', () => {
  const { counters, pass } = tree()
  pass(0)
  let last = new Map<string, string>()
  for (let round = 0; round < 360; round++) {
    counters.packetsReceived += 100
    last = new Map([...last, ...pass(10)])
    if (round === 5) {
      const [one = 0, five = 0] = [1, 5].map((minutes) => average(last, minutes))
      assert.ok(one > five && five > 0 && one < 600)
    }
  }
  assert.equal(average(last, 1), 600)
  assert.ok(Math.abs(average(last, 15) - 600) < 15)
})

function average(values: ReadonlyMap<string, string>, minutes: number): number {
  return Number(values.get(`$SYS/broker/load/messages/received/${minutes}min`))
}
