import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Reason, reasonName } from '../../../src/packet/reason.ts'

test('a reason is named in the words of the specification', () => {
  assert.equal(reasonName(Reason.NotAuthorized), 'not authorized')
  assert.equal(reasonName(Reason.QosNotSupported), 'QoS not supported')
  assert.equal(reasonName(0x97), 'quota exceeded')
})

test('a code without a name is written as hexadecimal', () => {
  assert.equal(reasonName(0x03), '0x03')
  assert.equal(reasonName(0xff), '0xff')
})
