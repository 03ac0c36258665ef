import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CommitPatience } from '../../../src/store/commit-patience.ts'

/** One millisecond: so many copies come, and so many are acknowledged. */
function pass(patience: CommitPatience, added: number, settled: number, spared = true): boolean {
  for (let count = 0; count < added; count++) patience.added()
  for (let count = 0; count < settled; count++) patience.settled(spared)
  return patience.worthwhile()
}

test('a batch waits while much comes and is acknowledged, and not when little comes or nobody acknowledges', () => {
  assert.equal(pass(new CommitPatience(), 2_000, 2_000), true)
  assert.equal(pass(new CommitPatience(), 2_000, 900), false)
  assert.equal(pass(new CommitPatience(), 100, 100), false)
  const patience = new CommitPatience()
  for (let turn = 0; turn < 50; turn++) assert.equal(pass(patience, 10, 10), false)
})

test('what comes and what is acknowledged may take turns', () => {
  const patience = new CommitPatience()
  for (let turn = 0; turn < 5; turn++) {
    pass(patience, 4_000, 0)
    pass(patience, 0, 4_000)
  }
  for (let turn = 0; turn < 20; turn++) {
    assert.equal(pass(patience, 4_000, 0), true)
    assert.equal(pass(patience, 0, 4_000), true)
  }
})

test('a batch leaves soon when nothing more comes: publishers may be waiting for it', () => {
  const patience = new CommitPatience()
  for (let turn = 0; turn < 5; turn++) pass(patience, 4_000, 4_000)
  let waited = 0
  while (pass(patience, 0, 0)) waited++
  assert.ok(waited < 5, `${waited} looks`)
})

test('when acknowledgements come too late to spare anything, nothing is waited for until it is tried again', () => {
  const patience = new CommitPatience()
  assert.equal(pass(patience, 4_000, 4_000, false), true)
  patience.leaves()
  let batches = 0
  while (!pass(patience, 4_000, 4_000, false)) {
    patience.leaves()
    batches++
  }
  assert.ok(batches >= 50 && batches <= 500, `${batches} batches`)
  for (let turn = 0; turn < 500; turn++) {
    patience.leaves()
    pass(patience, 4_000, 4_000, true)
  }
  patience.leaves()
  assert.equal(pass(patience, 4_000, 4_000, true), true)
})
