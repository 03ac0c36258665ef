import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import { parse } from 'yaml'
import { fileSchema } from '../../../src/config/json-schema.ts'
import { load } from './kit.ts'

const accepts = new Ajv({ strict: false }).compile(fileSchema())

function same(text: string, expected: boolean): void {
  assert.equal(accepts(parse(text)), expected, text)
  let loaded = true
  try {
    load(text)
  } catch {
    loaded = false
  }
  assert.equal(loaded, expected, text)
}

test('the schema for editors and the broker accept the same files', () => {
  const good = [
    '{}',
    'listeners: [mqtt://127.0.0.1:1]',
    'listeners: [{ url: "unix:/a", mode: "0600" }]',
    'limits: { maximum_packet_size: 4096, message_rate: none }',
    'limits: { maximum_packet_size: 256KiB }',
    'session: { maximum_expiry: never }',
    'shutdown_timeout: 0.5',
    'features: { maximum_qos: 1, sys_interval: 1m }',
  ]
  for (const text of good) same(text, true)
})

test('the schema for editors and the broker refuse the same mistakes of form', () => {
  const bad = [
    'a: 1',
    'limits: { maximumPacketSize: 1 }',
    'limits: { maximum_packet_size: 1 }',
    'limits: { maximum_packet_size: 4 KiB }',
    'listeners: [{ name: a }]',
    'log: { level: loud }',
    'features: { maximum_qos: 3 }',
    'queue: { qos0: 1 }',
  ]
  for (const text of bad) same(text, false)
})

test('the example in the documentation is valid', () => {
  const text = readFileSync(new URL('../../../docs/options.md', import.meta.url), 'utf8')
  const example = /```yaml\n([\s\S]*?)```/.exec(text)?.[1] ?? ''
  assert.equal(load(example).listeners.length, 2)
  assert.ok(accepts(parse(example)))
})
