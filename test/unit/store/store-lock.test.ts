import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { holderOf } from '../../../src/store/store-holder.ts'
import { StoreLock } from '../../../src/store/store-lock.ts'
import { StoreFolder } from './filled-store.ts'

const module = fileURLToPath(new URL('../../../src/store/store-lock.ts', import.meta.url))

/** Takes the lock again and again; says on a line how often, and how often two had it at a time. */
const contender = `
  import { mkdirSync, rmdirSync } from 'node:fs'
  import { StoreLock } from ${JSON.stringify(module)}
  const [, directory, mark] = process.argv
  const awake = setInterval(() => {}, 100)
  let taken = 0
  let together = 0
  const end = performance.now() + 700
  while (performance.now() < end) {
    let lock
    try {
      lock = await StoreLock.take(directory)
    } catch (error) {
      if (error.code !== 'STORE_LOCKED') throw error
      continue
    }
    taken++
    try {
      mkdirSync(mark)
      await new Promise((resolve) => setImmediate(resolve))
      rmdirSync(mark)
    } catch {
      together++
    }
    await lock.release()
  }
  clearInterval(awake)
  console.log(taken + ' ' + together)`

test('of processes that want the lock at the same time one has it', async () => {
  using folder = new StoreFolder()
  using marks = new StoreFolder()
  const results = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const options = ['--input-type=module', '-e', contender, folder.path, `${marks.path}/mark`]
      const child = spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'inherit'] })
      let text = ''
      child.stdout.on('data', (chunk) => (text += String(chunk)))
      await once(child, 'close')
      return text.trim().split(' ').map(Number)
    }),
  )
  assert.ok(
    results.every(([, together]) => together === 0),
    JSON.stringify(results),
  )
  assert.ok(results.reduce((sum, [taken]) => sum + taken, 0) > 0)
  assert.deepEqual(readdirSync(folder.path), [])
})

test('nothing is left of a lock that was released, and its socket is gone with it', async () => {
  using folder = new StoreFolder()
  const lock = await StoreLock.take(folder.path)
  assert.equal(await holderOf(folder.path), String(process.pid))
  await assert.rejects(StoreLock.take(folder.path), { code: 'STORE_LOCKED' })
  assert.deepEqual(readdirSync(folder.path), ['lock'])
  await lock.release()
  assert.equal(await holderOf(folder.path), null)
  assert.deepEqual(readdirSync(folder.path), [])
})
