import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { connectAsync } from 'mqtt'
import { peers, petaltail, type Setup } from '../../../src/cli/bench/brokers.ts'

const mosquitto = peers.mosquitto?.() ?? null
const noProc = existsSync('/proc/self/cmdline') ? false : 'this system has no /proc'
const noMosquitto = mosquitto === null ? 'mosquitto is not installed' : noProc

/** Starts a broker, has it hold a retained message, and shows `look` its command line. */
async function running<T>(setup: Setup, look: (commandLine: readonly string[]) => Promise<T> | T): Promise<T> {
  const { host, port, pids, stop } = await setup.start()
  try {
    const client = await connectAsync({ host, port, protocolVersion: 4 })
    await client.publishAsync('kept/topic', 'x', { qos: 1, retain: true })
    await client.endAsync()
    return await look(readFileSync(`/proc/${pids[0]}/cmdline`, 'utf8').split('\0'))
  } finally {
    await stop()
  }
}

function folderOf(commandLine: readonly string[]): string {
  return dirname(commandLine.find((argument) => /petaltail-bench-.*\.(conf|yaml)$/.test(argument)) ?? '')
}

async function holds(file: string, text: string): Promise<void> {
  while (!existsSync(file) || !readFileSync(file).includes(text))
    await new Promise((resolve) => setTimeout(resolve, 10))
}

test('without a store this broker is told to have none', { skip: noProc }, async () => {
  await running(petaltail(), (commandLine) => {
    assert.equal(commandLine[commandLine.indexOf('--store') + 1], 'memory')
    assert.deepEqual(readdirSync(folderOf(commandLine)), ['petaltail.yaml'])
  })
})

test('with a store this broker has a fresh one of its own, which goes when it ends', { skip: noProc }, async () => {
  const stores: string[] = []
  for (const setup of petaltail().durable) {
    await running(setup, (commandLine) => {
      const store = commandLine[commandLine.indexOf('--store') + 1] ?? ''
      assert.equal(dirname(store), folderOf(commandLine))
      assert.ok(readdirSync(store).length > 0)
      stores.push(store)
    })
  }
  assert.equal(stores.length, 1)
  for (const store of stores) assert.equal(existsSync(dirname(store)), false)
})

test('mosquitto told to save on changes has saved what it acknowledged', {
  skip: noMosquitto,
  timeout: 20_000,
}, async () => {
  const setup = mosquitto!.durable.at(-1)
  assert.ok(setup !== undefined)
  await running(setup, (commandLine) => holds(join(folderOf(commandLine), 'mosquitto.db'), 'kept/topic'))
})

test('mosquitto in memory writes nothing', { skip: noMosquitto }, async () => {
  await running(mosquitto!, (commandLine) => {
    assert.deepEqual(readdirSync(folderOf(commandLine)), ['mosquitto.conf'])
  })
})
